"""Messages processed in sequence share a cursor and the calls of core's workers."""

import copy
from unittest.mock import Mock, patch

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo.tests import tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..context_keys import CURSOR_SESSION
from ..pipeline.cursor_session import (
    FRESH,
    LONGEST_IDLE_SECONDS,
    STABLE,
    WAKE_UP_SECONDS,
    CursorSession,
)
from .common import GatewayCase

CLOCK = "odoo.addons.mail_postmaster.pipeline.cursor_session.time.monotonic"


@tagged("post_install", "-at_install")
class TestSeries(GatewayCase):
    def opened(self, session):
        """Return the cursor of a transaction of a cursor session."""
        with session.transaction(self.env.registry, STABLE) as cr:
            return cr

    # --- The cursor -------------------------------------------------------------------

    def test_transactions_have_one_cursor_after_the_other(self):
        with CursorSession() as session:
            first = self.opened(session)
            with session.transaction(self.env.registry, FRESH) as second:
                second.cache["noted"] = True
                self.env(cr=second)["res.partner"].search([], limit=1)
            self.assertIs(first, second)
            self.assertFalse(second.closed)
            self.assertFalse(second.cache, "What was noted is over with the transaction.")
            self.assertIsNone(second.transaction, "So is what the ORM has read.")
        self.assertTrue(first.closed)

    def test_transaction_inside_another_has_a_cursor_of_its_own(self):
        with CursorSession() as session, session.transaction(self.env.registry, STABLE) as outer:
            inner = self.opened(session)
            self.assertIsNot(inner, outer)
            self.assertTrue(inner.closed)
            self.assertFalse(outer.closed)

    def test_cursor_of_a_failure_is_not_used_again(self):
        with CursorSession() as session:
            with self.assertRaises(LookupError):
                with session.transaction(self.env.registry, STABLE) as failed:
                    raise LookupError
            self.assertTrue(failed.closed)
            self.assertIsNot(self.opened(session), failed)

    def test_transaction_after_the_end_has_a_cursor_of_its_own(self):
        with CursorSession() as session:
            pass
        self.assertTrue(self.opened(session).closed)

    def test_cursor_that_was_idle_is_not_used_again(self):
        with CursorSession() as session, patch(CLOCK) as clock:
            clock.return_value = 100.0
            first = self.opened(session)
            clock.return_value += LONGEST_IDLE_SECONDS / 2
            self.assertIs(self.opened(session), first)
            clock.return_value += LONGEST_IDLE_SECONDS * 2
            self.assertIsNot(self.opened(session), first)
            self.assertTrue(first.closed)

    def test_nothing_of_a_hook_after_the_commit_is_left(self):
        ran = []
        with CursorSession() as session:
            with session.transaction(self.env.registry, STABLE) as cr:
                cr.postcommit.add(lambda: cr.execute("SELECT 1"))
                cr.postcommit.add(lambda: cr.precommit.add(lambda: ran.append("later")))
            self.assertEqual(cr.connection.get_transaction_status(), TRANSACTION_STATUS_IDLE)
            self.opened(session)
        self.assertFalse(ran)

    def test_context_with_a_series_can_be_copied(self):
        with CursorSession() as session:
            self.opened(session)
            self.assertIs(copy.deepcopy({CURSOR_SESSION: session})[CURSOR_SESSION], session)

    def test_rest_gives_the_cursor_back(self):
        with CursorSession() as session:
            cr = self.opened(session)
            session.rest()
            self.assertTrue(cr.closed)
            self.assertFalse(self.opened(session).closed)

    # --- Core's workers ---------------------------------------------------------------

    def test_one_call_in_a_second_and_none_is_lost(self):
        notify = Mock()
        with CursorSession() as session, patch(CLOCK) as clock:
            for clock.return_value in (100.0, 100.1, 100.9):
                session.wake_up(notify)
            self.assertEqual(notify.call_count, 1)
            clock.return_value = 100.0 + WAKE_UP_SECONDS
            session.wake_up(notify)
            self.assertEqual(notify.call_count, 2, "A call of this second makes up for those.")
            session.rest()
            self.assertEqual(notify.call_count, 2)
            clock.return_value += 0.1
            session.wake_up(notify)
            self.assertEqual(notify.call_count, 2)
        self.assertEqual(notify.call_count, 3, "What was put off is done at the end.")

    def test_call_that_was_put_off_does_not_wait_for_another_one(self):
        notify = Mock()
        with CursorSession() as session, patch(CLOCK) as clock:
            clock.return_value = 100.0
            session.wake_up(notify)
            session.wake_up(notify)
            self.opened(session)
            self.assertEqual(notify.call_count, 1)
            clock.return_value += WAKE_UP_SECONDS
            self.opened(session)
            self.assertEqual(notify.call_count, 2)
            self.opened(session)
        self.assertEqual(notify.call_count, 2)

    def test_call_after_the_end_is_made_at_once(self):
        notify = Mock()
        with CursorSession() as session:
            session.wake_up(notify)
        session.wake_up(notify)
        self.assertEqual(notify.call_count, 2)

    def test_call_that_fails_at_the_end_is_no_error(self):
        notify = Mock(side_effect=[None, psycopg2.OperationalError])
        with self.assertLogs("odoo.addons.mail_postmaster.pipeline.cursor_session", "WARNING"):
            with CursorSession() as session:
                session.wake_up(notify)
                session.wake_up(notify)
        self.assertEqual(notify.call_count, 2)

    def test_core_calls_once_for_many(self):
        cron = self.env.ref("mail_postmaster.ir_cron_process")
        with patch.object(IrCron, "_notifydb") as notify:
            with CursorSession() as session:
                for _number in range(3):
                    cron.with_context(**{CURSOR_SESSION: session})._notifydb()
                self.assertEqual(notify.call_count, 1)
            self.assertEqual(notify.call_count, 2)
            cron._notifydb()
            self.assertEqual(notify.call_count, 3, "Outside of a session core decides.")

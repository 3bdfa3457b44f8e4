"""Every entrance asks whether the database is on hold, and none loses or refuses a message."""

import asyncio
import logging
import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock, patch

from odoo import tools
from odoo.tests import tagged

from odoo.addons.mail_postmaster.daemon import watcher
from odoo.addons.mail_postmaster.daemon.recipients import NOBODY, RecipientLookup
from odoo.addons.mail_postmaster.pipeline.submission import LMTP, Submission
from odoo.addons.mail_postmaster.policy import guard, markers
from odoo.addons.mail_postmaster.policy.guard import COPY, OFF, OnHold

from .common import GatewayCase

CONFIRMATION, ENABLED = "mail.postmaster.database", "mail.postmaster.enabled"
LOGGER = "odoo.addons.mail_postmaster.policy.guard"
ELSEWHERE = "another@1"


@tagged("post_install", "-at_install")
class TestGuard(GatewayCase):
    def setUp(self):
        super().setUp()
        self.policy = self.env["mail.postmaster.policy"]
        self.addCleanup(guard.forget)
        self.confirmation = self.policy._parameter(CONFIRMATION)
        # A caller that has written nothing, whose separate transactions are a part of the test's.
        pipelines = type(self.pipeline)
        short, work = pipelines._short_transaction, pipelines._transaction
        self.startPatcher(
            patch.multiple(
                pipelines,
                _has_written=lambda _pipeline: False,
                _short_transaction=lambda pipeline, joins: short(pipeline, True),
                _transaction=lambda pipeline, joins: work(pipeline, True),
                _share_changes=lambda _pipeline, joins: None,
            )
        )

    def put(self, hold, is_off=False):
        """Bring the database into a state with SQL: nothing that is cached is told."""
        texts = {
            CONFIRMATION: ELSEWHERE if hold == COPY else self.confirmation,
            ENABLED: "off" if hold == OFF or is_off else "True",
        }
        for key, text in texts.items():
            self.env.cr.execute("DELETE FROM ir_config_parameter WHERE key = %s", [key])
            self.env.cr.execute(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)", [key, text]
            )

    def is_confirmed(self):
        """Return whether it is, some seconds later."""
        guard.forget()
        return self.policy._is_confirmed_database()

    def submission(self):
        return Submission(
            raw=self.mail(message_id=f"<{id(object())}.{self.log.search_count([])}@customer.test>"),
            entry_model="mail.thread",
            source=LMTP,
            recipients=("people@postmaster.test",),
        )

    def find(self, address):
        lookup = RecipientLookup(lambda: nullcontext(self.env))
        return asyncio.run(lookup.find(address))

    def test_standing_is_read_past_every_cache(self):
        for hold in (None, COPY, None, OFF, COPY, OFF, None):
            self.put(hold)
            self.assertEqual(self.policy._on_hold(), hold)
        self.put(COPY, is_off=True)
        self.assertEqual(self.policy._on_hold(), COPY)

    def test_statement_of_an_emergency(self):
        """The one printed in README.md, where the switch was used before and where it was not."""
        readme = (Path(__file__).parents[1] / "README.md").read_text()
        statement = re.search(r"```sql\n(.*?)```", readme, re.DOTALL)[1]
        self.assertIn("'False'", statement)
        for before in (None, "True", "False"):
            for after, hold in (("False", OFF), ("True", None)):
                with self.subTest(before=before, after=after):
                    self.put(None)
                    self.env.cr.execute("DELETE FROM ir_config_parameter WHERE key = %s", [ENABLED])
                    if before:
                        self.policy.env["ir.config_parameter"].set_param(ENABLED, before)
                        self.env.flush_all()
                    self.env.cr.execute(statement.replace("'False'", f"'{after}'"))
                    self.assertEqual(self.policy._on_hold(), hold)

    def test_claim(self):
        self.pipeline._take_in_batch([self.submission()])
        for hold in (COPY, OFF):
            self.put(hold)
            self.assertIsNone(self.pipeline._claim_next())
            # Workers rest, although a message is due.
            self.assertIsNone(self.pipeline._seconds_until_due())
        self.put(None)
        self.assertEqual(self.pipeline._seconds_until_due(), 0)
        self.assertTrue(self.pipeline._claim_next())

    def test_scheduled_action(self):
        self.pipeline._take_in_batch([self.submission()])
        row = self.log.search([], limit=1)
        for hold in (COPY, OFF):
            self.put(hold)
            self.pipeline._cron_process()
            self.assertEqual((row.state, row.attempts), ("received", 0))

    def test_intake_by_lmtp(self):
        before = self.log.search_count([])
        for hold in (COPY, OFF):
            self.put(hold)
            with self.assertRaisesRegex(OnHold, hold):
                self.pipeline._take_in_batch([self.submission()])
            for address in ("people@postmaster.test", "later@postmaster.test", "odd"):
                with self.assertRaises(OnHold):
                    self.find(address)
        self.assertEqual(self.log.search_count([]), before)
        self.put(None)
        self.assertEqual(self.find("later@postmaster.test"), NOBODY)

    def test_fetch(self):
        server = self.env["fetchmail.server"].create({"name": "Box", "state": "done"})
        for is_off in (False, True):
            self.put(COPY, is_off)
            with patch.object(type(server), "_connect__") as connect:
                self.assertIn("copy", str(server._fetch_mail()))
            connect.assert_not_called()

    def test_watched_mailboxes_are_let_go(self):
        server = self.env["fetchmail.server"].create(
            {"name": "Box", "state": "done", "server_type": "imap"}
        )
        process = watcher.Watcher(SimpleNamespace(database=self.env.cr.dbname), 0)
        process._locks = MagicMock()
        process.env = lambda: nullcontext(self.env)
        with patch.object(watcher, "Watch"):
            for hold in (COPY, OFF):
                self.put(None)
                process._share_out()
                watch = process._watches[server.id]
                self.put(hold)
                process._share_out()
                watch.stop.assert_called_once()
                self.assertFalse(process._watches)
                watch.stop.reset_mock()

    def test_message_process_on_a_copy_waits(self):
        """Core would refuse the second, and send a notice for the third, also when switched off."""
        addresses = ("people", "nobody", "catchall")
        for is_off in (False, True):
            self.put(COPY, is_off)
            for name in addresses:
                raw = self.mail(to=f"{name}@postmaster.test", message_id=f"<{name}{is_off}@x.test>")
                result, row = self.receive(raw)
                self.assertIs(result, False)
                self.assertEqual((row.state, row.attempts), ("received", 0))
        self.assertFalse(self.env["mail.message"].search_count([("subject", "=like", "Re: %")]))

    def test_message_that_was_stored_before_the_switch_waits(self):
        """The connection stores a batch, then core submits its messages one by one."""
        self.put(OFF)
        for row, goes_to_core in (({"id": 1}, False), (None, True)):
            with (
                patch.object(
                    type(self.pipeline), "_row_in_hand", lambda *_self, row=row, joins: row
                ),
                patch.object(type(self.pipeline), "_acknowledge") as acknowledge,
            ):
                result, stored = self.receive(self.mail(message_id=f"<{goes_to_core}@x.test>"))
            self.assertEqual(bool(result), goes_to_core)
            self.assertFalse(stored)
            # Also asked where the call reaches the adapter below the overrides.
            acknowledge.assert_called()

    def test_caller_that_has_written_gets_a_record_on_a_copy(self):
        self.put(COPY)
        with patch.object(type(self.pipeline), "_has_written", lambda _pipeline: True):
            result, row = self.receive(self.mail())
        self.assertReason(row, "delivered", "record_created")
        self.assertTrue(result)

    def test_warnings_say_how_many_wait(self):
        self.pipeline._take_in_batch([self.submission(), self.submission()])
        waiting = self.log.search_count([("state", "in", ("received", "retry"))])
        self.assertGreaterEqual(waiting, 2)
        for hold, expected in ((None, 0), (OFF, waiting), (COPY, waiting)):
            self.put(hold)
            warnings = self.log.read_warnings()
            self.assertEqual(warnings["waiting"], expected)
            self.assertEqual(warnings["is_copy"], hold == COPY)
            self.assertEqual(warnings["is_passed_through"], hold == OFF)

    def test_markers_are_looked_at_again_after_some_seconds(self):
        looks = []
        with (
            patch.object(markers, "of_files", lambda database: looks.append(database) or {}),
            patch.object(guard.time, "monotonic") as now,
        ):
            guard.forget()
            for seconds in (0, 1, 1.9, 2, 3, 4.1):
                now.return_value = 1000 + seconds
                self.policy._on_hold()
        self.assertEqual(looks, [self.env.cr.dbname] * 3)

    def test_change_is_logged_once(self):
        self.policy._on_hold()
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            for hold in (COPY, COPY, OFF, OFF, None, None):
                self.put(hold)
                self.policy._on_hold()
        self.assertEqual(
            [line.partition(":")[0] for line in logs.output], ["WARNING", "WARNING", "INFO"]
        )
        self.assertIn("name", logs.output[0])

    def test_update_records_the_markers_of_what_matches(self):
        old = self.confirmation.partition(" ")[0]
        for before, after in ((old, self.confirmation), (ELSEWHERE, ELSEWHERE), ("", None)):
            with self.subTest(before=before):
                self.set_parameter_with_sql(CONFIRMATION, before)
                self.assertEqual(self.policy._is_confirmed_database(), before == old)
                self.policy.init()
                self.assertEqual(self.policy._parameter(CONFIRMATION) or None, after)

    def test_instance_takes_the_place_of_files_and_port(self):
        with patch.dict(tools.config.options, {markers.OPTION: "berlin"}):
            self.assertTrue(self.is_confirmed())
            self.policy.confirm_database()
            self.assertRegex(
                self.policy._parameter(CONFIRMATION), r"^\S+@\d+ oid=\d+ instance=berlin$"
            )
            with patch.object(markers, "of_files", return_value={"filestore": "", "inode": None}):
                self.assertTrue(self.is_confirmed())
        self.assertFalse(self.is_confirmed())

    def test_moved_filestore_is_adopted_and_nothing_else(self):
        moved = {"filestore": "9f" * 16, "inode": "1"}
        with patch.object(markers, "of_files", lambda _database: dict(moved)):
            self.assertFalse(self.is_confirmed())
            self.policy._adopt_filestore()
            self.assertTrue(self.is_confirmed())
            self.set_parameter_with_sql(CONFIRMATION, ELSEWHERE)
            self.policy._adopt_filestore()
            self.assertFalse(self.is_confirmed())

    def test_attachments_in_the_database_need_no_filestore(self):
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        with patch.object(markers, "of_files", side_effect=AssertionError):
            self.assertTrue(self.is_confirmed())
            self.policy.confirm_database()
        self.assertNotIn("filestore", self.policy._parameter(CONFIRMATION))

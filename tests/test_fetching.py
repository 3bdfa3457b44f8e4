"""How an incoming server fetches and what it shows; dev/system has real mailboxes."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, TransactionCase, mute_logger, tagged

from odoo.addons.mail.models.fetchmail import FetchmailServer

from .common import at


@tagged("post_install", "-at_install")
class TestFetching(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["mail.postmaster.policy"]
        cls.policy.confirm_database()
        cls.policy.apply_preset("recommended")
        cls.servers = cls.env["fetchmail.server"]
        cls.servers.search([]).action_archive()
        cls.server = cls.make_server()

    @classmethod
    def make_server(cls, **values):
        return cls.servers.create(
            {
                "name": "Mailbox",
                "server_type": "imap",
                "server": "127.0.0.1",
                "port": 1,
                "user": "x",
                "password": "x",
                "state": "done",
                **values,
            }
        )

    def fetch(self, *servers, context=None, error=None, connect=None):
        """Fetch from servers whose connection fails or has no message; return those contacted."""
        asked = []

        class Empty:
            def check_unread_messages(self):
                return 0

            def retrieve_unread_messages(self):
                return iter(())

            def disconnect(self):
                pass

        def connect_of_core(server, allow_archived=False):
            asked.append(server.id)
            if error:
                raise error
            return Empty()

        pipelines = self.registry["mail.postmaster.pipeline"]
        short = pipelines._short_transaction

        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            # The cursors of a test share one connection, whose isolation level stays.
            patch.object(
                pipelines, "_short_transaction", lambda pipeline, joins: short(pipeline, True)
            ),
            patch.object(FetchmailServer, "_connect__", connect or connect_of_core),
            mute_logger("odoo.addons.mail.models"),
        ):
            ids = [server.id for server in servers]
            env = self.env(cr=cr, context={**self.env.context, **(context or {})})
            env["fetchmail.server"].browse(ids)._fetch_mail()
        self.env.invalidate_all()
        return asked

    def test_new_server_follows_the_preset(self):
        self.assertEqual(self.server.new_mail, "number")
        self.policy.apply_preset("odoo")
        self.assertEqual(self.make_server().new_mail, "unseen")

    def test_form(self):
        with Form(self.server) as form:
            form.start_from = "date"
            form.start_date = "2026-01-01"
            form.delivered_folder = "Done"
            with form.folder_ids.new() as folder:
                folder.name = " Sales "
        self.assertEqual(self.server.folder_ids.name, "Sales")
        self.servers.get_views([(False, "list"), (False, "form"), (False, "search")])
        self.servers.search([("failures", ">", 0)])
        self.servers.search([("folder_ids.is_asking", "=", True), ("start_from", "=", False)])

    def test_what_makes_no_sense(self):
        for values, message in (
            ({"start_from": "date"}, "date from which"),
            ({"start_from": "date", "start_date": "2026-01-01", "server_type": "pop"}, "POP3"),
            ({"leave_days": -1}, "0 to"),
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, message):
                with self.cr.savepoint():
                    self.server.write(values)
                    self.env.flush_all()

    def test_failures_wait_longer_and_longer(self):
        waits = []
        with at(self.env, "2026-01-01 12:00:00"):
            for _time in range(6):
                self.fetch(self.server, error=OSError("no route"))
                waits.append((self.server.next_fetch - fields.Datetime.now()).seconds // 60)
        self.assertEqual(waits, [0, 5, 15, 30, 60, 60])
        self.assertEqual(self.server.failures, 6)
        self.assertEqual(self.server.fetch_state, "failing")
        self.assertIn("no route", self.server.error_message)
        since = self.server.failing_since
        self.assertEqual(fields.Datetime.to_string(since), "2026-01-01 12:00:00")
        # One translatable sentence, in the time zone of the reader.
        note = self.server.with_context(tz="Asia/Tokyo").failing_note
        self.assertRegex(
            note, r"since \S+ 9:00.PM \(attempts: 6\)\. .*next attempt is at \S+ 10:00.PM\.$"
        )
        self.server.next_fetch = False
        self.assertRegex(self.server.failing_note, r"\(attempts: 6\)\.$")

    def test_scheduled_action_leaves_a_failing_server_alone(self):
        cron = {"cron_id": self.env.ref("mail.ir_cron_mail_gateway_action").id}
        self.server.next_fetch = fields.Datetime.now() + timedelta(minutes=5)
        self.assertEqual(self.fetch(self.server, context=cron), [])
        # A user who fetches manually is not told to wait.
        self.assertEqual(self.fetch(self.server), [self.server.id])
        self.assertFalse(self.server.next_fetch)
        self.assertEqual(self.fetch(self.server, context=cron), [self.server.id])

    def test_success_after_failures(self):
        self.fetch(self.server, error=OSError("no route"))
        self.fetch(self.server)
        self.assertEqual(self.server.failures, 0)
        self.assertFalse(self.server.failing_since)
        self.assertFalse(self.server.failing_note)
        self.assertTrue(self.server.last_success)
        self.assertEqual(self.server.fetch_state, "working")

    def test_who_fails_for_days(self):
        """Core switches it off; a server where messages are new by number is tried again."""
        as_odoo = self.make_server(new_mail="unseen")
        long_ago = fields.Datetime.now() - timedelta(days=6)
        (self.server + as_odoo).write({"error_date": long_ago, "failing_since": long_ago})
        with mute_logger("odoo.addons.base.models.ir_cron"):
            self.fetch(self.server, as_odoo, error=OSError("no route"))
        self.assertEqual(self.server.state, "done")
        self.assertEqual(as_odoo.state, "draft")
        self.assertGreater(self.server.error_date, long_ago)
        self.assertEqual(self.server.failing_since, long_ago)

    def test_who_was_asked_longest_ago_comes_first(self):
        now = fields.Datetime.now()
        late = self.make_server(date=now)
        early = self.make_server(date=now - timedelta(hours=1))
        never = self.make_server(priority=99)
        self.assertEqual(
            self.fetch(late, early, never),
            [never.id, early.id, late.id],
        )

    def test_fetch_that_never_ended_is_a_failure(self):
        """Its process was killed: the server is neither the first one nor shown as working."""
        now = fields.Datetime.now()
        other = self.make_server(date=now - timedelta(hours=1))
        self.server.write({"date": now - timedelta(hours=2), "failures": 1})
        folder = self.env["mail.postmaster.folder"].create(
            {"server_id": self.server.id, "asked_at": now - timedelta(minutes=1)}
        )
        cron = {"cron_id": self.env.ref("mail.ir_cron_mail_gateway_action").id}
        self.assertEqual(self.fetch(self.server, other, context=cron), [other.id])
        self.assertEqual((self.server.failures, self.server.fetch_state), (2, "failing"))
        self.assertEqual(self.server.failing_since, self.server.date)
        self.assertGreater(self.server.next_fetch, now)
        self.assertIn("stopped before it ended", self.server.error_message)
        self.assertFalse(folder.asked_at)
        # A user who fetches manually is not told to wait; the other one was asked before.
        self.assertEqual(self.fetch(self.server, other), [self.server.id, other.id])
        self.assertEqual((self.server.failures, self.server.fetch_state), (0, "working"))

    def test_start_of_a_fetch_is_recorded_while_it_runs(self):
        seen = []

        class Watching(OSError):
            def __init__(self, server):
                seen.extend(server.folder_ids.mapped("asked_at"))

        def connect_of_core(server, allow_archived=False):
            self.env.invalidate_all()
            raise Watching(self.server)

        self.fetch(self.server, connect=connect_of_core)
        self.assertEqual(len([moment for moment in seen if moment]), 1)
        self.assertEqual(self.server.folder_ids.mapped("asked_at"), [False])

    def test_another_rule_forgets_how_far_a_folder_was_read(self):
        folder = self.env["mail.postmaster.folder"].create({"server_id": self.server.id})
        read = {"uidvalidity": 2**32 - 1, "next_uid": 9}
        folder.write(read)
        self.server.new_mail = "number"
        self.assertEqual((folder.uidvalidity, folder.next_uid), (2**32 - 1, 9))
        self.server.new_mail = "unseen"
        self.assertEqual((folder.uidvalidity, folder.next_uid), (0, 1))
        folder.write(read)
        folder.name = "Other"
        self.assertEqual((folder.uidvalidity, folder.next_uid), (0, 1))

    def test_states(self):
        folder = self.env["mail.postmaster.folder"].create(
            {
                "server_id": self.server.id,
                "uidvalidity": 1,
                "contact_uid": 200,
                "is_asking": True,
            }
        )
        self.assertEqual(self.server.fetch_state, "asking")
        self.server.action_start_all()
        folder.write({"is_asking": False, "next_uid": 50})
        self.assertEqual(self.server.fetch_state, "importing")
        self.assertEqual(self.server.import_progress, 25)
        self.assertEqual(self.server.copy().fetch_state, False)

"""Who is told, and when, that nothing comes from a mailbox any longer."""

from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase, new_test_user, tagged

from ..fetching.outages import ACTIVITY
from ..gateway.mailbox.outage import FAILING, UNASKED
from ..policy.settings import OUTAGE_MINUTES, RESPONSIBLE

OUTAGE = "mail.postmaster.outage"


@tagged("post_install", "-at_install")
class TestOutages(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].confirm_database()
        cls.env["fetchmail.server"].search([]).active = False
        cls.user = new_test_user(
            cls.env, "on_call", groups="base.group_user,mail_postmaster.group_admin"
        )
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.parameters.set_param(RESPONSIBLE, cls.user.id)
        cls.server = cls.make_server("Info")

    @classmethod
    def make_server(cls, name, **values):
        return cls.env["fetchmail.server"].create(
            {"name": name, "server_type": "imap", "state": "done", "new_mail": "number", **values}
        )

    def since(self, server=None, **minutes):
        """Set the moments of a server, in minutes before now; None for none."""
        server = server or self.server
        for name in ("date", "write_date", "last_success", "failing_since"):
            value = minutes.get(name)
            moment = None if value is None else fields.Datetime.now() - timedelta(minutes=value)
            server.flush_recordset()
            self.env.cr.execute(
                f"UPDATE fetchmail_server SET {name} = %s, failures = %s WHERE id = %s",
                [moment, int(minutes.get("failing_since") is not None), server.id],
            )
        server.invalidate_recordset()

    def tell(self):
        """Run the scheduled action; return the messages that the responsible user got."""
        before = self.messages()
        self.env[OUTAGE]._cron_tell()
        return (self.messages() - before).mapped("subject")

    def messages(self):
        return self.env["mail.message"].search([("partner_ids", "in", self.user.partner_id.ids)])

    def activities(self):
        return self.env["mail.activity"].search(
            [("activity_type_id", "=", self.env.ref(ACTIVITY).id), ("user_id", "=", self.user.id)]
        )

    def test_one_outage_is_told_once_and_its_end_once(self):
        self.since(date=1, write_date=1, failing_since=59)
        self.assertEqual(self.tell(), [])
        self.since(date=1, write_date=1, failing_since=61)
        self.assertEqual(self.tell(), ["No messages come from Info"])
        self.assertEqual(self.activities().mapped("summary"), ["No messages come from Info"])
        self.assertIn("Fetching has been failing since", self.activities().note)
        self.assertEqual(self.tell(), [])
        self.assertEqual(len(self.activities()), 1)
        found = self.env[OUTAGE].search([])
        self.assertEqual((found.server_id, found.kind), (self.server, FAILING))
        # It does not fail any longer, and has not succeeded since the alarm.
        self.since(date=0, write_date=0, last_success=120)
        self.assertEqual(self.tell(), [])
        self.since(date=0, write_date=0, last_success=-1)
        self.assertEqual(self.tell(), ["Messages come from Info again"])
        self.assertFalse(self.activities())
        self.assertTrue(found.ended_at)
        self.assertEqual(self.tell(), [])
        # The next one is another one.
        self.since(date=1, write_date=1, failing_since=61)
        self.assertEqual(self.tell(), ["No messages come from Info"])
        self.assertEqual(len(self.env[OUTAGE].search([])), 2)

    def test_nobody_fetches(self):
        self.since(date=59, write_date=59, last_success=59)
        self.assertEqual(self.tell(), [])
        self.assertEqual(self.server.fetch_state, "working")
        self.since(date=61, write_date=61, last_success=61)
        self.assertEqual(self.server.fetch_state, "stopped")
        self.assertIn("Nothing has been fetched from this server since", self.server.failing_note)
        self.assertEqual(self.tell(), ["No messages come from Info"])
        self.assertIn("No fetch has been started since", self.activities().note)
        self.assertEqual(self.env[OUTAGE].search([]).kind, UNASKED)

    def test_a_fetch_that_has_begun_is_no_outage(self):
        folder = self.env["mail.postmaster.folder"].create({"server_id": self.server.id})
        self.since(date=600, write_date=600, last_success=600)
        folder.asked_at = fields.Datetime.now()
        self.assertEqual(self.tell(), [])
        self.assertEqual(self.server.fetch_state, "working")

    def test_a_server_that_was_just_set_up_has_time(self):
        self.since(write_date=1)
        self.assertEqual(self.tell(), [])
        self.assertFalse(self.server.fetch_state)
        self.since(write_date=61)
        self.assertEqual(self.tell(), ["No messages come from Info"])

    def test_only_servers_that_are_fetched_from(self):
        for values in (
            {"state": "draft"},
            {"active": False},
            {"server_type": "local"},
            {"new_mail": "unseen"},
        ):
            server = self.make_server("Other", **values)
            self.since(server, date=999, write_date=999, failing_since=999)
            self.assertNotIn("No messages come from Other", self.tell(), values)

    def test_a_server_that_is_no_longer_used_needs_no_attention(self):
        self.since(date=1, write_date=1, failing_since=61)
        self.tell()
        self.server.active = False
        self.assertEqual(self.tell(), [])
        self.assertFalse(self.activities())
        self.assertTrue(self.env[OUTAGE].search([]).ended_at)

    def test_patience_is_a_setting(self):
        self.parameters.set_param(OUTAGE_MINUTES, "600")
        self.since(date=599, write_date=599, last_success=599)
        self.assertEqual(self.tell(), [])
        self.since(date=601, write_date=601, last_success=601)
        self.assertEqual(self.tell(), ["No messages come from Info"])

    def test_copies_tell_nobody(self):
        self.parameters.set_param("mail.postmaster.database", "another")
        self.since(date=1, write_date=1, failing_since=61)
        self.assertEqual(self.tell(), [])

    def test_without_a_user_or_an_activity_type(self):
        self.env.ref(ACTIVITY).unlink()
        self.since(date=1, write_date=1, failing_since=61)
        self.assertEqual(self.tell(), ["No messages come from Info"])
        self.assertTrue(self.env[OUTAGE].search([]).activity_id)

    def test_an_activity_that_is_done_does_not_come_again(self):
        self.since(date=1, write_date=1, failing_since=61)
        self.tell()
        self.activities().action_feedback()
        self.assertEqual(self.tell(), [])
        self.assertFalse(self.activities())
        self.since(date=0, write_date=0, last_success=-1)
        self.assertEqual(self.tell(), ["Messages come from Info again"])

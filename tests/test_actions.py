"""The buttons of a received message, and of several in the list."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .screens_common import DOMAIN, ParkedMailCase, raw_mail


@tagged("post_install", "-at_install")
class TestActions(ParkedMailCase):
    def test_process_again(self):
        self.assertEqual(self.mail.reason_code, "failed")
        self.repair()
        self.assertTrue(self.as_admin(self.mail).action_process_again())
        self.assertEqual((self.mail.state, self.mail.reason_code), ("delivered", "record_created"))
        self.assertEqual(self.mail.delivery_ids.record_name, "Hello")
        action = self.mail.delivery_ids.action_open_record()
        self.assertEqual(self.env[action["res_model"]].browse(action["res_id"]).name, "Hello")

    def test_process_again_many(self):
        others = self.mail
        for number in range(3):
            others |= self.receive(raw_mail(f"broken@{DOMAIN}", f"Mail {number}"))
        self.repair()
        self.as_admin(others).action_process_again()
        self.assertEqual(set(others.mapped("reason_code")), {"record_created"})
        # The dialog for several messages skips those that are done.
        params = self.as_admin(others).action_process_selected()["params"]
        self.assertEqual(params, {"kinds": {}, "skipped": 4})

    def receive_one_of_each(self):
        """Return a message of each kind: parked, refused, repeated, ignored, delivered."""
        self.make_alias("people")
        self.make_alias("closed", alias_contact="partners")
        refused = self.receive(raw_mail(f"closed@{DOMAIN}", "Refused"))
        delivered, repeated = (
            self.receive(raw_mail(f"people@{DOMAIN}", "Twice")) for _copy in range(2)
        )
        ignored = self.receive(raw_mail(subject="Ignored"))
        self.as_admin(ignored).action_ignore()
        mails = self.mail + refused + repeated + ignored + delivered
        self.assertEqual(
            mails.mapped("state"),
            ["parked", "refused", "ignored", "ignored", "delivered"],
        )
        return mails

    def test_process_many_asks_about_what_is_settled(self):
        mails = self.receive_one_of_each()
        parked, refused, repeated, ignored, _delivered = mails
        params = self.as_admin(mails).action_process_selected()["params"]
        self.assertEqual(
            params,
            {
                "kinds": {
                    "waiting": parked.ids,
                    "refused": refused.ids,
                    "repeated": repeated.ids,
                    "ignored": ignored.ids,
                },
                "skipped": 1,
            },
        )
        self.repair()
        self.assertEqual(self.as_admin(mails).process_selected(), {"delivered": 1, "skipped": 4})
        self.assertEqual(parked.state, "delivered")
        self.assertEqual(
            (refused.state, repeated.reason_code, ignored.reason_code),
            ("refused", "duplicate", "ignored_by_hand"),
        )
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Twice")]), 1)
        counts = self.as_admin(mails).process_selected(["waiting", "refused", "repeated"])
        self.assertEqual(counts, {"delivered": 2, "skipped": 3})
        self.assertEqual(ignored.state, "ignored")

    def test_process_many_goes_on_when_some_were_settled_meanwhile(self):
        other = self.receive(raw_mail(f"broken@{DOMAIN}", "Other"))
        self.repair()
        self.as_admin(self.mail).action_process_again()
        gone = self.receive(raw_mail(subject="Gone"))
        gone.unlink()
        counts = self.as_admin(self.mail).process_selected()
        self.assertEqual(counts, {"skipped": 1})
        counts = self.as_admin(self.mail + gone + other).process_selected()
        self.assertEqual(counts, {"delivered": 1, "skipped": 2})

    def test_delivered_is_not_processed_again(self):
        self.repair()
        self.as_admin(self.mail).action_process_again()
        with self.assertRaisesRegex(UserError, "they were delivered"):
            self.as_admin(self.mail).action_process_again()
        with self.assertRaisesRegex(UserError, "delivered message cannot be ignored"):
            self.as_admin(self.mail).action_ignore()

    def test_ignore(self):
        self.as_admin(self.mail).action_ignore()
        self.assertEqual(self.mail.reason, f"Ignored by {self.admin.name}.")
        self.assertEqual(self.mail.state, "ignored")
        self.assertEqual(self.mail.delivery_ids.mapped("state"), ["ignored"])
        self.as_admin(self.mail).action_ignore()
        self.repair()
        self.as_admin(self.mail).action_process_again()
        self.assertEqual(self.mail.state, "delivered")

    def test_open_what_is_not_there(self):
        with self.assertRaisesRegex(UserError, "deleted"):
            self.mail.delivery_ids.action_open_record()
        self.assertEqual(self.mail.delivery_ids.action_open_alias()["res_id"], self.alias.id)
        self.mail.delivery_ids.alias_id = False
        with self.assertRaisesRegex(UserError, "did not use an alias"):
            self.mail.delivery_ids.action_open_alias()

    def test_from_message_to_mail_and_back(self):
        self.repair()
        self.as_admin(self.mail).action_process_again()
        message = self.mail.delivery_ids.mail_message_id
        self.assertEqual(message.message_type, "email")
        action = self.as_admin(self.env["mail.postmaster.message"]).action_open_received(message.id)
        self.assertEqual(action["res_id"], self.mail.id)
        with self.assertRaisesRegex(UserError, "no longer in the log"):
            self.as_admin(self.env["mail.postmaster.message"]).action_open_received(0)

"""Our own notifications that come back to an alias under another Message-Id."""

from email.utils import formataddr

from odoo.tests import new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase

PROVIDERS = {
    "ses": "Message-Id: <0102018f5-{number}@eu-west-1.amazonses.com>\r\nFeedback-ID: 1.x:AmazonSES",
    "mailjet": "Message-Id: <{number}.a1b2@mailjet.com>\r\nX-MJ-Mid: {number}",
    "exchange": "Message-Id: <AM0P{number}@AM0P.eurprd05.prod.outlook.com>\r\n"
    "X-Microsoft-Original-Message-ID: {original}",
    "postmark": "Message-Id: <{number}@mtasv.net>\r\nX-PM-Message-Id: {number}",
}
OWN = "own_notification"


@tagged("post_install", "-at_install")
class TestOwnNotifications(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.domain.default_from = "notifications"
        cls.seller = new_test_user(cls.env, "seller", email="seller@postmaster.test")
        cls.record = cls.env["res.partner"].create({"name": "Talk", "email": "jane@customer.test"})
        cls.follower = cls.env["res.partner"].create(
            {"name": "Follower", "email": "people@postmaster.test"}
        )
        cls.record.message_subscribe(cls.follower.ids)
        cls.number = 0

    # --- what is sent, and how it comes back ---------------------------------------------

    def send(self, kind, record=None):
        """Return the values of the email that a notification of some kind becomes."""
        record = record or self.record
        sender = record.with_user(self.seller).sudo()
        with self.mock_mail_gateway():
            if kind == "assignment":
                sender.message_notify(
                    partner_ids=self.follower.ids, body="It is yours.", subject="Assigned"
                )
            else:
                sender.message_post(
                    body="Hello",
                    message_type="comment" if kind != "automatic" else "auto_comment",
                    partner_ids=self.follower.ids,
                    subtype_xmlid="mail.mt_note" if kind == "note" else "mail.mt_comment",
                )
            return next(
                mail for mail in self._mails if "people@postmaster" in str(mail["email_to"])
            )

    def come_back(
        self, sent, provider=None, sender=None, return_path="bounce@provider.test", **own
    ):
        """Return an email of ours as it arrives at an alias through a provider."""
        type(self).number += 1
        objects = own.pop("objects", sent["headers"].get("X-Odoo-Objects"))
        lines = [
            f"Return-Path: <{return_path}>",
            f"From: {sender or sent['email_from']}",
            "To: people@postmaster.test",
            f"Subject: {sent['subject']}",
            f"Date: {self.date_field}",
            f"References: {own.pop('references', sent['references'])}",
        ]
        if objects:
            lines.append(f"X-Odoo-Objects: {objects}")
        written = PROVIDERS.get(provider, "Message-Id: <{number}@far.test>")
        lines.append(written.format(number=self.number, original=sent["message_id"]))
        return ("\r\n".join(lines) + f"\r\n\r\n{sent['body']}\r\n").encode()

    def assertOwn(self, raw):
        before = self.env["mail.message"].search_count([])
        row = self.receive(raw)[1]
        self.assertReason(row, "ignored", OWN)
        self.assertStep(row, "own_message")
        self.assertEqual(self.env["mail.message"].search_count([]), before)
        return row

    # --- ours ----------------------------------------------------------------------------

    def test_each_provider_and_kind(self):
        author = formataddr(("Seller", "seller@postmaster.test"))
        for kind in ("comment", "note", "assignment", "automatic"):
            sent = self.send(kind)
            for provider in PROVIDERS:
                for sender, objects in (
                    (author, True),
                    ('"Seller" <notifications@postmaster.test>', True),
                    ('"Seller" <notifications@postmaster.test>', False),
                    ("bounce@postmaster.test", False),
                    # The provider has put the address of its account there.
                    ("account@provider.test", True),
                ):
                    with self.subTest(kind=kind, provider=provider, sender=sender, objects=objects):
                        without = {} if objects else {"objects": ""}
                        self.assertOwn(self.come_back(sent, provider, sender, **without))

    def test_return_path_is_ours(self):
        sent = self.send("comment")
        raw = self.come_back(
            sent, sender="x@y.test", return_path="bounce@postmaster.test", objects="", references=""
        )
        self.assertOwn(raw)

    def test_it_can_be_processed(self):
        row = self.assertOwn(self.come_back(self.send("comment"), "ses"))
        self.assertEqual(row.release_kind, "ignored")
        row.action_process_again()
        self.assertEqual(row.state, "delivered")

    def test_core_decides_under_its_preset(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        row = self.receive(self.come_back(self.send("comment"), "ses"))[1]
        self.assertReason(row, "delivered", "reply_posted")

    # --- not ours ------------------------------------------------------------------------

    def test_not_ours(self):
        sent = self.send("comment")
        ours = sent["references"].split()[-1]
        for name, fields in {
            "a customer replies": {"sender": "jane@customer.test", "objects": ""},
            "a person forwards it": {"sender": "paul@customer.test", "objects": ""},
            "a colleague forwards it": {"sender": "seller@postmaster.test", "objects": ""},
            "another database replies": {
                "sender": "odoo@elsewhere0.test",
                "objects": "helpdesk.ticket-5",
                "references": f"{ours} <17@elsewhere.test>",
            },
            "another database has a record with this number": {
                "sender": "odoo@elsewhere1.test",
                "references": f"{ours} <17@elsewhere.test>",
            },
            "an older database, which names only our message": {
                "sender": "odoo@elsewhere2.test",
                "objects": "helpdesk.ticket-5",
                "references": ours,
            },
            "another database with the same address": {
                "sender": "notifications@postmaster.test",
                "objects": "helpdesk.ticket-5",
                "references": "<19@elsewhere.test>",
            },
            "another database writes first": {
                "sender": "odoo@elsewhere3.test",
                "references": "<18@elsewhere.test>",
            },
        }.items():
            with self.subTest(name):
                row = self.receive(self.come_back(sent, **fields))[1]
                self.assertEqual(row.state, "delivered", (row.reason_code, row.error))

    def test_report_is_not_ours(self):
        """A mail server may write its reports from the bounce address."""
        raw = self.eml("delivery_failed").replace(
            b"From: ", b"From: Mail Delivery <bounce@postmaster.test>\r\nX-From: ", 1
        )
        self.assertNotEqual(self.receive(raw)[1].reason_code, OWN)

    def test_people_who_write_from_the_default_address(self):
        """The address of a company is used by people, also if notifications come from it."""
        self.domain.default_from = "info"
        self.env.company.email = "info@postmaster.test"
        row = self.receive(self.mail(sender="Info <info@postmaster.test>"))[1]
        self.assertReason(row, "delivered", "record_created")
        self.assertOwn(self.come_back(self.send("comment"), "ses", "info@postmaster.test"))

"""The return path that identifies the message coming back."""

from odoo.tests import tagged

from odoo.addons.base.tests.common import MockSmtplibCase

from .reports_common import JANE, ReportsCase

PLAIN = "bounce@postmaster.test"


@tagged("post_install", "-at_install")
class TestReturnPath(ReportsCase, MockSmtplibCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("mail.postmaster.return_path", "signed")
        self.env["ir.mail_server"].search([]).unlink()
        self.server = self.env["ir.mail_server"].create(
            {
                "name": "Out",
                "smtp_host": "localhost",
                "from_filter": "postmaster.test",
            }
        )

    def envelope_sender(self, **values):
        """Return ``(message, envelope sender)`` of a message to Jane."""
        with self.mock_smtplib_connection():
            message = self.record.message_post(
                body="Our offer",
                partner_ids=self.jane.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                mail_auto_delete=False,
                email_from="sales@postmaster.test",
            )
            message.mail_ids.filtered(lambda mail: mail.state == "outgoing").send()
        [email] = self.emails
        return message, email["smtp_from"]

    def test_it_names_the_message(self):
        message, sender = self.envelope_sender()
        self.assertRegex(sender, rf"^bounce\+{message.id}-[0-9a-f]{{10}}@postmaster\.test$")

    def test_it_finds_the_message_when_the_message_id_was_replaced(self):
        message, sender = self.envelope_sender()
        raw = self.report(
            "postfix_two_failed",
            self.env["mail.message"],
            replace=((PLAIN.encode(), sender.encode()),),
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "delivered", "report_recorded")
        self.assertEqual(message.notification_ids.notification_status, "bounce")
        [step] = [step for step in row.trace if step["step"] == "report_original"]
        self.assertEqual(step["params"]["source"], "return path")

    def test_it_proves_that_the_mail_was_forwarded(self):
        """The only recipient is meant, whatever address the report names."""
        message, sender = self.envelope_sender()
        raw = self.delivery_report("<replaced@example.net>", "elsewhere@example.net")
        _result, row = self.receive(raw.replace(PLAIN.encode(), sender.encode()))
        self.assertReason(row, "delivered", "report_recorded")
        self.assertEqual(message.notification_ids.notification_status, "bounce")
        self.assertEqual(
            self.env["mail.postmaster.bounce"].search([]).mapped("address"),
            [JANE],
        )

    def test_it_proves_nothing_about_another_message(self):
        other = self.send(self.john)
        message, sender = self.envelope_sender()
        raw = self.delivery_report(other.message_id, "elsewhere@example.net")
        self.receive(raw.replace(PLAIN.encode(), sender.encode()))
        self.assertEqual(other.notification_ids.notification_status, "sent")
        self.assertEqual(message.notification_ids.notification_status, "bounce")

    def test_nobody_can_invent_one(self):
        for token in (f"{self.sent.id}-0000000000", f"{self.sent.id}-", "9" * 30, "0-0123456789"):
            with self.subTest(token=token):
                raw = self.report(
                    "postfix_delayed",
                    self.env["mail.message"],
                    replace=(
                        (PLAIN.encode(), f"bounce+{token}@postmaster.test".encode()),
                        (b"<postfix_delayed", f"<{token}.postfix_delayed".encode()),
                    ),
                )
                _result, row = self.receive(raw)
                self.assertReason(row, "ignored", "report_unmatched")

    def test_a_server_for_one_address_keeps_it(self):
        """It would replace any other address by the author's, which then gets the bounces."""
        self.server.from_filter = f"{PLAIN}, sales@postmaster.test"
        _message, sender = self.envelope_sender()
        self.assertEqual(sender, PLAIN)

    def test_off(self):
        for key in ("mail.postmaster.return_path", "mail.postmaster.subaddressing"):
            with self.subTest(key=key):
                self.env["mail.postmaster.policy"].apply_preset("recommended")
                self.env["ir.config_parameter"].set_param(key, False)
                self.assertEqual(self.envelope_sender()[1], PLAIN)

    def test_an_address_that_would_be_too_long(self):
        self.domain.bounce_alias = "b" * 50
        self.assertEqual(self.envelope_sender()[1], f"{'b' * 50}@postmaster.test")

    def test_reported_by_a_service_that_replaces_the_message_id(self):
        message, sender = self.envelope_sender()
        raw = self.report("ses_complaint", replace=((PLAIN.encode(), sender.encode()),))
        _result, row = self.receive(raw)
        self.assertReason(row, "delivered", "complaint_recorded")
        self.assertEqual(row.delivery_ids.mail_message_id, message)
        self.assertTrue(self.env["mail.blacklist"].search([("email", "=", JANE)]))

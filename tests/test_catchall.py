"""Messages to the catchall: a notice, or a record if the incoming server says so."""

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestCatchall(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.server = cls.env["fetchmail.server"].create(
            {
                "name": "Everything",
                "object_id": cls.env["ir.model"]._get_id("res.partner"),
            }
        )

    def fetch(self, raw):
        before = self.log.search([], limit=1).id or 0
        with self.mock_mail_gateway():
            self.env["mail.thread"].with_context(
                default_fetchmail_server_id=self.server.id,
            ).message_process("res.partner", raw)
            answers = list(self._mails)
        return self.log.search([("id", ">", before)], limit=1), answers

    def to_catchall(self, number):
        return self.mail(
            to="catchall@postmaster.test",
            message_id=f"<{number}@x>",
            subject=f"Mail {number}",
        )

    def test_fallback_comes_after_the_answer_unless_it_is_told(self):
        row, answers = self.fetch(self.to_catchall(1))
        self.assertReason(row, "refused", "catchall")
        self.assertEqual(len(answers), 1)
        self.server.fallback_takes_catchall = True
        row, answers = self.fetch(self.to_catchall(2))
        self.assertReason(row, "delivered", "fallback_created")
        self.assertStep(row, "fallback_takes_catchall")
        self.assertFalse(answers)
        # Without a model, there is nothing to create.
        self.server.object_id = False
        row, answers = self.fetch(self.to_catchall(3))
        self.assertReason(row, "refused", "catchall")

    def test_alias_and_answer_come_before_the_fallback(self):
        self.server.fallback_takes_catchall = True
        row, _answers = self.fetch(
            self.mail(
                to="catchall@postmaster.test",
                headers="\r\nCc: people@postmaster.test",
            )
        )
        self.assertReason(row, "delivered", "record_created")
        partner = self.env["res.partner"].create({"name": "Talk", "email": "jane@customer.test"})
        question = partner.message_post(body="x", message_type="comment")
        row, _answers = self.fetch(
            self.mail(
                to="catchall@postmaster.test",
                message_id="<4@x>",
                headers=f"\r\nIn-Reply-To: {question.message_id}",
            )
        )
        self.assertReason(row, "delivered", "reply_posted")

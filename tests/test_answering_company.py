"""Notices come from the company the message was for, in the sender's language."""

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from ..policy.settings import AUTHSERV
from .common import GatewayCase
from .identity_common import JANE, SERVER, passed


@tagged("post_install", "-at_install")
class TestAnsweringCompany(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.other_domain = cls.env["mail.alias.domain"].create(
            {
                "name": "branch.test",
                "bounce_alias": "bounce",
                "catchall_alias": "catchall",
            }
        )
        cls.branch = cls.env["res.company"].create(
            {
                "name": "Branch",
                "email": "office@branch.test",
                "alias_domain_id": cls.other_domain.id,
            }
        )

    def answer_to(self, raw):
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            (answer,) = self._mails
        return row, answer

    def assertFromBranch(self, row, answer):
        self.assertEqual(row.company_id, self.branch)
        self.assertIn("bounce@branch.test", answer["email_from"])

    def test_catchall(self):
        row, answer = self.answer_to(self.mail(to="catchall@branch.test"))
        self.assertReason(row, "refused", "catchall")
        self.assertFromBranch(row, answer)
        self.assertIn("office@branch.test", answer["reply_to"])
        self.assertIn("The Branch team", answer["body"])
        self.assertIn("jane@customer.test", answer["body"])

    def test_former_catchall(self):
        self.other_domain.name = "office.test"
        row, answer = self.answer_to(self.mail(to="catchall@branch.test"))
        self.assertReason(row, "refused", "catchall")
        self.assertEqual(row.company_id, self.branch)
        self.assertIn("bounce@office.test", answer["email_from"])
        self.assertIn("catchall@office.test", answer["body"])

    def test_alias_of_a_company(self):
        self.make_alias(
            "team",
            "res.partner",
            alias_domain_id=self.other_domain.id,
            alias_contact="partners",
        )
        row, answer = self.answer_to(self.mail(to="team@branch.test"))
        self.assertReason(row, "refused", "alias_security")
        self.assertFromBranch(row, answer)
        self.assertIn("office@branch.test", answer["body"])

    def test_alias_that_is_refused(self):
        self.make_alias(
            "team",
            "res.partner",
            alias_domain_id=self.other_domain.id,
            alias_mode="refuse",
        )
        self.assertFromBranch(*self.answer_to(self.mail(to="team@branch.test")))

    def test_loop(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 1)
        self.make_alias("team", "res.partner", alias_domain_id=self.other_domain.id)
        raw = self.mail(to="team@branch.test", message_id="<first@x>")
        self.receive(raw)
        row, answer = self.answer_to(raw.replace(b"<first@x>", b"<second@x>"))
        self.assertReason(row, "refused", "sender_limit")
        self.assertFromBranch(row, answer)

    def test_language_of_the_sender(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["res.partner"].create(
            {
                "name": "Jane",
                "email": "jane@customer.test",
                "lang": "fr_FR",
            }
        )
        self.alias.alias_mode = "refuse"
        self.alias.alias_refusal = "<p>Please write elsewhere.</p>"
        self.alias.with_context(lang="fr_FR").alias_refusal = "<p>Merci d'écrire ailleurs.</p>"
        _row, answer = self.answer_to(self.mail())
        self.assertIn("Merci d'écrire ailleurs.", answer["body"])

    def test_long_mail_is_quoted_in_part(self):
        self.env["ir.config_parameter"].set_param(AUTHSERV, SERVER)
        raw = self.mail(to="catchall@branch.test") + b"Lorem ipsum dolor. " * 500
        _row, answer = self.answer_to(passed(JANE) + raw)
        self.assertIn("Lorem ipsum", answer["body"])
        self.assertLess(len(answer["body"]), 3000)

    def test_same_as_odoo_answers_for_the_main_company(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        _row, answer = self.answer_to(self.mail(to="catchall@branch.test"))
        self.assertNotIn("branch.test", answer["email_from"])

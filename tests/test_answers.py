"""Notices to senders: once a day for each reason, with a null sender, in a few words."""

from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestAnswers(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")

    def answers_to(self, **fields):
        fields.setdefault("to", "catchall@postmaster.test")
        fields.setdefault("message_id", f"<{len(self.log.search([]))}@answers>")
        fields.setdefault("subject", f"Subject {len(self.log.search([]))}")
        with self.mock_mail_gateway():
            _result, self.row = self.receive(self.mail(**fields))
            return list(self._mails)

    def test_once_a_day_for_each_reason(self):
        self.make_alias("friends", "res.partner", alias_contact="partners")
        self.assertEqual(len(self.answers_to()), 1)
        self.assertFalse(self.answers_to())
        self.assertStep(self.row, "answer", hit=False)
        self.assertEqual(len(self.answers_to(to="friends@postmaster.test")), 1)
        self.assertFalse(self.answers_to(to="friends@postmaster.test"))
        self.assertEqual(len(self.answers_to(sender="john@customer.test")), 1)
        self.env.cr.execute("UPDATE mail_postmaster_quota SET at = at - interval '1 day'")
        self.assertEqual(len(self.answers_to()), 1)

    def test_nothing_else_after_the_notice_of_a_limit(self):
        """A program that replies to everything would otherwise get a notice of each kind."""
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 1)
        self.assertFalse(self.answers_to(to="people@postmaster.test"))
        self.assertEqual(len(self.answers_to(to="people@postmaster.test")), 1)
        self.assertFalse(self.answers_to())
        self.assertReason(self.row, "refused", "catchall")
        self.assertEqual(len(self.answers_to(sender="john@customer.test")), 1)
        self.env.cr.execute("UPDATE mail_postmaster_quota SET at = at - interval '2 hours'")
        self.assertEqual(len(self.answers_to()), 1)

    def test_answers_to_it_go_to_the_company(self):
        self.env.company.email = "office@postmaster.test"
        self.alias.alias_mode = "refuse"
        [answer] = self.answers_to(to=self.alias.display_name)
        self.assertEqual(answer["reply_to"], "office@postmaster.test")

    def test_marked_as_automatic_and_from_nobody(self):
        [answer] = self.answers_to(subject="Printer")
        self.assertEqual(answer["headers"]["Auto-Submitted"], "auto-replied")
        self.assertEqual(answer["headers"]["Return-Path"], "<>")
        self.assertEqual(answer["subject"], "Re: Printer")
        self.assertIn("I would like to know more.", answer["body"])

    def test_not_for_old_mail(self):
        old = format_datetime(datetime.now(timezone.utc) - timedelta(hours=25))
        self.assertFalse(self.answers_to(date=old))
        self.assertReason(self.row, "refused", "catchall")
        self.env["ir.config_parameter"].set_param("mail.postmaster.answer.hours", 48)
        self.assertEqual(len(self.answers_to(date=old)), 1)

    def test_null_sender_where_the_server_takes_it(self):
        servers = self.env["ir.mail_server"]
        for takes, expected in [(True, ""), (False, "bounce@postmaster.test")]:
            message = EmailMessage()
            message["From"] = "MAILER-DAEMON <bounce@postmaster.test>"
            message["To"] = "jane@customer.test"
            message["Return-Path"] = "<>"
            session = type("Session", (), {"takes_null_sender": takes})()
            with self.subTest(takes=takes):
                smtp_from, recipients, _message = servers._prepare_email_message__(message, session)
                self.assertEqual((smtp_from, recipients), (expected, ["jane@customer.test"]))

    def test_ordinary_mail_keeps_its_return_path(self):
        message = EmailMessage()
        message["From"] = "me@postmaster.test"
        message["To"] = "jane@customer.test"
        message["Return-Path"] = "bounce@postmaster.test"
        servers = self.env["ir.mail_server"]
        smtp_from, _to, _message = servers._prepare_email_message__(message, None)
        self.assertEqual(smtp_from, "bounce@postmaster.test")

    def test_servers_of_google_and_microsoft_take_none(self):
        server = self.env["ir.mail_server"].create({"name": "S", "smtp_host": "localhost"})
        self.assertTrue(server._may_send_from_nobody())
        server.takes_null_sender = False
        self.assertFalse(server._may_send_from_nobody())

    def test_same_as_odoo(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        [answer] = self.answers_to()
        self.assertNotEqual(answer["headers"].get("Return-Path"), "<>")
        self.assertEqual(len(self.answers_to()), 1)

    def test_nobody_but_the_sender_is_answered(self):
        for path in (
            "victim@bank.test",
            "list-bounces+jane=customer.test@lists.test",
            "people@postmaster.test",
            "jane@customer.test>, <victim@bank.test",
        ):
            with self.subTest(path=path):
                self.assertFalse(self.answers_to(return_path=path))
                self.assertStep(self.row, "answer", hit=False)
        for number in range(3):
            sent = self.answers_to(sender=f"{number}@customer.test", return_path="b@customer.test")
            self.assertEqual(len(sent), 1 if number == 0 else 0)

    def test_person_who_answers_a_notice_is_read(self):
        notice = "<1.2-loop-detection-bounce-email@host>"
        self.answers_to(to="people@postmaster.test", headers=f"\r\nReferences: {notice}")
        self.assertReason(self.row, "delivered", "record_created")
        self.answers_to(
            to="people@postmaster.test",
            headers=f"\r\nReferences: {notice}\r\nAuto-Submitted: auto-generated",
        )
        self.assertReason(self.row, "ignored", "loop_notice_reply")

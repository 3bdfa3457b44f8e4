"""Notices to senders: once a day for each reason, with a null sender, in a few words."""

from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import product

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from ..policy.settings import AUTHSERV
from .common import GatewayCase
from .identity_common import OPEN, SERVER, IdentityCase, passed


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

    def test_not_for_old_mail(self):
        old = format_datetime(datetime.now(timezone.utc) - timedelta(hours=25))
        self.assertFalse(self.answers_to(date=old))
        self.assertReason(self.row, "parked", "catchall")
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


@tagged("post_install", "-at_install")
class TestReflector(IdentityCase, MockEmail):
    """An outsider who writes as others makes few notices, and none carries the outsider's text."""

    TEXT = "Buy pills"
    ALIASES = {
        "alias_security": {"alias_contact": "partners"},
        "alias_misconfigured": {"alias_contact": "followers"},
        "alias_refuses": {"alias_mode": "refuse"},
        "alias_closed": {"alias_mode": "closed", "alias_closed_since": "2020-01-01"},
        "sender_limit": {},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param("mail.gateway.loop.threshold", 1)
        cls.number = 0
        cls.addresses = {
            name: cls.make_alias(f"to-{name}", "res.partner", **values).alias_full_name
            for name, values in cls.ALIASES.items()
        }
        cls.addresses["catchall"] = "catchall@postmaster.test"

    def notices_to(self, sender, about="catchall", top=b"", **fields):
        """Deliver a message that is refused; return the notices."""
        type(self).number += 1
        fields.setdefault("to", self.addresses[about])
        fields.setdefault("subject", f"{self.TEXT} {self.number}")
        with self.mock_mail_gateway():
            if about == "sender_limit":
                self.from_(sender, top, message_id=f"<first{self.number}@x>", **fields)
            self.row = self.from_(sender, top, message_id=f"<{self.number}@x>", **fields)
            return list(self._mails)

    def count(self, senders, **fields):
        return sum(len(self.notices_to(sender, **fields)) for sender in senders)

    def test_one_mailbox(self):
        """Its sub-addresses, and the other spellings that a provider gives to one person."""
        for spellings in (
            [f"victim+{number}@customer.test" for number in range(4)],
            ["jane.doe@gmail.com", "janedoe@googlemail.com", "j.a.n.e.doe+x@gmail.com"],
            ["joe@icloud.com", "joe@me.com", "joe+x@mac.com"],
        ):
            for about in self.addresses:
                with self.subTest(spellings[0], about=about):
                    self.env.cr.execute("DELETE FROM mail_postmaster_quota")
                    self.assertEqual(self.count(spellings, about=about), 1)
        self.env.cr.execute("DELETE FROM mail_postmaster_quota")
        # Each letter counts at other domains.
        others = [f"jane.{number}@customer.test" for number in range(3)]
        self.assertEqual(self.count(others), 3)

    def test_limit_that_was_told_counts_by_mailbox(self):
        self.assertEqual(self.count(["jane+a@gmail.com"], about="sender_limit"), 1)
        self.assertFalse(self.count(["j.ane@gmail.com"]))
        self.assertReason(self.row, "refused", "catchall")

    def test_all_notices_of_an_hour(self):
        senders = [f"{number}@victim{number}.test" for number in range(40)]
        self.assertEqual(self.count(senders), 30)
        self.assertReason(self.row, "parked", "catchall")
        self.assertFalse(self.count(["jane@customer.test"], about="alias_refuses"))
        self.env.cr.execute("UPDATE mail_postmaster_quota SET at = at - interval '61 minutes'")
        self.assertEqual(self.count(["jane@customer.test"], about="alias_refuses"), 1)

    def test_limit_of_an_hour_can_be_set(self):
        self.parameters.set_param("mail.postmaster.answer.limit", 2)
        senders = [f"{number}@victim{number}.test" for number in range(3)]
        for about in self.addresses:
            with self.subTest(about):
                self.env.cr.execute("DELETE FROM mail_postmaster_quota")
                self.assertEqual(self.count(senders, about=about), 2)

    def test_one_message_to_many_aliases(self):
        """Each alias has a notice of its own; one mailbox gets only some of them."""
        to = ", ".join(
            self.make_alias(f"r{number}", "res.partner", alias_mode="refuse").alias_full_name
            for number in range(8)
        )
        self.assertEqual(len(self.notices_to("victim@customer.test", to=to)), 5)
        self.parameters.set_param("mail.postmaster.answer.limit", 7)
        self.assertEqual(len(self.notices_to("another@customer.test", to=to)), 2)

    def assertQuotes(self, notice, quotes, about="catchall"):
        written = f"{notice['subject']} {notice['body']}"
        # The notice of a limit quotes no text.
        quotes_text = quotes and about != "sender_limit"
        self.assertEqual("would like to know more" in written, quotes_text, written)
        self.assertEqual(self.TEXT in written, quotes, written)
        if not quotes:
            self.assertNotIn("pills", written.lower())

    def test_quotes_to_authenticated_senders_only(self):
        for about, is_configured in product(self.addresses, (True, False)):
            self.parameters.set_param(AUTHSERV, SERVER if is_configured else False)
            for name, top, quotes in (
                ("pass", passed, True),
                ("open", lambda _sender: OPEN, False),
            ):
                with self.subTest(about=about, is_configured=is_configured, name=name):
                    sender = f"jane{self.number}@customer.test"
                    named = f"Pills <{sender}>"
                    [notice] = self.notices_to(named, about, top(sender))
                    self.assertQuotes(notice, quotes and is_configured, about)

    def test_address_of_another_at_an_authenticated_domain(self):
        for path, quotes in (
            ("b@bounces.customer.test", True),
            ("victim@test", False),
        ):
            sender = "jane@customer.test"
            notices = self.notices_to(sender, top=passed(sender), return_path=path)
            for notice in notices:
                self.assertQuotes(notice, quotes)

    def test_names_only_addresses_of_this_database(self):
        """Neither names, nor other addresses, nor the details of sub-addresses."""
        for about, address in (
            ("catchall", "catchall@postmaster.test"),
            ("sender_limit", "to-sender_limit@postmaster.test"),
        ):
            to = f"Pills <{address.replace('@', '+pills@')}>, pills@postmaster.test"
            if about == "sender_limit":
                to += ", Pills <pills@example.org>"
            with self.subTest(about):
                [notice] = self.notices_to("jane@customer.test", about, to=to)
                self.assertQuotes(notice, quotes=False)
                self.assertIn(address, notice["body"])

    def test_former_catchall_names_the_new_address(self):
        self.domain.catchall_alias = "replies"
        [notice] = self.notices_to("jane@customer.test")
        self.assertReason(self.row, "refused", "catchall")
        self.assertIn("replies@postmaster.test", notice["body"])

"""The mark on a message with an unauthenticated author, and what followers receive."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.base.tests.common import MockSmtplibCase
from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.mail.tools.discuss import Store

from ..policy.settings import REPLIES
from .identity_common import BOSS, JANE, OPEN, SERVER, IdentityCase, failed, passed


@tagged("post_install", "-at_install")
class TestPassedOn(IdentityCase, MockSmtplibCase):
    def passed_on(self, top):
        """Return From and sender of a follower's notification about a message by the boss."""
        self.env["ir.mail_server"].search([]).unlink()
        self.env["ir.mail_server"].create(
            {
                "name": "Out",
                "smtp_host": "localhost",
                "from_filter": "postmaster.test",
            }
        )
        # Under other policies such a reply is a note, which external contacts do not get.
        self.parameters.set_param(REPLIES, "accept")
        talk = self.env["res.partner"].create({"name": "Talk"})
        talk.message_subscribe(self.jane.ids)
        question = talk.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            force_send=False,
        )
        with self.mock_smtplib_connection():
            row = self.from_(
                f"The Boss <{BOSS}>",
                top,
                to="catchall@postmaster.test",
                return_path=BOSS,
                headers=f"\r\nIn-Reply-To: {question.message_id}",
            )
            self.message_of(row).mail_ids.filtered(lambda mail: mail.state == "outgoing").send()
        [email] = self.emails
        return email["msg_from"], email["message"]

    def test_in_nobodys_name(self):
        """Otherwise our server would sign what an impostor has written as one of us."""
        self.domain.default_from = "notices"
        sender, raw = self.passed_on(OPEN)
        self.assertEqual(sender, '"The Boss (sender not authenticated)" <notices@postmaster.test>')
        self.assertNotIn("X-Postmaster-From", raw)
        self.assertNotIn(BOSS, raw.partition("\n\n")[0])

    def test_as_its_sender(self):
        self.domain.default_from = "notices"
        self.assertEqual(self.passed_on(passed(BOSS))[0], f"The Boss <{BOSS}>")

    def test_domain_that_writes_from_no_address(self):
        self.domain.default_from = False
        sender = self.passed_on(OPEN)[0]
        self.assertEqual(sender, '"The Boss (sender not authenticated)" <catchall@postmaster.test>')


@tagged("post_install", "-at_install")
class TestMark(IdentityCase):
    def test_shown_to_internal_users(self):
        message = self.message_of(self.from_(JANE, failed(JANE)))
        self.assertEqual(
            message.postmaster_note,
            "The sender is not authenticated: DMARC failed for customer.test. "
            "The message was accepted without its sender.",
        )
        for user, is_shown in ((self.boss, True), (self.env.ref("base.public_user"), False)):
            with self.subTest(user=user.login):
                store = Store().add(message.with_user(user).sudo())
                shown = store.get_result()["mail.message"][0]
                self.assertEqual("postmaster_note" in shown, is_shown)

    def test_results_on_the_form(self):
        row = self.from_(JANE, failed(JANE))
        self.assertEqual(
            row.authentication_lines,
            f"Checked by: {SERVER}\nspf=pass smtp.mailfrom=x@evil.test\n"
            "dmarc=fail header.from=customer.test",
        )
        groups = self.log._read_group(
            [("id", "=", row.id)],
            ["authentication"],
            ["__count"],
        )
        self.assertEqual(groups, [("fail", 1)])
        self.assertEqual(
            self.from_(JANE).authentication_lines,
            "No trusted mail server has checked it.",
        )

    def test_erased_with_the_sender(self):
        row = self.from_(JANE, failed(JANE))
        self.env["mail.postmaster.retention"]._erase_sender(JANE)
        self.assertFalse(row.authentication_results)
        self.assertFalse(row.authentication_lines)
        self.assertEqual(row.authentication, "fail")

    def test_marks_that_are_none(self):
        for mark in (None, [], "x", {}, {"kind": "of_old"}):
            self.assertFalse(self.log._mark_sentence(mark))

    def test_nobody_writes_a_mark(self):
        """Core lets authors write their messages, over RPC and in a portal too."""
        portal = mail_new_test_user(self.env, login="portal", groups="base.group_portal")
        message = (
            portal.partner_id.with_user(portal)
            .sudo()
            .message_post(
                body="x",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        )
        own = message.with_user(portal)
        own.write({"body": "y"})
        for mark in (False, {"kind": "odd"}):
            with self.subTest(mark=mark), self.assertRaises(AccessError):
                own.write({"postmaster_mark": mark})
        with self.assertRaises(AccessError):
            self.env["mail.message"].with_user(self.boss).create(
                {
                    "postmaster_mark": {"kind": "odd"},
                    "model": "res.partner",
                    "res_id": self.jane.id,
                    "body": "x",
                }
            )

    def test_what_is_no_mark_stops_no_reader(self):
        sentences = self.env["mail.postmaster.message"]
        for mark in ("x", ["x"], {"kind": {}}, {"kind": []}, {"kind": None}):
            with self.subTest(mark=mark):
                self.assertFalse(sentences._mark_sentence(mark))
                self.assertFalse(sentences._report_sentence(mark))
        for finding in ({}, [], 5):
            self.assertTrue(sentences._mark_sentence({"kind": "failed", "finding": finding}))
            self.assertTrue(sentences._report_sentence({"kind": "hard", "code": finding or [1]}))

"""Hostile and odd messages: nothing is lost, and every message has a reason.

The chatter contains what a reader would expect of an odd message. ``dev/bench hostile`` sends
more messages, in separate processes, and measures.
"""

from odoo.tests import tagged
from odoo.tools import html2plaintext

from ..gateway.states import SETTLED
from ..words.sentences import STEPS
from .common import GatewayCase
from .gateway.damaged_mails import damaged
from .gateway.odd_mails import SHAPES, head, text

DAMAGED = 30
# States in which no message may end.
UNEXPECTED = ("failed", "conflict", "alias_failed", "waiting")


@tagged("post_install", "-at_install")
class TestHostileMail(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        # All are from one sender.
        for key in ("mail.gateway.loop.threshold", "mail.postmaster.loop.threshold"):
            cls.env["ir.config_parameter"].search([("key", "=", key)]).unlink()
        cls.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 1_000_000)

    def settled(self, raw):
        """Deliver a message, and return its row, which has a state, a reason and the bytes."""
        _result, row = self.receive(raw, model="res.partner")
        self.assertTrue(row)
        self.assertIn(row.state, SETTLED)
        self.assertNotIn(row.reason_code, UNEXPECTED, row.error)
        self.assertTrue(row.reason)
        self.assertNotIn("%(", row.reason)
        self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
        return row

    def test_odd_mails_can_be_read(self):
        for name, odd in SHAPES.items():
            if not odd.is_readable:
                continue
            with self.subTest(name):
                row = self.settled(odd.raw)
                message = row.delivery_ids.mail_message_id
                self.assertTrue(message, (row.state, row.reason_code, row.error))
                text = " ".join(html2plaintext(message.body).split())
                self.assertIn(odd.text or "", text)
                if odd.text == "":
                    self.assertEqual(text, "")
                if odd.subject is not None:
                    self.assertEqual(message.subject, odd.subject)
                self.assertIn(odd.sender or "", message.email_from or "")
                for file in odd.files or ():
                    self.assertIn(file, message.attachment_ids.mapped("name"))

    def test_what_was_repaired_can_be_read(self):
        for raw, step in (
            (text("Good morning", "text/plain; a*"), "repaired_content_field"),
            (
                text("R29vZA==", headers=b"Content-Transfer-Encoding: base64 (x)\r\n"),
                "repaired_encoding",
            ),
            (head(b"Date: 1e400", without=b"Date"), "repaired_date"),
            (head(b"X-Odd: =?utf-8?q?a=0Ab?="), "repaired_line"),
        ):
            with self.subTest(step):
                # Another message than the one of the other tests.
                row = self.settled(b"X-Step: " + step.encode() + b"\r\n" + raw)
                self.assertReason(row, "delivered", "record_created")
                self.assertStep(row, step)
                self.assertTrue(STEPS[step][True])

    def test_other_odd_mails_are_settled(self):
        for name, odd in SHAPES.items():
            if not odd.is_readable:
                with self.subTest(name):
                    self.settled(odd.raw)

    def test_damaged_mails_are_settled(self):
        for number in range(DAMAGED):
            with self.subTest(number):
                self.settled(damaged(number))

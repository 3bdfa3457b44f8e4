"""Messages that core could not read in seconds are held for review; odd ones are read."""

import base64

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..gateway import limits
from ..policy.settings import LIMITS, PRESETS
from ..rules.reasons import DEFINITIONS
from ..words.sentences import STEPS
from .common import GatewayCase
from .gateway.hostile_mails import CASES


@tagged("post_install", "-at_install")
class TestLimits(GatewayCase):
    def odd(self, body=b"Good morning", **headers):
        """Return a message to the people with these header fields and this body, as bytes."""
        fields = {
            "From": "Jane Doe <jane@customer.test>",
            "To": "people@postmaster.test",
            "Subject": "Odd",
            "Message-Id": f"<{self.id()}.{len(self.log.search([]))}@x>",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
            for name, value in fields.items()
            if value is not None
        ]
        return b"\r\n".join([*lines, b"", body])

    def delivered(self, raw, *steps, **options):
        """Receive a message that creates a contact, and return the message in its chatter."""
        _result, row = self.receive(raw, **options)
        self.assertReason(row, "delivered", "record_created")
        for step in steps:
            self.assertStep(row, step)
        self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
        return row.delivery_ids.mail_message_id

    def test_hostile_mail_waits_under_every_preset(self):
        hostile = {
            "multiparts in multiparts",
            "HTML parts",
            "text parts",
            "HTML",
            "HTML elements in elements",
            "recipients",
            "references",
            "attachments",
            "parameters",
        }
        for preset in PRESETS:
            self.env["mail.postmaster.policy"].apply_preset(preset)
            for name in hostile:
                make, number, limit = CASES[name]
                with self.subTest(name, preset=preset):
                    # A different message for each preset: the same one would be a duplicate.
                    raw = f"X-Preset: {preset}\r\n".encode() + make(number)
                    _result, row = self.receive(raw, model="res.partner")
                    self.assertReason(row, "parked", f"limit_{limit}")
                    self.assertIn(LIMITS[limit], row.reason)
                    self.assertStep(row, "limits")
                    self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)

    def test_core_does_not_begin(self):
        make, number, _limit = CASES["multiparts in multiparts"]
        self.patch(type(self.env["mail.thread"]), "message_parse", None)
        _result, row = self.receive(make(number), model="res.partner")
        self.assertReason(row, "parked", "limit_levels")

    def test_a_person_releases_it(self):
        self.env["ir.config_parameter"].set_param(LIMITS["attachments"], 10)
        part = "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n"
        raw = self.odd(part.encode() * 11, Content_Type="multipart/mixed; boundary=b")
        _result, row = self.receive(raw)
        self.assertReason(row, "parked", "limit_attachments")
        self.assertFalse(row.delivery_ids.mail_message_id)
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(len(row.delivery_ids.mail_message_id.attachment_ids), 11)

    def test_parameters_have_bounds(self):
        parameters = self.env["ir.config_parameter"]
        policy = self.env["mail.postmaster.policy"]
        for name, bounds in limits.LIMITS.items():
            with self.subTest(name):
                self.assertEqual(policy._in_force().number(LIMITS[name]), bounds.default)
                for value in (bounds.smallest - 1, bounds.largest + 1, "many"):
                    with self.assertRaises(ValidationError):
                        parameters.set_param(LIMITS[name], value)
                parameters.set_param(LIMITS[name], bounds.smallest)
                self.assertEqual(policy._in_force().number(LIMITS[name]), bounds.smallest)

    def test_every_limit_has_a_sentence(self):
        for name in limits.LIMITS:
            self.assertIn(f"limit_{name}", DEFINITIONS)
        self.assertTrue(STEPS["limits"][True])

    # --- Tolerant reading -----------------------------------------------------------------

    def test_charsets_that_are_none_or_lie(self):
        for charset in ("x-odd", "utf-8", "us-ascii", "zlib", "punycode"):
            with self.subTest(charset):
                content_type = f"text/plain; charset={charset}"
                message = self.delivered(
                    self.odd("Café".encode("latin-1"), Content_Type=content_type),
                    "repaired_charset",
                )
                self.assertIn("Café", message.body)
        self.assertIn("Café", self.delivered(self.odd("Café".encode())).body)

    def test_text_attachment_in_no_charset_keeps_its_bytes(self):
        content = "Café".encode("latin-1")
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        for charset in ("x-odd", "utf-8"):
            message = self.delivered(
                self.odd(
                    b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/csv; name=a.csv; charset="
                    + charset.encode()
                    + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                    + base64.b64encode(content)
                    + b"\r\n--b--\r\n",
                    Content_Type="multipart/mixed; boundary=b",
                ),
                "repaired_charset",
            )
            self.assertEqual(message.attachment_ids.raw, content)
            self.assertEqual(message.attachment_ids.name, "a.csv")

    def test_nul_anywhere(self):
        for headers in (
            {"Subject": b"Hello\0World"},
            {"Subject": "=?utf-8?q?Hello=00World?="},
            {"From": b"Jane\0 Doe <jane@customer.test>"},
            {"Cc": b"a\0b@customer.test"},
            {"References": b"<a\0b@customer.test>"},
            {"Content-Type": b'text/plain; name="a\0b.txt"'},
        ):
            with self.subTest(headers):
                self.delivered(self.odd(**headers))
        self.assertIn("Good", self.delivered(self.odd(b"Good\0 morning")).body)

    def test_letters_in_names_without_charset(self):
        message = self.delivered(
            self.odd(From="Jörg <joerg@customer.test>".encode("latin-1")), "repaired_octets"
        )
        self.assertIn("Jörg", message.email_from)

    def test_boundaries(self):
        body = b"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
        for content_type in ("multipart/mixed", "multipart/mixed; boundary=y"):
            message = self.delivered(self.odd(body, Content_Type=content_type), "repaired_boundary")
            self.assertIn("hello", message.body)
            self.assertNotIn("--x", message.body)
        repeated = b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body.replace(
            b"--x", b"--b"
        )
        message = self.delivered(self.odd(repeated, Content_Type="multipart/mixed; boundary=b"))
        self.assertIn("hello", message.body)

    def test_odd_dates_and_base64(self):
        for date in ("Fri, 99 Foo 99999 99:99:99 +9999", "0", "Thu, 01 Jan 0001 00:00:00 +0000"):
            self.delivered(self.odd(Date=date))
        message = self.delivered(self.odd(b"aGVsbG8*gd29ybGQ", Content_Transfer_Encoding="base64"))
        self.assertIn("hello world", message.body)

    def test_no_from(self):
        message = self.delivered(
            self.odd(From=None, Sender="jane@customer.test"), "repaired_sender"
        )
        self.assertEqual(message.email_from, "jane@customer.test")

    def test_keep_original_is_byte_identical(self):
        raw = self.odd("Café".encode("latin-1"), Subject="Caf\xe9".encode("latin-1"))
        message = self.delivered(raw, save_original=True)
        self.assertEqual(message.attachment_ids.mapped("name"), ["original_email.eml"])
        self.assertEqual(message.attachment_ids.raw, raw)

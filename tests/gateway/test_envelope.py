import email.header
from datetime import datetime
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.envelope import (
    LONGEST_TEXT,
    MOST_RECIPIENTS,
    read_envelope,
    split_addresses,
)


def header(**fields):
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\nbody\r\n"


class TestEnvelope(BaseCase):
    def test_ordinary_mail(self):
        envelope = read_envelope(
            header(
                From='"Jane Doe" <Jane@Customer.test>',
                To="sales@example.com, Other <o@x.test>",
                Cc="SALES@example.com",
                Delivered_To="everything@example.com",
                Subject="Hello",
                Message_Id="<one@customer.test>",
                Date="Fri, 20 Nov 2026 10:00:00 +0100",
            )
        )
        self.assertEqual(envelope.message_id, "<one@customer.test>")
        self.assertEqual(envelope.sender_address, "jane@customer.test")
        self.assertEqual(envelope.subject, "Hello")
        self.assertEqual(envelope.date, datetime(2026, 11, 20, 9, 0))
        self.assertEqual(
            envelope.recipients, ("everything@example.com", "sales@example.com", "o@x.test")
        )

    def test_decoding(self):
        cases = [
            (b"=?utf-8?q?caf=C3=A9?=", "café"),
            (b"=?iso-8859-1?q?caf=E9?= bar", "café bar"),
            ("café".encode(), "café"),
            (b"caf\xe9", "café"),
            (b"=?x-unknown?q?caf=E9?=", "café"),
            (b"=?utf-8?b?!!!?=", None),
            (b"=?utf-8?q?a=00b?=", "ab"),
            (b"one\r\n two", "one two"),
        ]
        for raw, expected in cases:
            with self.subTest(raw=raw):
                subject = read_envelope(b"Subject: " + raw + b"\r\n\r\n").subject
                if expected is None:
                    self.assertIsInstance(subject, str)
                else:
                    self.assertEqual(subject, expected)

    def test_odd_mails_never_raise(self):
        for raw in (
            b"",
            b"\0",
            b"\r\n\r\n",
            b"garbage",
            b"\xff" * 100,
            b"From: \xff\xfe <\0@x>\n\n",
            b"Subject: a\nSubject: b\n\n",
            b"Message-Id: no brackets\n\n",
            b": empty name\n\n",
            b"From: a@b, c@d\n\n",
            b"Date: never\n\n",
            b"Date: Fri, 99 Foo 99999 99:99\n\n",
            b"To: undisclosed-recipients:;\n\n",
            b"From: " + b"(" * 5000 + b" jane@x.test\n\n",
            b"Subject: =?utf-7?Q?Hi+2AA-?=\n\n",
            b"Subject: =?unicode_escape?Q?=5Cud800?=\n\n",
            b"From:\n\n",
            b" folded first line\nTo: a@b\n\n",
        ):
            with self.subTest(raw=raw[:50]):
                envelope = read_envelope(raw)
                for text in (envelope.sender, envelope.subject, envelope.message_id):
                    text.encode()

    def test_text_is_bounded_and_holds_no_null_byte(self):
        envelope = read_envelope(
            header(
                From="x" * 10_000 + "@y.test",
                Subject="s\0" * 5000,
                Message_Id=f"<{'m' * 5000}@x>",
                To=", ".join(f"a{number}@x.test" for number in range(5000)),
            )
        )
        for text in (envelope.sender, envelope.subject, envelope.sender_address):
            self.assertLessEqual(len(text), LONGEST_TEXT)
            self.assertNotIn("\0", text)
        # Complete: two messages are the same only if all of it is equal.
        self.assertEqual(len(envelope.message_id), 5004)
        self.assertEqual(len(envelope.recipients), MOST_RECIPIENTS)

    def test_recipients_after_an_open_comment(self):
        self.assertEqual(read_envelope(b"To: (oops, a@x.test\n\n").recipients, ("a@x.test",))

    def test_encoded_words_without_end_are_left_alone(self):
        text = b"=?utf-8?q?a?= " * 100_000
        with patch.object(email.header, "decode_header") as decode:
            read_envelope(b"Subject: " + text + b"\n\n")
        decode.assert_not_called()

    def test_only_the_header_is_read(self):
        envelope = read_envelope(b"Subject: real\n\nSubject: in the body\nTo: body@x.test\n")
        self.assertEqual((envelope.subject, envelope.recipients), ("real", ()))

    def test_split_addresses(self):
        self.assertEqual(split_addresses("a@x.test, b@x.test"), ["a@x.test", "b@x.test"])
        self.assertEqual(split_addresses(""), [])

"""Messages on which Python's parser stops are split nevertheless."""

from email import message_from_bytes
from email.policy import SMTP

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.content_fields import MOST_FIELDS, readable

from .hostile_mails import FROM_TO

STOPS = b"; a*"


def parsed(raw):
    return message_from_bytes(raw, policy=SMTP)


class TestContentFields(BaseCase):
    def assertRead(self, raw, *names):
        """Assert that a message stops the parser, and return the parsed repaired message."""
        with self.assertRaises(IndexError):
            parsed(raw)
        repaired, repairs = readable(raw)
        self.assertEqual(
            [(one.code, one.params["name"]) for one in repairs],
            [("content_field", name) for name in names],
        )
        return parsed(repaired)

    def test_what_can_be_read_is_kept(self):
        message = self.assertRead(
            FROM_TO
            + b'Content-Type: text/html; charset="utf-8"; name=a.html'
            + STOPS
            + b"\r\n\r\n<p>x",
            "Content-Type",
        )
        self.assertEqual(message.get_content_type(), "text/html")
        self.assertEqual(message.get_content_charset(), "utf-8")
        self.assertEqual(message.get_filename(), "a.html")
        self.assertEqual(message.get_content().strip(), "<p>x")

    def test_parts_within(self):
        message = self.assertRead(
            FROM_TO + b"content-type: multipart/mixed;\r\n boundary=b" + STOPS + b"\r\n\r\n--b\r\n"
            b"Content-Type: text/plain" + STOPS + b"\r\n\r\nhello\r\n--b--\r\n",
            "content-type",
            "Content-Type",
        )
        self.assertEqual(
            [part.get_content_type() for part in message.walk()], ["multipart/mixed", "text/plain"]
        )
        self.assertEqual(message.get_payload()[0].get_content().strip(), "hello")

    def test_blocks_of_a_report(self):
        message = self.assertRead(
            b"Content-Type: message/delivery-status\n\nA: b\n\nContent-Type: x/y" + STOPS + b"\n",
            "Content-Type",
        )
        self.assertEqual(len(message.get_payload()), 2)

    def test_type_that_is_none(self):
        message = self.assertRead(
            FROM_TO + b"Content-Type: \xff" + STOPS + b"\r\n\r\nhello", "Content-Type"
        )
        self.assertEqual(message.get_content().strip(), "hello")

    def test_what_can_be_read_stays(self):
        for raw in (
            b"",
            b"Content-Type:",
            FROM_TO + b"Content-Type: text/plain; charset=x\r\n\r\nx",
            FROM_TO + b"Content-Transfer-Encoding: x-odd\r\n\r\nx",
            b"Content-Type\xff: a",
        ):
            with self.subTest(raw):
                self.assertEqual(readable(raw), (raw, []))

    def test_work_is_bounded(self):
        lines = b"".join(b"Content-Type: a/%d\n" % number for number in range(MOST_FIELDS + 1))
        raw = b"Content-Type: text/plain" + STOPS + b"\n" + lines
        self.assertEqual(readable(raw), (raw, []))
        long = b"Content-Type: text/plain; " + b"a" * 100_000 + STOPS + b"\n\nx"
        self.assertEqual(parsed(readable(long)[0]).get_content_type(), "text/plain")

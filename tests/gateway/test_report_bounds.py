from dataclasses import asdict

from odoo.addons.mail_postmaster.gateway.reports import LONGEST_TEXT, read_report
from odoo.addons.mail_postmaster.gateway.reports.delivery_status import MOST_RECIPIENTS
from odoo.addons.mail_postmaster.gateway.reports.fields import LONGEST_SHOWN

from .report_case import ReportCase, delivery_report
from .timing import GrowthCase

QMAIL = b"\nHi. This is the qmail-send program\n"
BY_SERVER = b"From: MAILER-DAEMON@example.org\nReturn-Path: <>\n"
# Some hundred kilobytes each, cheap to send and possibly expensive to read.
GROWING = {
    "recipients": lambda size: delivery_report(
        *(
            b"Final-Recipient: rfc822; u%d@example.org\nAction: failed\nStatus: 5.1.1\n"
            b"Diagnostic-Code: smtp; 550 5.1.1 unknown" % number
            for number in range(size)
        )
    ),
    "fields": lambda size: delivery_report(b"Action: x\n" * 20 * size),
    "folded lines": lambda size: delivery_report(b"Action: x\n" + b" y\n" * 100 * size),
    "empty lines": lambda size: delivery_report(b"\n" * 100 * size),
    "nested": lambda size: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(size)
    ),
    "parts": lambda size: delivery_report(b"--b\n\nx\n" * size),
    "dashes": lambda size: delivery_report(b"--b" * 100 * size),
    "header": lambda size: BY_SERVER + b"X: y\n" * 20 * size + b"\nx",
    "failed recipients": lambda size: (
        BY_SERVER + b"X-Failed-Recipients: " + b"a@example.org," * 10 * size + b"\n\nx"
    ),
    "references": lambda size: delivery_report(
        b"Action: failed", header=b"References: " + b"<a@b> " * 10 * size
    ),
    "lines": lambda size: BY_SERVER + QMAIL + b"<u@example.org>: x\n" * 10 * size,
    "a line": lambda size: (
        BY_SERVER + b"\nA message that you sent could not be delivered\n" + b"a@" * 100 * size
    ),
    "addresses": lambda size: (
        BY_SERVER + b"\n" + (b"could not be delivered to a@b.test " * 14 + b"\n") * size
    ),
    "almost addresses": lambda size: BY_SERVER + b"\n" + (b"a@b." * 120 + b"\n") * size,
    "fields in a text": lambda size: (
        BY_SERVER + b"\n" + b"Final-Recipient: rfc822; u@example.org\nAction: x\n" * 5 * size
    ),
    "enclosed": lambda size: (
        BY_SERVER
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: message/rfc822\n\nReturn-Path: <>\n\nx\n" * size
    ),
    "blanks": lambda size: BY_SERVER + QMAIL + b" " * 200 * size,
    "markup": lambda size: BY_SERVER + b"Content-Type: text/html\n\n" + b"<div>" * 50 * size,
    "parameters": lambda size: b"Content-Type: multipart/report" + b"; a=b" * 50 * size + b"\n\n",
}


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


class TestBounds(ReportCase, GrowthCase):
    def test_time_is_linear(self):
        for name, make in GROWING.items():
            with self.subTest(name):
                self.assertGrowsWithSize(read_report, make, 250)

    def test_two_thousand_recipients(self):
        report = read_report(GROWING["recipients"](2000))
        self.assertEqual(len(report.recipients), MOST_RECIPIENTS)
        self.assertTrue(report.is_cut)
        self.assertEqual(report.recipients[-1].address, f"u{MOST_RECIPIENTS - 1}@example.org")
        report = read_report(GROWING["recipients"](MOST_RECIPIENTS))
        self.assertEqual((len(report.recipients), report.is_cut), (MOST_RECIPIENTS, False))

    def test_two_thousand_levels(self):
        self.assertIsNone(read_report(GROWING["nested"](2000)))

    def test_what_is_shown_is_bounded_and_printable(self):
        long = b"\x00\x1b\xff=?utf-8?q?=00=E2=80=AE?= " + b"x" * 100_000
        raw = delivery_report(
            b"Reporting-MTA: dns; " + long,
            b"Final-Recipient: rfc822; a@b.test\nAction: "
            + b"x" * 5000
            + b"\nStatus: "
            + long
            + b"\nRemote-MTA: "
            + long
            + b"\nDiagnostic-Code: smtp; "
            + long,
        ).replace(b"This is a report.", long)
        report = read_report(raw)
        self.assertEqual(len(report.text), LONGEST_TEXT)
        self.assertNotIn("\0", report.text)
        recipient = self.only(report)
        for text in (*texts(asdict(recipient)), report.reporting_mta):
            self.assertLessEqual(len(text), LONGEST_SHOWN)
            self.assertTrue(text.isprintable(), text)
        self.assertTrue(recipient.diagnostic.endswith("xxx"))

    def test_a_large_returned_mail_does_not_count(self):
        raw = delivery_report(
            b"Final-Recipient: rfc822; a@b.test\nAction: failed",
            extra=(
                b"--b\nContent-Type: message/rfc822\n\nMessage-ID: <a@b>\n\n" + b"x\n" * 10_000_000
            ),
        )
        report = read_report(raw)
        self.assertEqual(self.only(report).address, "a@b.test")
        self.assertEqual(report.original_ids[0].message_id, "<a@b>")

from unittest import skipUnless
from unittest.mock import patch

from odoo.addons.mail_postmaster.gateway.reports import heuristics, read_report, wording
from odoo.addons.mail_postmaster.gateway.reports.enhanced_status import explain

from .report_case import ReportCase, sample

JANE, JOHN = "jane@example.org", "john@example.org"
# address, status, outcome, reason
SAMPLES = {
    "qmail": [
        (JANE, "5.1.1", "hard", "mailbox_unknown"),
        (JOHN, "5.1.2", "hard", "domain_unknown"),
    ],
    "exim_plain": [
        (JANE, "5.1.1", "hard", "mailbox_unknown"),
        (JOHN, "5.3.4", "hard", "message_too_large"),
    ],
    "exim_warning": [(JANE, "", "soft", "delayed")],
    "postfix_plain": [
        (JANE, "5.7.1", "hard", "blocked_as_spam"),
        (JOHN, "", "hard", "mailbox_unknown"),
    ],
    "exchange_2003": [(JANE, "", "hard", "mailbox_unknown")],
    "exchange_german": [(JANE, "5.1.1", "hard", "mailbox_unknown")],
    "outlook_html_only": [(JANE, "5.2.2", "hard", "mailbox_full")],
    "gmail_plain": [(JANE, "5.1.1", "hard", "mailbox_unknown")],
    "yahoo_plain": [(JANE, "", "hard", "domain_unknown")],
    "gmx": [(JANE, "5.1.1", "hard", "mailbox_unknown")],
    "gmx_german": [(JANE, "5.2.2", "hard", "mailbox_full")],
    "t_online": [(JANE, "", "hard", "mailbox_unknown")],
    "sendmail_plain": [(JANE, "5.1.1", "hard", "mailbox_unknown")],
}


def recipients(report):
    return [
        (found.address, found.status, found.outcome, explain(found)[0])
        for found in report.recipients
    ]


class TestUnstructured(ReportCase):
    def test_bounces_of_mail_servers(self):
        """The table needs no library for these."""
        with patch.object(heuristics, "all_failures", None):
            for name, expected in SAMPLES.items():
                with self.subTest(name):
                    report = self.report(name)
                    self.assertEqual(report.kind, "unstructured_bounce")
                    self.assertEqual(recipients(report), expected)

    def test_what_the_server_said(self):
        found = self.report("exim_plain").recipients[1]
        self.assertEqual(found.remote_mta, "mx.example.org")
        self.assertEqual(
            found.diagnostic,
            "SMTP error from remote mail server after end of data: "
            "host mx.example.org [198.51.100.7]: 552 5.3.4 Message size exceeds limit",
        )

    def test_a_person_who_quotes_a_bounce(self):
        quoted, bounce = sample("no_quoted_bounce"), sample("qmail")
        self.assertEqual(quoted.partition(b"\n\n")[2], bounce.partition(b"\n\n")[2])
        self.assertIsNone(read_report(quoted))
        self.assertIsNotNone(read_report(bounce))

    def test_who_is_a_mail_server(self):
        body = b"\n\nHi. This is the qmail-send program\n\n<jane@example.org>:\nno\n"
        cases = {
            b"From: MAILER-DAEMON@example.org": True,
            b'From: "Mail Delivery" <Postmaster@example.org>': True,
            b"From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org": True,
            b"From: x@example.org\nReturn-Path: <>": True,
            b"From: x@example.org\nReturn-Path: < >": True,
            b"From: x@example.org\nX-Failed-Recipients: jane@example.org": True,
            b"From: x@example.org\nReturn-Path: <x@example.org>": False,
            b"From: postmaster.jones@example.org": False,
            b"From: jane@postmaster@example.org": False,
            b"From: ": False,
        }
        for header, expected in cases.items():
            with self.subTest(header=header):
                self.assertIs(read_report(header + body) is not None, expected)

    def test_what_stands_in_the_returned_mail_is_not_read(self):
        addresses = [found.address for found in self.report("qmail").recipients]
        self.assertIn(b"<bob@example.org>:", sample("qmail"))
        self.assertEqual(addresses, [JANE, JOHN])

    def test_soft_and_hard(self):
        cases = {
            b"<a@b.test>:\n550 5.1.1 no\n": "hard",
            b"<a@b.test>:\n451 4.3.0 later\n": "soft",
            b"<a@b.test>:\nno\n": "hard",
            b"<a@b.test>:\nno\nDelivery has been delayed.\n": "soft",
            b"<a@b.test>:\n550 5.1.1 no\nDelivery has been delayed.\n": "hard",
        }
        for text, expected in cases.items():
            with self.subTest(text=text):
                raw = b"Return-Path: <>\n\nHi. This is the qmail-send program\n" + text
                self.assertEqual(self.only(read_report(raw)).outcome, expected)

    def test_what_has_no_dot_is_no_address(self):
        raw = b"Return-Path: <>\n\nHi. This is the qmail-send program\n<a@b>:\n<c@d.test>:\n"
        self.assertEqual(self.only(read_report(raw)).address, "c@d.test")

    def test_field_names_the_recipients_without_any_text(self):
        raw = b"X-Failed-Recipients: Jane@Example.org,\n john@example.org, nobody\n\nIt failed.\n"
        self.assertEqual([found.address for found in read_report(raw).recipients], [JANE, JOHN])


class TestHeuristics(ReportCase):
    def setUp(self):
        super().setUp()
        # The steps after the library would find the same.
        self.startPatcher(patch.object(wording, "find_recipients", return_value={}))

    @skipUnless(heuristics.is_available(), heuristics.ABSENT)
    def test_library_reads_what_the_table_does_not_know(self):
        found = self.only(self.report("mdaemon_plain"))
        self.assertEqual((found.address, found.status, found.outcome), (JANE, "5.1.1", "hard"))
        with patch.object(heuristics, "all_failures", None):
            self.assertIsNone(read_report(sample("mdaemon_plain")))

    @skipUnless(heuristics.is_available(), heuristics.ABSENT)
    def test_library_knows_warnings(self):
        raw = (
            b"Return-Path: <>\n\nYour message to:\n jane@example.org\n"
            b"This is just a warning, you do not need to take any action\n"
        )
        self.assertEqual(self.only(read_report(raw)).outcome, "soft")

    @skipUnless(heuristics.is_available(), heuristics.ABSENT)
    def test_library_gets_text_of_any_language(self):
        raw = sample("mdaemon_plain").replace(b"Unknown", "Ungültig 不明".encode())
        raw = raw.replace(b"Subject: ", "Subject: Ungültig 不明 ".encode())
        self.assertEqual(self.only(read_report(raw)).address, JANE)

    def test_absence_is_said(self):
        with patch.object(heuristics, "all_failures", None):
            self.assertFalse(heuristics.is_available())
        self.assertIn("flufl.bounce is not installed", heuristics.ABSENT)

    def test_library_that_stumbles(self):
        with patch.object(heuristics, "all_failures", side_effect=ValueError):
            self.assertIsNone(read_report(sample("mdaemon_plain")))

    def test_library_gets_short_lines_and_no_returned_mail(self):
        raw = sample("exchange_2003").replace(b"did not reach", b"x" * 100_000 + b" did reach")
        with patch.object(heuristics, "all_failures", return_value=((), ())) as scan:
            read_report(raw)
        copy = scan.call_args[0][0].as_string()
        self.assertLess(max(map(len, copy.splitlines())), 600)
        self.assertNotIn("Dear Jane", copy)

from odoo.addons.mail_postmaster.gateway.reports import read_report
from odoo.addons.mail_postmaster.gateway.reports.original import MOST_IDS

from .report_case import OURS, ReportCase, delivery_report

REWRITTEN = "<VI1PR01MB0003AAAABBBBCCCC@VI1PR01MB0003.eurprd01.prod.exchangelabs.com>"
GMAIL = "<63fc15dd.050a0220.1a2b3.0001SMTPIN_ADDED_BROKEN@mx.google.com>"

SAMPLES = {
    "postfix_two_failed": [(OURS, "message-id")],
    "postfix_delayed": [(OURS, "message-id")],
    "international": [(OURS, "message-id")],
    "m365_failed": [(REWRITTEN, "message-id"), (OURS, "x-microsoft-original-message-id")],
    "gmail_failed": [(OURS, "original-message-id"), (GMAIL, "message-id")],
    "gmail_delayed": [(GMAIL, "message-id"), (OURS, "x-google-original-message-id")],
    "outlook_read": [(OURS, "original-message-id"), (REWRITTEN, "in-reply-to")],
    "m365_not_read": [(OURS, "in-reply-to")],
    "qmail": [(OURS, "text")],
    "outlook_html_only": [(OURS, "text")],
    "t_online": [(OURS, "text")],
    "exim_warning": [],
}


def returned(header):
    return delivery_report(
        b"Action: failed", extra=b"--b\nContent-Type: message/rfc822\n\n" + header + b"\n\nbody"
    )


def ids(report):
    return [(original.message_id, original.source) for original in report.original_ids]


class TestOriginal(ReportCase):
    def test_where_it_stands(self):
        for name, expected in SAMPLES.items():
            with self.subTest(name):
                self.assertEqual(ids(self.report(name)), expected)

    def test_fields_of_the_returned_mail(self):
        cases = {
            b"Message-ID: <a@b>": [("<a@b>", "message-id")],
            b"MESSAGE-ID:\n <a@b>": [("<a@b>", "message-id")],
            b"Message-ID: a@b": [("<a@b>", "message-id")],
            b"X-Gmail-Original-Message-ID: <a@b>": [("<a@b>", "x-gmail-original-message-id")],
            b"Message-ID: ": [],
            b"Message-ID: <>": [],
            b"Message-ID: <\x01@b>": [],
            b"Subject: x\n\nMessage-ID: <a@b>": [],
        }
        for header, expected in cases.items():
            with self.subTest(header=header):
                self.assertEqual(ids(read_report(returned(header))), expected)

    def test_returned_mail_in_base64(self):
        raw = delivery_report(
            b"Action: failed",
            extra=(
                b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
                b"TWVzc2FnZS1JRDogPGFAYj4KCmJvZHkK"
            ),
        )
        self.assertEqual(ids(read_report(raw)), [("<a@b>", "message-id")])

    def test_own_ids_of_the_report_are_not_the_original(self):
        raw = delivery_report(
            b"Action: failed",
            header=(b"Message-ID: <own@x>\nX-Microsoft-Original-Message-ID: <own-before@x>"),
        )
        self.assertEqual(ids(read_report(raw)), [])

    def test_the_last_reference_comes_first(self):
        raw = delivery_report(
            b"Action: failed", header=b"References: <a@b> <c@d>\nIn-Reply-To: <c@d>"
        )
        self.assertEqual(ids(read_report(raw)), [("<c@d>", "in-reply-to"), ("<a@b>", "references")])

    def test_many_references(self):
        references = b" ".join(b"<%d@b>" % number for number in range(10_000))
        raw = delivery_report(b"Action: failed", header=b"References: " + references)
        found = ids(read_report(raw))
        self.assertEqual(found[0], ("<9999@b>", "references"))
        self.assertEqual(len(found), MOST_IDS)

import base64

from odoo.addons.mail_postmaster.gateway.reports import is_report, read_report
from odoo.addons.mail_postmaster.gateway.reports.delivery_status import outcome
from odoo.addons.mail_postmaster.gateway.reports.enhanced_status import explain

from .report_case import ReportCase, delivery_report, sample

JANE, JOHN = "jane@example.org", "john@example.org"
FAILED = b"Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: 5.1.1"

# Each server's report about each recipient: address, original address, action, status, outcome,
# server, reason.
SAMPLES = {
    "postfix_two_failed": [
        (JANE, JANE, "failed", "5.1.1", "hard", "mx.example.org", "mailbox_unknown"),
        (
            "john@example.net",
            "john@example.net",
            "failed",
            "5.2.2",
            "hard",
            "mx.example.net",
            "mailbox_full",
        ),
    ],
    "postfix_delayed": [(JANE, JANE, "delayed", "4.4.1", "soft", "", "server_not_answering")],
    "postfix_relayed": [(JANE, JANE, "relayed", "2.1.5", "success", "mx.example.org", "relayed")],
    "postfix_delivered_and_failed": [
        (JANE, JANE, "delivered", "2.0.0", "success", "", "delivered"),
        (
            JOHN,
            "sales-team@example.org",
            "failed",
            "5.7.1",
            "hard",
            "mx.example.org",
            "blocked_as_spam",
        ),
    ],
    "exim_failed": [(JANE, "", "failed", "5.1.1", "hard", "mx.example.org", "mailbox_unknown")],
    "sendmail_failed": [
        (
            "jane@dept.example.org",
            JANE,
            "failed",
            "5.1.2",
            "hard",
            "dept.example.org",
            "domain_unknown",
        ),
    ],
    "sendmail_expanded": [
        ("team@example.org", "team@example.org", "expanded", "2.1.5", "success", "", "expanded"),
    ],
    "m365_failed": [(JANE, "", "failed", "5.1.10", "hard", "", "mailbox_unknown")],
    "m365_expired": [(JANE, JANE, "failed", "4.4.7", "soft", "mx.example.org", "expired")],
    "gmail_failed": [(JANE, "", "failed", "5.1.1", "hard", "mx.example.org", "mailbox_unknown")],
    "gmail_delayed": [(JANE, "", "delayed", "4.4.1", "soft", "", "server_not_answering")],
    "gmail_empty_status": [(JANE, "", "", "5.7.8", "hard", "", "policy")],
    "ses_failed": [(JANE, "", "failed", "4.4.7", "soft", "", "expired")],
    "opensmtpd_failed": [(JANE, "", "failed", "5.0.0", "hard", "", "refused")],
    "international": [
        (
            "jürgen@xn--bcher-kva.example",
            "jürgen@xn--bcher-kva.example",
            "failed",
            "5.1.1",
            "hard",
            "",
            "mailbox_unknown",
        ),
    ],
}
SERVERS = {
    "postfix_two_failed": "mail.example.com",
    "gmail_failed": "googlemail.com",
    "ses_failed": "a27-23.smtp-out.us-west-2.amazonses.com",
}


class TestDeliveryStatus(ReportCase):
    def test_reports_of_mail_servers(self):
        for name, expected in SAMPLES.items():
            with self.subTest(name):
                report = self.report(name)
                self.assertEqual(report.kind, "delivery_status")
                self.assertEqual(
                    [
                        (
                            recipient.address,
                            recipient.original_recipient,
                            recipient.action,
                            recipient.status,
                            recipient.outcome,
                            recipient.remote_mta,
                            explain(recipient)[0],
                        )
                        for recipient in report.recipients
                    ],
                    expected,
                )

    def test_line_endings_make_no_difference(self):
        for name in SAMPLES:
            with self.subTest(name):
                unix = sample(name).replace(b"\r\n", b"\n")
                self.assertEqual(read_report(unix.replace(b"\n", b"\r\n")), read_report(unix))

    def test_what_is_shown(self):
        report = self.report("postfix_two_failed")
        self.assertEqual(
            report.recipients[0].diagnostic,
            "550 5.1.1 <jane@example.org>: Recipient address rejected: User unknown in virtual "
            "mailbox table",
        )
        self.assertTrue(report.text.startswith("This is the mail system at host mail.example.com."))
        self.assertNotIn("Dear Jane", report.text)
        for name, server in SERVERS.items():
            self.assertEqual(self.report(name).reporting_mta, server)

    def test_text_is_plain_where_there_is_html_too(self):
        text = self.report("m365_failed").text
        self.assertIn("jane wasn't found at example.org.", text)
        self.assertNotIn("<", text.replace("<mailto", ""))

    def test_candidates_begin_with_the_address_written_to(self):
        recipient = self.only(self.report("sendmail_failed"))
        self.assertEqual(recipient.candidates, (JANE, "jane@dept.example.org"))
        self.assertEqual(self.only(self.report("exim_failed")).candidates, (JANE,))

    def test_is_report(self):
        self.assertIs(is_report(sample("exim_failed")), True)
        self.assertIs(is_report(sample("no_out_of_office")), False)


class TestOutcome(ReportCase):
    def test_action_and_status(self):
        cases = {
            ("failed", "5.1.1"): "hard",
            ("failed", "4.4.7"): "soft",
            ("failed", ""): "hard",
            ("failed", "2.0.0"): "unknown",
            ("delayed", "4.4.1"): "soft",
            ("delayed", "5.1.1"): "soft",
            ("delayed", ""): "soft",
            ("delivered", "2.0.0"): "success",
            ("relayed", ""): "success",
            ("expanded", "2.1.5"): "success",
            ("", "5.1.1"): "hard",
            ("", "4.1.1"): "soft",
            ("", "2.1.1"): "success",
            ("", ""): "unknown",
            ("rejected", ""): "unknown",
        }
        for (action, status), expected in cases.items():
            with self.subTest(action=action, status=status):
                self.assertEqual(outcome(action, status), expected)

    def test_where_the_status_comes_from(self):
        cases = {
            (b"5.1.1", b"550 5.7.1 other"): "5.1.1",
            (b"5.0.0", b"550 5.2.2 full"): "5.2.2",
            (b"5.0.0", b"450 4.2.2 full"): "5.0.0",
            (b"", b"550 5.2.2 full"): "5.2.2",
            (b"", b"452 later"): "4.0.0",
            (b"", b"552-later"): "5.0.0",
            (b"5.1.1 (unknown)", b""): "5.1.1",
            (b"", b"from 5.1.1.9 or 4.4.4.4"): "",
            (b"", b"host [192.0.2.451] closed"): "",
            (b"", b"no code at all"): "",
            (b"unknown", b""): "",
        }
        for (status, diagnostic), expected in cases.items():
            with self.subTest(status=status, diagnostic=diagnostic):
                block = b"Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: " + status
                block += b"\nDiagnostic-Code: smtp; " + diagnostic
                self.assertEqual(self.only(read_report(delivery_report(block))).status, expected)


class TestOddForms(ReportCase):
    def test_addresses(self):
        cases = {
            b"rfc822; Jane@Example.ORG": JANE,
            b"RFC822;<jane@example.org>": JANE,
            b"rfc822; jane@example.org (Jane Doe)": JANE,
            b"rfc822;\n jane@example.org": JANE,
            b"jane@example.org": JANE,
            b"<jane@example.org>": JANE,
            b"utf-8; j\\x{E4}ne@example.org": "jäne@example.org",
            "utf-8; jäne@example.org".encode(): "jäne@example.org",
            # No character has this number, and a backslash needs quotes.
            b"utf-8; j\\x{FFFFFF}@example.org": "",
            b"X400; c=de;a= ;p=example": "",
            b"rfc822; jane": "",
            b"rfc822;": "",
            b";": "",
            b"\xff\xfe\x00": "",
            b"rfc822; " + b"(" * 5000: "",
        }
        for value, expected in cases.items():
            with self.subTest(value=value[:40]):
                raw = delivery_report(b"Final-Recipient: " + value + b"\nAction: failed")
                recipient = self.only(read_report(raw))
                self.assertEqual(recipient.outcome, "hard")
                self.assertEqual(recipient.address, expected)

    def test_garbage_leaves_the_address_that_was_written_to(self):
        raw = delivery_report(
            b"Original-Recipient: rfc822; jane@example.org\n"
            b"Final-Recipient: garbage\nAction: failed"
        )
        self.assertEqual(self.only(read_report(raw)).candidates, (JANE,))

    def test_diagnostics(self):
        cases = {
            b"smtp; 550 no": "550 no",
            b"X-Postfix; unknown user": "unknown user",
            b"550 no; ask the postmaster": "550 no; ask the postmaster",
            b"550 no": "550 no",
            b"smtp;": "",
        }
        for value, expected in cases.items():
            with self.subTest(value=value):
                raw = delivery_report(FAILED + b"\nDiagnostic-Code: " + value)
                self.assertEqual(self.only(read_report(raw)).diagnostic, expected)

    def test_what_follows_the_last_boundary_is_no_part(self):
        raw = delivery_report(FAILED)
        status = raw[raw.index(b"--b\nContent-Type: message/delivery-status") :]
        head = raw.removesuffix(status)
        report = read_report(head + b"--b--\n" + status)
        self.assertEqual((report.kind, report.recipients), ("delivery_status", ()))

    def test_blocks(self):
        john = FAILED.replace(b"jane", b"john")
        cases = {
            "server apart": (b"Reporting-MTA: dns; x.test", FAILED, john),
            "no empty line after the server": (b"Reporting-MTA: dns; x.test\n" + FAILED, john),
            "no empty line between": (FAILED + b"\n" + john,),
            "several empty lines": (b"Reporting-MTA: dns; x.test\n\n\n", FAILED + b"\n \n", john),
            "no server": (FAILED, john),
            "a block of no recipient": (FAILED, b"X-Foo: bar", john),
        }
        for name, blocks in cases.items():
            with self.subTest(name):
                report = read_report(delivery_report(*blocks))
                self.assertEqual([found.address for found in report.recipients], [JANE, JOHN])
                self.assertEqual([found.status for found in report.recipients], ["5.1.1", "5.1.1"])

    def test_original_recipients_without_an_empty_line_stay_with_their_own(self):
        one = b"Original-Recipient: rfc822; %s@old.test\nFinal-Recipient: rfc822; %s@example.org"
        raw = delivery_report(b"\n".join((one % (b"jane", b"jane"), one % (b"john", b"john"))))
        self.assertEqual(
            [found.candidates for found in read_report(raw).recipients],
            [("jane@old.test", JANE), ("john@old.test", JOHN)],
        )

    def test_encoded_part(self):
        encoded = b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64"
        raw = delivery_report(base64.encodebytes(FAILED), part=encoded)
        self.assertEqual(self.only(read_report(raw)).address, JANE)
        encoded = encoded.replace(b"base64", b"Quoted-Printable")
        raw = delivery_report(FAILED.replace(b"jane", b"=6A=61ne"), part=encoded)
        self.assertEqual(self.only(read_report(raw)).address, JANE)

    def test_types(self):
        """The machine-readable part decides what a report is, not the type of its container."""
        cases = {
            "wrong case": (b"MULTIPART/Report; Report-Type=Delivery-Status", "delivery_status"),
            "no type": (b"multipart/report", "delivery_status"),
            "another type": (
                b"multipart/report; report-type=disposition-notification",
                "delivery_status",
            ),
            "mixed, by a mail server": (b"multipart/mixed", "delivery_status"),
        }
        whole = b"multipart/report; report-type=delivery-status"
        for name, (content_type, kind) in cases.items():
            with self.subTest(name):
                raw = delivery_report(FAILED).replace(whole, content_type)
                self.assertEqual(read_report(raw).kind, kind)
                self.assertEqual(self.only(read_report(raw)).address, JANE)

    def test_person_with_a_part_of_a_report(self):
        raw = (
            delivery_report(FAILED)
            .replace(
                b"multipart/report; report-type=delivery-status",
                b"multipart/mixed",
            )
            .replace(b"MAILER-DAEMON@", b"jane.doe@")
        )
        self.assertIsNone(read_report(raw))

    def test_within_another_multipart(self):
        """Lists add a footer, and so wrap what they pass on."""
        inner = delivery_report(FAILED).partition(b"\n")[2]
        raw = (
            b"From: list@example.org\nContent-Type: multipart/mixed; boundary=list\n\n--list\n"
            + inner
            + b"\n--list\n\nfooter\n--list--\n"
        )
        self.assertEqual(self.only(read_report(raw)).address, JANE)

    def test_reports_without_what_makes_them_useful(self):
        head = b"From: MAILER-DAEMON@example.org\nContent-Type: multipart/report"
        kind = b"; report-type=delivery-status"
        cases = {
            "no parts": head + kind + b"; boundary=b\n\n",
            "no boundary": head + kind + b"\n\nfoo",
            "no body": head + kind + b"; boundary=b",
            "empty part": delivery_report(),
            "empty returned mail": delivery_report(extra=b"--b\nContent-Type: message/rfc822\n\n"),
            "no part for machines": head + kind + b"; boundary=b\n\n--b\n\nIt failed.\n--b--\n",
        }
        for name, raw in cases.items():
            with self.subTest(name):
                report = read_report(raw)
                self.assertEqual(report.kind, "delivery_status")
                self.assertEqual((report.recipients, report.original_ids), ((), ()))

    def test_no_reports(self):
        cases = {
            "a report of TLS": sample("no_tls_report"),
            "out of office": sample("no_out_of_office"),
            "a report that a person forwards": sample("no_forwarded_report"),
            "no type and no part": b"Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b--",
            "unknown type and no part": b"Content-Type: multipart/report; report-type=x-foo; "
            b"boundary=b\n\n--b\n\nx\n--b--",
            "nothing": b"",
            "no header": b"\xff\xfe\0",
        }
        for name, raw in cases.items():
            with self.subTest(name):
                self.assertIsNone(read_report(raw))

    def test_returned_mail_is_not_read_as_a_report(self):
        """The message a report returns may be a report itself."""
        returned = delivery_report(FAILED.replace(b"jane", b"john")).replace(b"=b", b"=c")
        raw = delivery_report(
            FAILED,
            extra=b"--b\nContent-Type: message/rfc822\n\n" + returned.replace(b"--b", b"--c"),
        )
        self.assertEqual(self.only(read_report(raw)).address, JANE)

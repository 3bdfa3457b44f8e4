from odoo.addons.mail_postmaster.gateway.reports import read_report

from .report_case import OURS, ReportCase, sample

JANE = "jane@example.org"
# type, is a complaint, addresses, their source
SAMPLES = {
    "yahoo_complaint": ("abuse", True, (JANE,), "report"),
    "ses_complaint": ("abuse", True, (JANE, "john@example.org"), "report"),
    "complaint_without_recipient": ("abuse", True, (JANE,), "returned"),
    "outlook_complaint": ("abuse", True, (JANE,), "returned"),
    "auth_failure": ("auth-failure", False, (JANE,), "report"),
}


class TestFeedback(ReportCase):
    def test_reports_of_providers(self):
        for name, expected in SAMPLES.items():
            with self.subTest(name):
                report = self.report(name)
                found = report.feedback
                self.assertEqual(
                    (found.type, found.is_complaint, found.addresses, found.source), expected
                )
                self.assertEqual((report.kind, report.recipients), ("feedback", ()))

    def test_original(self):
        for name in ("yahoo_complaint", "complaint_without_recipient", "outlook_complaint"):
            with self.subTest(name):
                self.assertEqual(self.report(name).original_ids[0].message_id, OURS)

    def test_complaints(self):
        cases = {
            b"abuse": True,
            b"ABUSE": True,
            b"fraud": True,
            b"opt-out": True,
            b"not-spam": False,
            b"virus": False,
            b"other": False,
            b"auth-failure": False,
            b"": False,
        }
        for value, expected in cases.items():
            with self.subTest(value=value):
                raw = sample("yahoo_complaint").replace(b"Type: abuse", b"Type: " + value)
                self.assertIs(read_report(raw).feedback.is_complaint, expected)

    def test_nobody_is_named(self):
        raw = sample("complaint_without_recipient").replace(b'\nTo: "Jane Doe" <', b"\nX-To: <")
        found = read_report(raw).feedback
        self.assertEqual((found.addresses, found.source), ((), ""))

    def test_the_header_of_microsoft_alone_is_no_complaint(self):
        raw = sample("outlook_complaint").replace(b"complaint about message from", b"Fwd:")
        self.assertIsNone(read_report(raw))

from odoo.addons.mail_postmaster.gateway.reports import read_report

from .report_case import OURS, ReportCase

# type, automatic, modifiers
SAMPLES = {
    "thunderbird_read": ("displayed", False, ()),
    "outlook_read": ("displayed", False, ()),
    "m365_not_read": ("deleted", True, ()),
    "sieve_rejected": ("deleted", True, ("error",)),
}


def receipt(fields):
    return (
        b"From: jane@example.org\n"
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        b"--b\nContent-Type: message/disposition-notification\n\n" + fields + b"\n--b--\n"
    )


class TestDisposition(ReportCase):
    def test_receipts_of_mail_programs(self):
        for name, expected in SAMPLES.items():
            with self.subTest(name):
                report = self.report(name)
                found = report.disposition
                self.assertEqual(report.kind, "disposition")
                self.assertEqual((found.type, found.was_automatic, found.modifiers), expected)
                self.assertEqual(found.recipient, "jane@example.org")
                self.assertIn(OURS, [original.message_id for original in report.original_ids])

    def test_a_receipt_is_no_bounce(self):
        for name in SAMPLES:
            with self.subTest(name):
                self.assertEqual(self.report(name).recipients, ())

    def test_reporting_program(self):
        self.assertEqual(
            self.report("outlook_read").reporting_mta, "example.org; Microsoft Outlook 16.0"
        )

    def test_values(self):
        cases = {
            b"manual-action/MDN-sent-manually; displayed": ("displayed", False, ()),
            b"Manual-Action/mdn-sent-manually;DISPLAYED": ("displayed", False, ()),
            b"automatic-action/MDN-sent-automatically; dispatched/expired": (
                "dispatched",
                True,
                ("expired",),
            ),
            b"manual-action/MDN-sent-manually; deleted/error,warning": (
                "deleted",
                False,
                ("error", "warning"),
            ),
            b"automatic-action / MDN-sent-automatically ; processed": ("processed", True, ()),
            b"displayed": ("displayed", False, ()),
            b"manual-action/MDN-sent-manually; seen": ("", False, ()),
            b"": ("", False, ()),
            b"\xff;\xff": ("", False, ()),
        }
        for value, expected in cases.items():
            with self.subTest(value=value):
                found = read_report(receipt(b"Disposition: " + value)).disposition
                self.assertEqual((found.type, found.was_automatic, found.modifiers), expected)

    def test_no_fields(self):
        report = read_report(receipt(b""))
        self.assertEqual((report.kind, report.disposition.type), ("disposition", ""))

    def test_who_read_it_is_who_was_written_to(self):
        found = read_report(
            receipt(
                b"Final-Recipient: rfc822; jane@new.example.org\n"
                b"Original-Recipient: rfc822; jane@example.org\nDisposition: x; displayed"
            )
        ).disposition
        self.assertEqual(found.recipient, "jane@example.org")

    def test_without_a_part_for_machines(self):
        raw = receipt(b"").replace(b"message/disposition-notification", b"text/plain")
        report = read_report(raw)
        self.assertEqual((report.kind, report.disposition), ("disposition", None))

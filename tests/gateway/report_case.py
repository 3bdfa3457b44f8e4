"""Shared by the tests of reports: sample messages, and delivery reports built from a few lines."""

from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.reports import read_report

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "reports"
OURS = "<317.1795170000.123456@odoo.example.com>"


def sample(name):
    """Return the bytes of a sample message."""
    return (SAMPLES / f"{name}.eml").read_bytes()


def delivery_report(*blocks, header=b"", part=b"Content-Type: message/delivery-status", extra=b""):
    """Return a delivery report with these blocks of fields."""
    return b"\n".join(
        (
            b"From: MAILER-DAEMON@example.org",
            *([header] if header else []),
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            b"",
            b"--b",
            b"",
            b"This is a report.",
            b"--b",
            part,
            b"",
            b"\n\n".join(blocks),
            *([extra] if extra else []),
            b"--b--",
            b"",
        )
    )


class ReportCase(BaseCase):
    def report(self, name):
        """Return the report of a sample, which must be one."""
        report = read_report(sample(name))
        self.assertIsNotNone(report, name)
        return report

    def only(self, report):
        """Return the only recipient of a report."""
        self.assertEqual(len(report.recipients), 1, report.recipients)
        return report.recipients[0]

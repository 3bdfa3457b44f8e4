from .common import DATA, GatewayCase

# The message that the samples in data/reports are about.
ORIGINAL = b"<317.1795170000.123456@odoo.example.com>"
JANE, JOHN = "jane@example.org", "john@example.net"

REPORT = """\
From: MAILER-DAEMON@mx.example.org
To: bounce@postmaster.test
Subject: Report
Message-Id: <%(type)s.%(number)s@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=%(type)s; boundary=b

--b
Content-Type: text/plain

A report.
--b
Content-Type: message/%(type)s

%(fields)s

--b
Content-Type: text/rfc822-headers

Message-Id: %(about)s
Subject: Our offer

--b--
"""


def sample_report(name, sent, number=1):
    """Return a sample of data/reports as bytes, about a message, with a unique Message-Id.

    :param sent: the ``mail.message``; empty for an unknown message
    :param int number: a different number makes a different report
    """
    original = sent.message_id.encode() if sent else b"<unknown@example.com>"
    raw = (DATA / "reports" / f"{name}.eml").read_bytes().replace(ORIGINAL, original)
    raw = raw.replace(b"bounce@example.com", b"bounce@postmaster.test")
    header, empty_line, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    lines = [line for line in header.splitlines() if not line.lower().startswith(b"message-id:")]
    lines.append(f"Message-Id: <{name}.{sent.id or 0}.{number}@reports.test>".encode())
    return b"\n".join(lines) + empty_line + rest


class ReportsCase(GatewayCase):
    """A message sent to two contacts, and reports about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        partners = cls.env["res.partner"]
        cls.record = partners.create({"name": "Quotation"})
        cls.jane, cls.john = partners.create(
            [
                {"name": "Jane", "email": JANE},
                {"name": "John", "email": JOHN},
            ]
        )
        cls.sent = cls.send(cls.jane + cls.john)

    @classmethod
    def send(cls, partners, **values):
        """Post a message to contacts, as if it had been sent to them."""
        message = cls.record.message_post(
            body="Our offer",
            partner_ids=partners.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **values,
        )
        message.notification_ids.write({"notification_status": "sent"})
        return message

    def delivery_report(self, about, address, status="5.1.1", action="failed", number=1):
        """Return a report that anyone could forge with a Message-Id and an address."""
        return (
            REPORT
            % {
                "number": number,
                "type": "delivery-status",
                "about": about,
                "fields": "Reporting-MTA: dns; mx.example.org\n\n"
                f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}",
            }
        ).encode()

    def complaint(self, about, address, number=1):
        """Return a complaint that anyone could forge (RFC 5965), about an address if given."""
        return (
            REPORT
            % {
                "number": number,
                "type": "feedback-report",
                "about": about,
                "fields": "Feedback-Type: abuse\nUser-Agent: Example/1.0\nVersion: 1"
                + (f"\nOriginal-Rcpt-To: {address}" if address else ""),
            }
        ).encode()

    def report(self, name, sent=None, number=1, replace=()):
        """Return a sample report about a message; ``number`` makes it a different one."""
        raw = sample_report(name, self.sent if sent is None else sent, number)
        for old, new in replace:
            raw = raw.replace(old, new)
        return raw

    def notification(self, partner, sent=None):
        return (sent or self.sent).notification_ids.filtered(
            lambda known: known.res_partner_id == partner
        )

    def assertNotBounced(self, *partners):
        for partner in partners or (self.jane, self.john):
            self.assertEqual(self.notification(partner).notification_status, "sent")
            self.assertEqual(partner.message_bounce, 0)

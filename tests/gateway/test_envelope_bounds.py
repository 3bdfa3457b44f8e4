"""Reading the envelope takes a moment, whatever the header: it is read before any limit applies."""

from odoo.addons.mail_postmaster.gateway import envelope
from odoo.addons.mail_postmaster.gateway.envelope import MOST_RECIPIENTS, read_envelope

from .timing import FACTOR, GrowthCase

SIZE = 990_000
START = b"From: Jane <jane@customer.test>\r\nSubject: Hello\r\nMessage-Id: <one@customer.test>\r\n"
# One pattern, repeated until the header has nearly a megabyte.
PATTERNS = {
    "names": (b"To: ", b"a1, "),
    "addresses": (b"To: ", b"a1@example.com, "),
    "one address": (b"To: ", b"a@b.c,"),
    "separators": (b"Cc: ", b"<>:;,"),
    "parentheses": (b"To: ", b"("),
    "folded": (b"To: ", b"a@b.c,\r\n "),
    "8 bit": (b"To: ", b"\xff@b,"),
    "words in the sender": (b"From: ", b"a b, "),
    "comments in the sender": (b"From: ", b"(\\)"),
    "subject": (b"Subject: ", b"x y"),
    "encoded words": (b"Subject: ", b"=?utf-8?q?x?= "),
    "date": (b"Date: ", b"1 "),
    "digits": (b"Date: ", b"1"),
    "message ids": (b"Message-Id: ", b"<a@b>"),
    "references": (b"References: ", b"<a@b> "),
    "recipient fields": (b"", b"To: a\r\n"),
    "empty recipient fields": (b"", b"To:,\r\n"),
    "encoded recipient fields": (b"", b"To: " + b"=?utf-8?q?x?= " * 3500 + b"\r\n"),
    "other fields": (b"", b"X: y\r\n"),
    "blank lines": (b"To: ", b"\r\n "),
}


def large(name, size=SIZE):
    """Return header lines of ``size`` bytes; by default nearly a megabyte."""
    start, pattern = PATTERNS[name]
    return (start + pattern * (size // len(pattern))).removesuffix(b"\r\n") + b"\r\n"


class TestEnvelopeBounds(GrowthCase):
    def test_time_grows_with_the_size(self):
        for name in PATTERNS:
            with self.subTest(name):
                self.assertGrowsWithSize(
                    read_envelope,
                    lambda size, name=name: large(name, size) + b"\r\nbody",
                    SIZE // FACTOR,
                )

    def test_what_is_around_a_large_field_is_read(self):
        for name in PATTERNS:
            raw = START + large(name) + b"Delivered-To: sales@example.com\r\n\r\nTo: body@x.test"
            with self.subTest(name):
                found = read_envelope(raw)
                self.assertEqual(found.sender_address, "jane@customer.test")
                self.assertEqual(found.subject, "Hello")
                self.assertEqual(found.message_id, "<one@customer.test>")
                self.assertIn("sales@example.com", found.recipients)
                self.assertNotIn("body@x.test", found.recipients)

    def test_recipients_in_large_fields(self):
        addresses = [b"u%d@example.com" % number for number in range(MOST_RECIPIENTS)]
        padding = b"x" * 400
        field = b"To: " + b", ".join(b'"%s" <%s>' % (padding, one) for one in addresses)
        found = read_envelope(START + field + b"\r\n\r\n").recipients
        self.assertGreaterEqual(len(found), 100)
        self.assertEqual(list(found), [one.decode() for one in addresses[: len(found)]])

    def test_address_that_is_cut_off_is_no_other_address(self):
        """The first half of sales@example.company.test may be an address, too."""
        for start in range(envelope.LONGEST_FIELD - 30, envelope.LONGEST_FIELD + 2):
            text = b"x" * start + b", sales@example.company.test, " + b"y" * 200_000
            found = read_envelope(START + b"To: " + text + b"\r\n\r\n").recipients
            self.assertIn(found, ((), ("sales@example.company.test",)))
            text = b"x" * start + b" <jane@customer.company.test>" + b"\r\n y" * 100_000
            sender = read_envelope(b"From: " + text + b"\r\n\r\n").sender_address
            self.assertIn(sender, ("", "jane@customer.company.test"))

    def test_large_header_reads_like_a_small_one(self):
        """What the parser skips, or takes as the end of the header, it does in both."""
        filler = b"X-Filler: " + b"z" * 200_000 + b"\r\n"
        for lines in (
            b"From jane Fri Nov 20 10:00:00\r\nTo: a@b.test\r\n",
            b"To: a@b.test\r\nFrom jane Fri\r\n folded@x.test\r\nCc: c@d.test\r\n",
            b" folded@x.test\r\nTo: a@b.test\r\n",
            b": no name\r\n folded@x.test\r\nTo: a@b.test\r\n",
            b"To: a@b.test\r\nno field\r\nCc: c@d.test\r\n",
            b"To: a@b.test,\r\n c@d.test\rCc: e@f.test\nBcc: g@h.test\r\n",
            b"To : a@b.test\r\nCc: c@d.test\r\n",
            b"TO: a@b.test\r\nto: c@d.test\r\n\tdate: e@f.test\r\n",
        ):
            for small, grown in ((lines, filler + lines), (lines, lines + filler)):
                with self.subTest(grown[:30]):
                    self.assertEqual(read_envelope(small + b"\r\n"), read_envelope(grown + b"\r\n"))

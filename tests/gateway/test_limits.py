from odoo.tools import file_open

from odoo.addons.mail_postmaster.gateway import automatic, envelope, fingerprint, hops, recipients
from odoo.addons.mail_postmaster.gateway.limits import LIMITS, Excess, exceeded

from .hostile_mails import CASES, COSTLY, FROM_TO, HTML, MULTIPART, PARAGRAPH, parts
from .report_case import SAMPLES
from .timing import GrowthCase

ALL_SAMPLES = sorted(SAMPLES.parent.rglob("*.eml"))
# An attachment as people send it, its name in an encoding of two or more bytes per character.
ATTACHMENT = (
    b"Content-Type: application/pdf; name*=UTF-8''"
    + b"%E5%A0%B1" * 30
    + b"\r\nContent-Disposition: attachment; filename*=UTF-8''"
    + b"%E5%A0%B1" * 30
    + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"QUJD\r\n" * 20
)


class TestLimits(GrowthCase):
    def test_every_hostile_mail_meets_its_limit(self):
        for name, (make, number, limit) in CASES.items():
            with self.subTest(name):
                excess = exceeded(make(number))
                self.assertEqual(excess.name if excess else None, limit)
                if excess:
                    self.assertGreater(excess.count, excess.most)
                    self.assertEqual(excess.most, LIMITS[limit].default)

    def test_every_limit_is_met_by_one(self):
        large = {"raw_bytes", "parts", "text_bytes", "html_bytes"}
        self.assertEqual(
            {limit for _make, _number, limit in CASES.values()} - {None} | large, set(LIMITS)
        )
        for limit, raw in {
            "raw_bytes": FROM_TO + b"\r\n" + b"x" * 200_000,
            "parts": parts(b"Content-Type: multipart/mixed; boundary=x\r\n", 30),
            "text_bytes": FROM_TO + b"\r\n" + b"x" * 2_000_000,
            "html_bytes": HTML + b"\r\n" + b"x" * 200_000,
        }.items():
            with self.subTest(limit):
                smallest = LIMITS[limit].smallest
                excess = exceeded(raw, {limit: smallest})
                self.assertEqual((excess.name, excess.most), (limit, smallest))
                self.assertEqual(excess.reason, f"limit_{limit}")
                self.assertIsNone(exceeded(raw))

    def test_normal_mail_is_far_below(self):
        """The samples reach at most a tenth of any limit."""
        self.assertGreater(len(ALL_SAMPLES), 40)
        tenth = {name: limit.default / 10 for name, limit in LIMITS.items() if name != "levels"}
        for path in ALL_SAMPLES:
            with self.subTest(path.name):
                self.assertIsNone(exceeded(path.read_bytes(), tenth))

    def test_large_mail_of_people_is_below(self):
        for name, raw in {
            "100 attachments": parts(ATTACHMENT, 100),
            "1500 recipients": b"Cc: "
            + b", ".join(
                b'"Example, Person %d (Sales)" <person.%d@department.example.com>' % (n, n)
                for n in range(1500)
            )
            + b"\r\n"
            + FROM_TO
            + b"\r\nx",
            "a long conversation": b"References: "
            + b"\r\n ".join(b"<0123456789abcdef.%d@mail.example.com>" % n for n in range(1000))
            + b"\r\n"
            + FROM_TO
            + b"\r\nx",
            "a table": HTML
            + b"\r\n<table>"
            + (b"<tr>" + b"<td>1</td>" * 8 + b"</tr>") * 5000
            + b"</table>",
            "quoted 40 times": HTML + b"\r\n" + b"<div><blockquote><p>x</p>" * 40,
            "a picture in HTML": HTML + b"\r\n<img src='data:image/png;base64," + b"A" * 10**7,
            "pictures between texts": parts(
                b"Content-Type: text/html\r\n\r\n" + PARAGRAPH * 2 + b"\r\n--b\r\n" + ATTACHMENT, 60
            ),
        }.items():
            with self.subTest(name):
                self.assertIsNone(exceeded(raw))

    def test_real_html_is_far_below(self):
        """All newsletters of Odoo's designer together reach a tenth of the limit."""
        with file_open("mass_mailing_themes/views/mass_mailing_themes_templates.xml", "rb") as file:
            raw = HTML + b"\r\n" + file.read()
        self.assertIsNone(
            exceeded(
                raw, {name: LIMITS[name].default // 10 for name in ("html_tags", "text_effort")}
            )
        )

    def test_counts(self):
        raw = MULTIPART.replace(b"\r\n\r\n", b"\r\nReferences: <a@b> <c@d>\r\n\r\n") + (
            b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
            b"--c\r\n\r\nhello\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>hello\r\n--c--\r\n"
            b"--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nx\r\n"
            b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: bob@example.com (a (b))\r\n\r\nx"
            b"\r\n--b--\r\n"
        )
        counts = {
            "parts": 7,
            "levels": 2,
            "attachments": 2,
            "text_parts": 3,
            "addresses": 3,
            "references": 2,
            "comment_levels": 2,
            "parameters": 3,
            "html_tags": 1,
            # With html and body, which are always there.
            "html_levels": 3,
            "header_fields": 4,
        }
        for name, number in counts.items():
            with self.subTest(name):
                self.assertIsNone(exceeded(raw, {name: number}))
                self.assertEqual(exceeded(raw, {name: number - 1}).name, name)
        self.assertIsNone(exceeded(raw, {"raw_bytes": len(raw)}))
        self.assertEqual(exceeded(raw, {"raw_bytes": len(raw) - 1}).name, "raw_bytes")

    def test_at_the_limit_is_not_above(self):
        raw = parts(b"Content-Type: application/pdf\r\n\r\nx", 10)
        self.assertIsNone(exceeded(raw, {"attachments": 10}))
        self.assertEqual(exceeded(raw, {"attachments": 9}), Excess("attachments", 10, 9))

    def test_what_is_no_mail(self):
        for raw in (
            b"",
            b"\n",
            b"\0" * 1000,
            b"\xff\xfe" * 1000,
            b"Content-Type:",
            b"--",
            b"Content-Type: multipart/mixed; boundary=\xff\n\n--\xff\n",
            b"Content-Type: text/html; charset=\0\n\n<",
            b"To: a:;\n\n",
            b"Content-Type: text/plain; charset*0*=x''%ff\n\nx",
        ):
            with self.subTest(raw[:30]):
                self.assertIsNone(exceeded(raw))

    def test_time_is_linear(self):
        for name, (make, number, _limit) in CASES.items():
            # What is costly is so by its content, and a small part of it says how it grows.
            is_costly = name in COSTLY
            for function in (exceeded,) if is_costly else (exceeded, _read_headers):
                with self.subTest(name, function=function.__name__):
                    self.assertGrowsWithSize(function, make, number // (64 if is_costly else 16))


def _read_headers(raw):
    """Read what the intake and the rules before routing read."""
    envelope.read_envelope(raw)
    fingerprint.digest(raw)
    header = fingerprint.split_header(raw)[0]
    for trusted in ((), ("Delivered-To", "Received")):
        recipients.envelope_recipients(header, trusted=trusted)
    hops.count_hops(header, "@example.com")
    automatic.classify(header)

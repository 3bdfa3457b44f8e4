from random import Random

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.preview import (
    LONGEST_MAIL,
    LONGEST_TEXT,
    clean_html,
    preview,
)

from .timing import FACTOR, GrowthCase

WORDS = {"empty": "NO TEXT", "cut": "NOT ALL"}

BOTH = b"""\
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain

the plain one
--x
Content-Type: text/html; charset=utf-8

<p>the <b>rich</b> one</p>
--x--
"""


def body(raw):
    page = preview(raw, WORDS)
    return page[page.index("<body>") + len("<body>") : page.index("</body>")]


def nested(levels):
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(levels)
    )
    return head + b"Content-Type: text/plain\n\ninnermost\n"


class TestPreview(GrowthCase):
    def test_what_is_shown(self):
        cases = {
            "plain": (b"Subject: x\n\n1 < 2\n", "<pre>1 &lt; 2\n</pre>"),
            "html is preferred": (BOTH, "<p>the <b>rich</b> one</p>"),
            "charset": (b"Content-Type: text/plain; charset=latin-1\n\n\xe9", "<pre>é</pre>"),
            "unknown charset": (
                b"Content-Type: text/plain; charset=x-nobody\n\n\xe9",
                "<pre>é</pre>",
            ),
            "wrong charset": (b"Content-Type: text/plain; charset=utf-8\n\n\xe9", "<pre>é</pre>"),
            "charset with a NUL": (
                b'Content-Type: text/plain; charset="a\0b"\n\nx',
                "<pre>x</pre>",
            ),
            "NUL": (b"Subject: x\n\na\0b", "<pre>ab</pre>"),
            "not base64": (b"Content-Transfer-Encoding: base64\n\n!", ""),
            "an attached mail": (b"Content-Type: message/rfc822\n\nSubject: in\n\nhello", "hello"),
            "multipart without parts": (b"Content-Type: multipart/report\n\nfoo", "NO TEXT"),
            "empty": (b"", "NO TEXT"),
            "nothing but NUL": (b"\0\0\0", "NO TEXT"),
            "no header": (b"\xff\xfe\x00garbage", "garbage"),
            "nested beyond reason": (nested(2000), "innermost"),
        }
        for name, (raw, expected) in cases.items():
            with self.subTest(name):
                self.assertIn(expected, body(raw))

    def test_attachments_are_named_not_shown(self):
        raw = (
            b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x\n"
            b"Content-Type: text/html\n"
            b'Content-Disposition: attachment; filename="<b>.html"\n\n<p>inside</p>\n--x--\n'
        )
        self.assertIn("<pre>text</pre>", body(raw))
        self.assertIn("&lt;b&gt;.html (text/html, 13 B)", body(raw))
        self.assertNotIn("inside", body(raw))

    def test_names_in_any_bytes(self):
        for name in (
            b'filename="\xe9\xff.pdf"',
            b"filename*=utf-8''%C3%A9.pdf",
            b"filename*=x''%zz",
        ):
            raw = (
                b"Content-Type: application/pdf\nContent-Disposition: attachment; "
                + name
                + b"\n\nx"
            )
            with self.subTest(name=name):
                self.assertIn("(application/pdf, 1 B)", body(raw))
                preview(raw, WORDS).encode()

    def test_size_is_bounded(self):
        cases = {
            "plain": b"\n" + b"x" * (LONGEST_MAIL + 1),
            "html": b"Content-Type: text/html\n\n" + b"<i>x</i>" * LONGEST_TEXT,
            "escaped": b"\n" + b"<" * LONGEST_MAIL,
        }
        for name, raw in cases.items():
            with self.subTest(name):
                self.assertLess(len(body(raw)), 8 * LONGEST_TEXT)
                self.assertIn("NOT ALL", body(raw))

    def test_odd_markup_takes_no_time(self):
        """Python's own HTML parser needs minutes for some of these."""
        for piece in (b"<![CDATA[", b"<a ", b"<!--", b"&#", b"<a b='", b"<div>", b"<table><td>"):
            with self.subTest(piece=piece):
                self.assertGrowsWithSize(
                    lambda raw: preview(raw, WORDS),
                    lambda size, piece=piece: (
                        b"Content-Type: text/html\n\n" + piece * (size // len(piece))
                    ),
                    LONGEST_TEXT // FACTOR,
                )

    def test_any_bytes_give_a_page(self):
        random = Random(19)
        for _round in range(1000):
            raw = bytearray(BOTH)
            for _change in range(random.randint(1, 30)):
                raw[random.randrange(len(raw))] = random.choice((0, 10, 34, 60, 61, 62, 233, 255))
            self.assertIn("</body>", preview(bytes(raw), WORDS))


class TestCleanHtml(BaseCase):
    def test_nothing_is_fetched_or_runs(self):
        cases = [
            ("<script>steal()</script>after", "steal"),
            ("<p onclick='steal()'>x</p>", "steal"),
            ("<img src='https://spy.test/1.png'>", "spy"),
            ("<img srcset='https://spy.test/1.png'>", "spy"),
            ("<img src='DATA:text/html,spy'>", "spy"),
            ("<img src='data:image/svg+xml;base64,spy'>", "spy"),
            ("<link rel=preconnect href='//spy.test'>", "spy"),
            ("<meta http-equiv=refresh content='0;url=//spy.test'>", "spy"),
            ("<base href='//spy.test'>", "spy"),
            ("<style>@import '//spy.test'</style>", "spy"),
            ("<p style='background: url(//spy.test)'>x</p>", "spy"),
            (r"<p style='background: u\72l(//spy.test)'>x</p>", "spy"),
            ("<p style='position: fixed; top: 0'>x</p>", "fixed"),
            ("<iframe src='//spy.test'>spy</iframe>", "spy"),
            ("<form action='//spy.test'><input name=spy></form>", "spy"),
            ("<object data='//spy.test'></object>", "spy"),
            ("<svg><script>spy()</script><a href='spy'>x</a></svg>", "spy"),
            ("<video src='//spy.test' poster='//spy.test'></video>", "spy"),
            ("<table background='//spy.test'><tr><td>x</table>", "spy"),
            ("<!-- spy --><?php spy ?>x", "spy"),
            ("<noscript><p>spy</p></noscript>x", "spy"),
        ]
        for text, forbidden in cases:
            with self.subTest(text):
                self.assertNotIn(forbidden, clean_html(text + "<p>end</p>").lower())

    def test_what_stays(self):
        cases = [
            ("<p style='color: red'>x</p>", '<p style="color: red">x</p>'),
            ("a<br>b", "a<br>b"),
            ("<unknown>text</unknown> tail", "text tail"),
            ("1 &lt; 2 &amp; 3", "1 &lt; 2 &amp; 3"),
            ("<script>x</script>after", "after"),
            (
                "<img src='data:image/png;base64,AAAA' alt='logo'>",
                '<img src="data:image/png;base64,AAAA" alt="logo">',
            ),
        ]
        for text, expected in cases:
            with self.subTest(text):
                self.assertIn(expected, clean_html(text))

    def test_a_link_shows_where_it_leads(self):
        cleaned = clean_html("<a href='https://bank.test/?a=1' target='_top'>my bank</a>")
        self.assertEqual(cleaned.strip(), '<a title="https://bank.test/?a=1">my bank</a>')

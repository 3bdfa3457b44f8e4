"""For every message, Python's parser finds the parts that were predicted."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.limits import exceeded
from odoo.addons.mail_postmaster.gateway.mime import walk

from .properties import given, settings, st
from .test_mime import types, types_of_parser

# No report, whose blocks the parser parses as parts, and no boundary that ends like another.
PIECES = st.sampled_from(
    (
        b"--a\n",
        b"--b\n",
        b"--a--\n",
        b"--b--\r\n",
        b"--\n",
        b"----\n",
        b"--a \t\n",
        b"x--a\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\r\n\r\n",
        b"text\n",
        b"A: b\n",
        b" fold\n",
        b"From a b\n",
        b"--a",
        b"--a:x\n",
        b"Content-Type: multipart/mixed; boundary=a\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: multipart/digest; boundary=b\n",
        b'Content-Type: multipart/x; boundary=""\n',
        b"Content-Type: multipart/mixed\n",
        b'Content-Type: multipart/report; boundary="a:x"\n',
        b"Content-Type: text/html\n",
        b"\0",
        b"\xff",
    )
)


class TestProperties(BaseCase):
    @settings(max_examples=400, deadline=None)
    @given(st.lists(PIECES, max_size=40))
    def test_the_same_parts_as_the_parser(self, pieces):
        raw = b"".join(pieces)
        self.assertEqual(types(raw), types_of_parser(raw))

    @settings(max_examples=200, deadline=None)
    @given(st.lists(PIECES | st.binary(max_size=30), max_size=40).map(b"".join))
    def test_each_part_ends_once_and_inside_its_own(self, raw):
        begun = []
        for part, is_over in walk(raw):
            if is_over:
                self.assertIs(part, begun.pop())
                self.assertLessEqual(part.start, part.end)
                self.assertLessEqual(part.end, len(raw))
            else:
                self.assertEqual(part.level, len(begun))
                begun.append(part)
        self.assertEqual(begun, [])
        exceeded(raw)

"""For every message on its whole way: nothing raises, and everything can be stored, in time."""

import time

from odoo.tests import BaseCase

from . import strict_writer
from .damaged_mails import PIECES, damaged
from .odd_mails import SHAPES
from .properties import CASES, example, given, settings, st
from .whole_way import unstorable, whole_way

# CPU time, on a machine with other load, which doubles it; one of these messages takes some
# hundredths, the one with many addresses up to a second.
MOST_SECONDS = 4
NAMES = st.sampled_from(
    (
        b"From",
        b"To",
        b"Cc",
        b"Sender",
        b"Date",
        b"Subject",
        b"Message-Id",
        b"References",
        b"Return-Path",
        b"Received",
        b"Delivered-To",
        b"Content-Type",
        b"Content-Disposition",
        b"Content-Transfer-Encoding",
        b"Content-Id",
        b"MIME-Version",
        b"Auto-Submitted",
        b"Authentication-Results",
        b"DKIM-Signature",
        b"X-Failed-Recipients",
    )
)
VALUES = st.sampled_from(
    (
        b"a@example.com",
        b"<a@example.com>",
        b"multipart/mixed; boundary=b",
        b"text/plain; charset=",
        b"multipart/report; boundary=b; report-type=delivery-status",
        b"message/rfc822",
        b"text/html",
        b"message/delivery-status",
        b"base64",
        b"text/plain; a*",
        b"attachment; filename*0*=x",
        b"mx.example.com; dmarc=pass header.from=example.com",
        b"v=1; a=rsa-sha256; d=example.com",
        b"Fri, 20 Nov 99999999999999 10:00:00 +0000",
        b"=?utf-8?q?=00?=",
    )
)
octets = st.binary(max_size=40)
value = st.lists(VALUES | octets | st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join)
field = st.builds(lambda name, text: name + b": " + text + b"\r\n", NAMES, value)
block = st.builds(
    lambda fields, text: b"".join(fields) + b"\r\n" + text + b"\r\n--b\r\n",
    st.lists(field, max_size=6),
    octets | st.sampled_from(PIECES),
)
made = st.lists(block, min_size=1, max_size=5).map(b"".join)


class TestWholeWay(BaseCase):
    def setUp(self):
        super().setUp()
        # What makes one Python raise must be visible on all of them.
        for patched in strict_writer.patches():
            self.startPatcher(patched)

    def go(self, raw):
        """Process a message, and return the result of each step."""
        start = time.process_time()
        way = whole_way(raw)
        self.assertLess(time.process_time() - start, MOST_SECONDS)
        self.assertEqual(unstorable(way), [])
        return way

    @settings(CASES, max_examples=200)
    @given(made | octets)
    def test_mails_made_up(self, raw):
        self.go(raw)

    @settings(CASES, max_examples=200)
    @example(damaged(81))
    @given(st.integers(0, 1_000_000).map(damaged))
    def test_samples_damaged(self, raw):
        self.go(raw)

    def test_odd_mails(self):
        for name, odd in SHAPES.items():
            with self.subTest(name):
                self.go(odd.raw)

    def test_a_step_that_raises_is_seen(self):
        """The other tests can fail: nothing on the way hides an exception or a bad text."""
        with self.assertRaises(TypeError):
            whole_way("text")
        way = whole_way(b"Subject: x\r\n\r\n")
        way["trace"].steps.append({"params": {"name": "a\0b"}})
        self.assertEqual(unstorable(way), ["a\0b"])

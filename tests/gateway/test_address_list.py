import time

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.address_list import read_addresses

CASES = [
    ("", []),
    (" , ;; ", []),
    ("a@x.test", ["a@x.test"]),
    ("a@x.test, b@x.test", ["a@x.test", "b@x.test"]),
    ("a@x.test;b@x.test", ["a@x.test", "b@x.test"]),
    ("a@x.test b@x.test", ["a@x.test", "b@x.test"]),
    ("a@x.test,\tb@x.test", ["a@x.test", "b@x.test"]),
    ("Anna <a@x.test>", ["a@x.test"]),
    ("<a@x.test>, <b@x.test>", ["a@x.test", "b@x.test"]),
    ("<a@x.test> <b@x.test>", ["a@x.test", "b@x.test"]),
    ('"Doe, Anna" <a@x.test>', ["a@x.test"]),
    ('"Anna \\"b@x.test\\"," <a@x.test>', ["a@x.test"]),
    ('"b@x.test" <a@x.test>', ["a@x.test"]),
    ("b@x.test <a@x.test>", ["a@x.test"]),
    ("a@x.test (Anna, b@x.test)", ["a@x.test"]),
    ("a@x.test (Anna (b@x.test) c@x.test), d@x.test", ["a@x.test", "d@x.test"]),
    ("(open a@x.test, b@x.test", ["a@x.test", "b@x.test"]),
    ("a@x.test (open, b@x.test", ["a@x.test", "b@x.test"]),
    ("a@x.test), b@x.test", ["a@x.test", "b@x.test"]),
    ('"open a@x.test, b@x.test', ["a@x.test", "b@x.test"]),
    ("<a@x.test, b@x.test", ["a@x.test", "b@x.test"]),
    ("Team: a@x.test, Bob <b@x.test>; c@x.test", ["a@x.test", "b@x.test", "c@x.test"]),
    ("undisclosed-recipients:;", []),
    ("<>", []),
    ("mailto:a@x.test", ["a@x.test"]),
    ("<mailto:a@x.test>", ["a@x.test"]),
    ("<@h.test:a@x.test>", ["a@x.test"]),
    ('"john doe"@x.test', ['"john doe"@x.test']),
    ('"Anna" a@x.test', ["a@x.test"]),
    ("not an address", ["not an address"]),
    ("Doe, Anna <a@x.test>", ["Doe", "a@x.test"]),
]


class TestAddressList(BaseCase):
    def test_what_people_write(self):
        for text, expected in CASES:
            with self.subTest(text=text):
                self.assertEqual(list(read_addresses(text)), expected)

    def test_time_grows_with_the_length_only(self):
        start = time.monotonic()
        for piece in (
            '"',
            "\\",
            '"\\',
            "<",
            ">",
            "(",
            ")",
            "()",
            "(a",
            ":",
            ";",
            ",",
            "a@b ",
            "<a@b>",
        ):
            list(read_addresses(piece * 100_000))
        self.assertLess(time.monotonic() - start, 15)

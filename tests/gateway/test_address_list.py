from odoo.addons.mail_postmaster.gateway.address_list import read_addresses

from .timing import GrowthCase

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


class TestAddressList(GrowthCase):
    def test_what_people_write(self):
        for text, expected in CASES:
            with self.subTest(text=text):
                self.assertEqual(list(read_addresses(text)), expected)

    def test_time_grows_with_the_length_only(self):
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
            with self.subTest(piece):
                self.assertGrowsWithSize(
                    lambda text: list(read_addresses(text)), piece.__mul__, 12_500
                )

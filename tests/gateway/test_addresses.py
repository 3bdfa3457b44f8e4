from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import addresses
from odoo.addons.mail_postmaster.gateway.addresses import BadAddress, BadDomains

from .timing import GrowthCase

CANONICAL = [
    ("sales@example.com", "sales@example.com"),
    ("Sales@Example.COM", "sales@example.com"),
    (" sales@example.com ", "sales@example.com"),
    ("sales@example.com.", "sales@example.com"),
    ('"sales"@example.com', "sales@example.com"),
    ('"s\\ales"@example.com', "sales@example.com"),
    ('"John Doe"@example.com', '"john doe"@example.com'),
    ('"a\\"b\\\\"@example.com', '"a\\"b\\\\"@example.com'),
    ('"a@b"@example.com', '"a@b"@example.com'),
    ("a..b@example.com", "a..b@example.com"),
    ("sales+Ref@example.com", "sales+ref@example.com"),
    ("Verkäufe@example.com", "verkäufe@example.com"),
    ("verka\u0308ufe@example.com", "verkäufe@example.com"),
    ("sales@MÜNCHEN.example", "sales@xn--mnchen-3ya.example"),
    ("sales@XN--MNCHEN-3YA.example", "sales@xn--mnchen-3ya.example"),
    ("sales@straße.example", "sales@xn--strae-oqa.example"),
    ("sales@exam\u00adple.com", "sales@example.com"),
    ("sales@example\u3002com", "sales@example.com"),
    ("sales@ｅｘａｍｐｌｅ.com", "sales@example.com"),
    ("sales@mail_1.example.com", "sales@mail_1.example.com"),
    ("sales@r3---x.example.com", "sales@r3---x.example.com"),
    ("root@localhost", "root@localhost"),
    ("x" * 255 + "@example.com", "x" * 255 + "@example.com"),
]
BAD = [
    ("", "no_at"),
    ("sales", "no_at"),
    ("@example.com", "empty_local_part"),
    ('""@example.com', "empty_local_part"),
    ("sales@", "empty_domain"),
    ("sales@ ", "empty_domain"),
    ("x" * 256 + "@example.com", "local_part_too_long"),
    ("ä" * 128 + "@example.com", "local_part_too_long"),
    ("a@" + "b." * 128 + "c", "domain_too_long"),
    ("a@" + "ä." * 100 + "com", "domain_too_long"),
    ("a" * 10_000 + "@example.com", "local_part_too_long"),
    ("a@" + "b" * 10_000, "domain_too_long"),
    ("@" * 10_000, "local_part_too_long"),
    ("sa\0les@example.com", "control_character"),
    ("sales@exa\0mple.com", "control_character"),
    ("sales@example.com\n", "control_character"),
    ("sales\r\nBcc: x@example.com", "control_character"),
    ("sa\u200bles@example.com", "control_character"),
    ("\udcff@example.com", "control_character"),
    ("sales@\udcff", "control_character"),
    ("a b@example.com", "bad_local_part"),
    ("a@b@example.com", "bad_local_part"),
    ("a,b@example.com", "bad_local_part"),
    ('"a@example.com', "bad_local_part"),
    ("<a@example.com>", "bad_local_part"),
    ("a@example..com", "bad_domain"),
    ("a@.example.com", "bad_domain"),
    ("a@-example.com", "bad_domain"),
    ("a@exam ple.com", "bad_domain"),
    ("a@*.example.com", "bad_domain"),
    ("a@" + "b" * 64 + ".com", "bad_domain"),
    ("a@xn--a.com", "bad_idn"),
    ("a@xn--.com", "bad_idn"),
    ("a@i\u2764.example", "bad_idn"),
    ("a@\u0301.example", "bad_idn"),
    ("a@[127.0.0.1]", "domain_literal"),
]


class TestCanonical(GrowthCase):
    def test_spellings(self):
        for address, expected in CANONICAL:
            with self.subTest(address=address):
                self.assertEqual(addresses.canonical(address), expected)
                self.assertEqual(addresses.canonical(expected), expected)

    def test_bad_addresses_and_their_reasons(self):
        for address, reason in BAD:
            with self.subTest(address=address[:80]), self.assertRaises(BadAddress) as caught:
                addresses.canonical(address)
            self.assertEqual(caught.exception.reason, reason, address[:80])

    def test_long_domains_do_not_reach_idna(self):
        with patch.object(addresses.idna, "uts46_remap") as remap, self.assertRaises(BadAddress):
            addresses.canonical("a@" + "\u0e33" * 10_000)
        remap.assert_not_called()

    def test_long_addresses_take_no_time(self):
        def read(address):
            with self.assertRaises(BadAddress):
                addresses.canonical(address)

        for piece in ("a", '"', '"\\', "@", "ä"):
            for form in ("{}", "{}@x.test", "a@{}", '"{}"@x.test'):
                with self.subTest(form.format(piece)):
                    self.assertGrowsWithSize(
                        read,
                        lambda size, form=form, piece=piece: form.format(piece * size),
                        1_250,
                    )

    def test_every_character_has_one_form(self):
        for number in [*range(0x3000), *range(0xFB00, 0x10000), *range(0x1E900, 0x1E960)]:
            for address in (f"a{chr(number)}@x.test", f"{chr(number)}@x.test"):
                try:
                    once = addresses.canonical(address)
                except BadAddress:
                    continue
                self.assertEqual(addresses.canonical(once), once, hex(number))


class TestDisplay(BaseCase):
    def test_domain_is_shown_as_it_is_read(self):
        cases = [
            ("sales@xn--mnchen-3ya.example", "sales@münchen.example"),
            ("sales@xn--strae-oqa.example", "sales@straße.example"),
            ("sales@example.com", "sales@example.com"),
            ("*.xn--mnchen-3ya.example", "*.münchen.example"),
            ("a@xn--a.com", "a@xn--a.com"),
            ("", ""),
            ("xn--" + "a" * 10_000, "xn--" + "a" * 10_000),
        ]
        for address, expected in cases:
            with self.subTest(address=address[:80]):
                self.assertEqual(addresses.display(address), expected)

    def test_what_is_shown_can_be_typed(self):
        for _address, canonical in CANONICAL:
            self.assertEqual(addresses.canonical(addresses.display(canonical)), canonical)


class TestDomains(BaseCase):
    def test_parse(self):
        cases = [
            ("", ()),
            (" , ;\n", ()),
            ("a.com", ("a.com",)),
            ("B.com, a.com,b.COM", ("b.com", "a.com")),
            ("a.com, *.Example.com", ("a.com", "*.example.com")),
            ("@a.com; @*.b.com\nc.com", ("a.com", "*.b.com", "c.com")),
            ("München.example", ("xn--mnchen-3ya.example",)),
            ("*.münchen.example", ("*.xn--mnchen-3ya.example",)),
            ("localhost", ("localhost",)),
        ]
        for text, expected in cases:
            with self.subTest(text=text):
                self.assertEqual(addresses.parse_domains(text), expected)
                self.assertEqual(addresses.parse_domains(",".join(expected)), expected)

    def test_error_names_the_entry(self):
        for text, entry in [
            ("a.com, b c.com", "b c.com"),
            ("*", "*"),
            ("a.com,*.", "*."),
            ("a.*.com", "a.*.com"),
            ("**.a.com", "**.a.com"),
            ("x@a.com", "x@a.com"),
            ("a.com,\0", "\0"),
            ("@@a.com", "@a.com"),
        ]:
            with self.subTest(text=text), self.assertRaises(BadDomains) as caught:
                addresses.parse_domains(text)
            self.assertEqual(caught.exception.entry, entry)
            self.assertIn(repr(entry), str(caught.exception))

    def test_error_is_bounded(self):
        with self.assertRaises(ValueError) as caught:
            addresses.parse_domains("x" * 10_000)
        self.assertLess(len(str(caught.exception)), 300)

    def test_allowed(self):
        patterns = addresses.parse_domains("a.com, *.example.com")
        for domain, expected in [
            ("a.com", True),
            ("sub.a.com", False),
            ("xa.com", False),
            ("example.com", False),
            ("sub.example.com", True),
            ("two.sub.example.com", True),
            ("badexample.com", False),
            ("example.com.evil.test", False),
            ("", False),
        ]:
            with self.subTest(domain=domain):
                self.assertIs(addresses.domain_allowed(domain, patterns), expected)
        self.assertFalse(addresses.domain_allowed("a.com", ()))


class TestSubAddress(BaseCase):
    def test_first_separator(self):
        cases = [
            ("sales", "+", (), ("sales", "")),
            ("sales+ref", "+", (), ("sales", "ref")),
            ("sales+a+b", "+", (), ("sales", "a+b")),
            ("sales-ref", "+", (), ("sales-ref", "")),
            ("sales-a+b", "+-", (), ("sales", "a+b")),
            ("sales+ref", "", (), ("sales+ref", "")),
            ("+ref", "+", (), ("+ref", "")),
            ("sales+", "+", (), ("sales+", "")),
            ("+", "+", (), ("+", "")),
            ("++", "+", (), ("++", "")),
            ("", "+", (), ("", "")),
            ('"a+b c"', "+", (), ('"a+b c"', "")),
            ("mailer-daemon", "-", (), ("mailer-daemon", "")),
            ("postmaster", "t", (), ("postmaster", "")),
            ("mailer-daemon-x", "-", (), ("mailer-daemon", "x")),
            ("mailer-x", "-", (), ("mailer", "x")),
            ("mailer-daemons", "-", (), ("mailer", "daemons")),
            ("catch-all", "-", ("catch-all",), ("catch-all", "")),
            ("catch-all-7", "-", ("catch-all",), ("catch-all", "7")),
            ("bounce+token", "+", ("bounce",), ("bounce", "token")),
        ]
        for local_part, separators, reserved, expected in cases:
            with self.subTest(local_part=local_part, separators=separators):
                readings = addresses.splits(local_part, separators, reserved)
                self.assertEqual(readings[-1] if readings else (local_part, ""), expected)

    def test_longest_base_first(self):
        self.assertEqual(
            addresses.splits("my-team-ref", "-"),
            (("my-team", "ref"), ("my", "team-ref")),
        )

    def test_bounded(self):
        local_part = "+".join("abcdefghijklmnop")
        self.assertEqual(len(addresses.splits(local_part, "+")), addresses.MOST_SPLITS)
        self.assertEqual(addresses.splits(local_part, "+")[-1][0], "a")

import unicodedata

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import (
    Oddity,
    Results,
    Verdict,
    identity,
    read_author,
)
from odoo.addons.mail_postmaster.gateway.authentication.author import LONGEST_FROM
from odoo.addons.mail_postmaster.gateway.authentication.lookalikes import (
    has_mixed_scripts,
    lookalike_of,
)

from .authentication_case import judged
from .timing import GrowthCase

JANE = "jane@example.org"
CEO = "ceo@example.com"
OWN = ("example.com", "*.example.com")


def a_label(domain):
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode()
        for label in domain.split(".")
    )


class TestAuthor(GrowthCase):
    def assertAuthor(self, value, address, *oddities):
        header = value if b"From:" in value or not value else b"From: " + value
        with self.subTest(header=header):
            author = read_author(header, OWN)
            self.assertEqual(author.address, address)
            self.assertEqual(
                sorted(author.oddities),
                sorted(odd if isinstance(odd, tuple) else Oddity(odd) for odd in oddities),
            )

    def test_ordinary(self):
        for value in (
            b"jane@example.org",
            b"Jane <JANE@Example.org>",
            b'"Doe, Jane" <jane@example.org>',
            b"jane@example.org (Jane)",
            b"=?utf-8?q?M=C3=BCller=2C_Jane?= <jane@example.org>",
            b'"jane@example.org" <jane@example.org>',
            b"Jane\r\n <jane@example.org>",
            b"Jane\r\n\t<jane@example.org>",
            b"=?utf-8?b?8J+RqOKAjfCfkrs=?= <jane@example.org>",
        ):
            self.assertAuthor(value, JANE)

    def test_none(self):
        self.assertAuthor(b"", "", "no_from")
        self.assertAuthor(b"Subject: x\n\nFrom: jane@example.org", "", "no_from")
        for value in (
            b" ",
            b"<>",
            b"MAILER-DAEMON",
            b"Jane",
            b"@",
            b"jane@",
            b"<jane@[192.0.2.1]>",
        ):
            self.assertAuthor(value, "", "no_address")

    def test_several(self):
        self.assertAuthor(b"jane@example.org, a@example.net", "", "several_addresses")
        self.assertAuthor(b"<jane@example.org> <a@example.net>", "", "several_addresses")
        self.assertAuthor(
            b"From: jane@example.org\r\nfrom: a@example.net",
            "",
            "several_from",
            "several_addresses",
        )
        # Even with one address: it is unknown which of the fields was checked.
        self.assertAuthor(b"From: jane@example.org\r\nFrom: jane@example.org", "", "several_from")
        # Some readers start a field at a bare carriage return.
        self.assertAuthor(
            b"From: jane@example.org\r\nX: a\rFrom: ceo@example.com\r\n",
            "",
            "several_from",
            "several_addresses",
        )

    def test_address_in_an_encoded_word(self):
        # A reader that decodes before parsing addresses, like Odoo, finds the first one.
        self.assertAuthor(
            b"=?utf-8?q?ceo=40example=2Ecom=2C?= <jane@example.org>", "", "several_addresses"
        )
        author = read_author(b"From: =?utf-8?q?=3Cceo=40example=2Ecom=3E?= <jane@example.org>")
        self.assertEqual(set(author.addresses), {CEO, JANE})

    def test_name_is_an_address(self):
        own = ("name_is_address", CEO), ("name_claims_own_domain", CEO)
        for value in (
            b'"ceo@example.com" <jane@example.org>',
            b"ceo@example.com <jane@example.org>",
            b"=?utf-8?q?ceo=40example=2Ecom?= <jane@example.org>",
            b"jane@example.org (ceo@example.com)",
            "ceo\uff20example.com <jane@example.org>".encode(),
            b'"The CEO [ceo@Example.com]" <jane@example.org>',
        ):
            odd = own if value.isascii() else (*own, "raw_8bit")
            self.assertAuthor(value, JANE, *odd)
        self.assertAuthor(
            b'"a@example.net" <jane@example.org>', JANE, ("name_is_address", "a@example.net")
        )

    def test_octets(self):
        self.assertAuthor("Jörg <jane@example.org>".encode(), JANE, "raw_8bit")
        self.assertAuthor("Jörg <jane@example.org>".encode("latin-1"), JANE, "raw_8bit")

    def test_control_characters(self):
        for value in (
            b"Ja\0ne <jane@example.org>",
            b"Ja\x07ne <jane@example.org>",
            # The text direction reversed; a name of zero-width characters.
            b"=?utf-8?b?4oCuZW5hag==?= <jane@example.org>",
            b"=?utf-8?b?4oCL?= <jane@example.org>",
        ):
            self.assertAuthor(value, JANE, "control_character")
        self.assertAuthor(b"ja\x01ne@example.org", "", "control_character", "no_address")

    def test_long(self):
        inside = b"x" * (LONGEST_FROM - 19) + b" <jane@example.org>"
        self.assertAuthor(inside, JANE)
        self.assertAuthor(b"x" + inside, "", "too_long")
        author = read_author(b"From: jane@example.org" + b" " * LONGEST_FROM + b", a@b.test")
        self.assertTrue(author.is_several)
        self.assertEqual(author.address, "")

    def test_lookalike(self):
        domain = a_label("ex\u0430mple.com")
        self.assertAuthor(
            b"ceo@" + domain.encode(),
            f"ceo@{domain}",
            ("lookalike_domain", "example.com"),
            ("mixed_scripts", domain),
        )

    def test_time_grows_with_the_size(self):
        for piece in (b"a@b.test, ", b"=?utf-8?q?a?= ", b"(", b'"', b"<", b"\r\n ", b"@", b"\xff"):
            self.assertQuick(b"From: ", piece)
        self.assertQuick(b"", b"From: a@b.test\n")

    def assertQuick(self, start, piece):
        def make(size):
            return start + piece * (size // len(piece))

        with self.subTest(piece):
            self.assertEqual(read_author(make(1_000_000), OWN).address, "")
            self.assertGrowsWithSize(lambda header: read_author(header, OWN), make, 125_000)


class TestLookalikes(BaseCase):
    def test_lookalikes(self):
        for text in (
            "examp1e.com",
            "exarnple.com",
            "ехаmple.com",
            "exampIe.com",
            "exàmple.com",
            "mail.examp1e.com",
            "exampie.com",
            "εxample.com".replace("ε", "е"),
        ):
            with self.subTest(text, points=[unicodedata.name(one) for one in text[:3]]):
                self.assertEqual(
                    lookalike_of(a_label(text.lower()), ("a.test", "example.com")), "example.com"
                )

    def test_whole_script(self):
        # All letters are of one script, so they are not mixed.
        domain = a_label("\u0441\u0430\u0440\u0435.com")
        self.assertFalse(has_mixed_scripts(domain))
        self.assertEqual(lookalike_of(domain, ("cape.com",)), "cape.com")

    def test_others(self):
        for domain in (
            "example.com",
            "mail.example.com",
            "example.org",
            "example.com.org",
            "sample.com",
            "my-example.com",
            "com",
            "a_b.test",
            "xn--a",
            "",
        ):
            with self.subTest(domain):
                self.assertEqual(lookalike_of(domain, ("example.com",)), "")

    def test_mixed_scripts(self):
        for text, expected in {
            "b\u00fccher.test": False,
            "\u043f\u0440\u0438\u043c\u0435\u0440.com": False,
            "p\u0430ypal.com": True,
            "\u03bfnline.com": True,
            "a1-2.test": False,
            "\u65e5\u672cabc.test": False,
        }.items():
            with self.subTest(text):
                self.assertIs(has_mixed_scripts(a_label(text)), expected)


class TestIdentity(BaseCase):
    PASS = judged("dmarc=pass; dkim=pass header.d=example.com; dkim=pass header.d=example.org")

    def test_one_author(self):
        found = identity(b"From: Jane <jane@example.org>", self.PASS, OWN)
        verdict = Verdict("pass", "dmarc_pass", "example.org")
        self.assertEqual(found, (JANE, verdict, False, (), (JANE,), False))

    def test_several_cannot_pass(self):
        for header in (
            b"From: jane@example.org, ceo@example.com",
            b"From: jane@example.org\r\nFrom: ceo@example.com",
            b"From: =?utf-8?q?ceo=40example=2Ecom=2C?= <jane@example.org>",
        ):
            with self.subTest(header):
                found = identity(header, self.PASS, OWN)
                self.assertEqual((found.address, found.verdict), ("", ("fail", "several_from", "")))
                self.assertTrue(found.claims_own_domain)

    def test_none_cannot_pass(self):
        for header in (b"", b"From: nobody", b"From: <>"):
            self.assertEqual(identity(header, self.PASS, OWN).verdict, ("none", "no_from", ""))

    def test_dmarc_was_checked_for_another_address(self):
        results = judged("dmarc=pass header.from=example.net; dkim=pass header.d=example.com")
        self.assertEqual(
            identity(b"From: ceo@example.com", results).verdict,
            ("fail", "other_from", "example.net"),
        )

    def test_claims_own_domain(self):
        for value, claims in {
            b"ceo@example.com": True,
            b"ceo@mail.example.com": True,
            b"jane@example.org": False,
            b'"ceo@example.com" <jane@example.org>': True,
            b"jane@example.com.example.org": False,
            b'"Example Com" <jane@example.org>': False,
        }.items():
            with self.subTest(value):
                found = identity(b"From: " + value, Results(), OWN)
                self.assertIs(found.claims_own_domain, claims)
                self.assertEqual(found.verdict.reason, "not_judged")

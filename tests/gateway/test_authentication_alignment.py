from unittest import skipUnless
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import Results, Verdict, alignment, domains
from odoo.addons.mail_postmaster.gateway.authentication.domains import (
    is_aligned,
    organisational_domain,
)

from .authentication_case import judged

ORG = "example.org"


class TestAlignment(BaseCase):
    def assertVerdict(self, text, *verdict, domain=ORG):
        with self.subTest(text):
            self.assertEqual(alignment(domain, judged(text)), Verdict(*verdict))

    def test_dmarc_wins(self):
        self.assertVerdict("dmarc=pass header.from=example.org", "pass", "dmarc_pass", ORG)
        self.assertVerdict("dmarc=pass", "pass", "dmarc_pass", ORG)
        self.assertVerdict("dmarc=fail header.from=example.org", "fail", "dmarc_fail", ORG)
        self.assertVerdict(
            "dmarc=fail (p=none); dkim=pass header.d=example.org; spf=pass "
            "smtp.mailfrom=example.org",
            "fail",
            "dmarc_fail",
            ORG,
        )
        self.assertVerdict(
            "dmarc=pass header.from=<jane@Example.org>; dkim=fail header.d=example.org",
            "pass",
            "dmarc_pass",
            ORG,
        )

    def test_submitted_by_somebody_who_has_logged_in(self):
        passed = ("pass", "submitted", ORG)
        self.assertVerdict("auth=pass smtp.auth=jane@example.org", *passed)
        self.assertVerdict("auth=pass smtp.auth=<Jane@Example.org>; dmarc=none", *passed)
        for text in (
            "auth=fail smtp.auth=jane@example.org",
            "auth=pass smtp.auth=jane@example.net smtp.mailfrom=jane@example.org",
            # A name has no domain, and the client chose the envelope sender.
            "auth=pass smtp.auth=jane smtp.mailfrom=jane@example.org",
            "auth=pass smtp.mailfrom=jane@example.org",
            "auth=pass smtp.auth=jane@example.org; auth=fail smtp.auth=jane@example.org",
        ):
            self.assertVerdict(text, "none", "no_aligned_pass")
        self.assertVerdict(
            "dmarc=fail header.from=example.org; auth=pass smtp.auth=jane@example.org",
            "fail",
            "dmarc_fail",
            ORG,
        )

    def test_dmarc_of_another_domain(self):
        for result in ("pass", "fail"):
            self.assertVerdict(
                f"dmarc={result} header.from=example.net; dkim=pass header.d=example.org",
                "fail",
                "other_from",
                "example.net",
            )

    def test_dmarc_that_has_not_decided(self):
        for result in ("none", "bestguesspass", "temperror", "permerror", "skipped"):
            text = f"dmarc={result} header.from=example.org"
            self.assertVerdict(text, "none", "no_aligned_pass")
            self.assertVerdict(
                f"{text}; dkim=pass header.d=example.org", "pass", "dkim_aligned", ORG
            )

    def test_signatures(self):
        for text in ("header.d=example.org", "header.i=@example.org", "header.i=a@example.org"):
            self.assertVerdict(f"dkim=pass {text}", "pass", "dkim_aligned", ORG)
        self.assertVerdict(
            "dkim=pass header.d=a.test; dkim=fail header.d=example.org; "
            "dkim=pass header.d=example.org",
            "pass",
            "dkim_aligned",
            ORG,
        )
        for text in (
            "dkim=fail header.d=example.org",
            "dkim=policy header.d=example.org",
            "dkim=pass header.d=example.net",
            "dkim=pass",
            "dkim=pass header.d=",
            "dkim=pass header.d=example.org.example.net",
            "dkim=pass header.d=badexample.org",
            # The signing domain decides, whatever identity it signs for.
            "dkim=pass header.d=example.net header.i=@example.org",
        ):
            self.assertVerdict(text, "none", "no_aligned_pass")

    def test_envelope_sender(self):
        for text in (
            "smtp.mailfrom=example.org",
            "smtp.mailfrom=jane@example.org",
            "smtp.mailfrom=<jane@example.org>",
            "smtp.mailfrom=<> smtp.helo=example.org",
            'smtp.mailfrom="a b"@example.org',
        ):
            self.assertVerdict(f"spf=pass {text}", "pass", "spf_aligned", ORG)
            self.assertVerdict(f"spf=fail {text}", "fail", "spf_fail", ORG)
            self.assertVerdict(f"spf=softfail {text}", "none", "no_aligned_pass")
        for text in (
            "",
            "smtp.mailfrom=example.net",
            "smtp.mailfrom=jane@example.net smtp.helo=example.org",
            'smtp.mailfrom="jane@example.org"@example.net',
        ):
            self.assertVerdict(f"spf=pass {text}", "none", "no_aligned_pass")
            self.assertVerdict(f"spf=fail {text}", "none", "no_aligned_pass")

    def test_signature_comes_before_the_envelope_sender(self):
        self.assertVerdict(
            "spf=fail smtp.mailfrom=example.org; dkim=pass header.d=example.org",
            "pass",
            "dkim_aligned",
            ORG,
        )

    def test_strict_signatures(self):
        text = "dmarc=none policy.adkim={}; dkim=pass header.d=mail.example.org"
        self.assertVerdict(text.format("s"), "none", "no_aligned_pass")
        self.assertVerdict(
            text.format("s"), "pass", "dkim_aligned", "mail.example.org", domain="mail.example.org"
        )

    def test_nothing_to_judge(self):
        self.assertEqual(alignment(ORG, Results()), Verdict("none", "not_judged"))
        for domain in ("", "@", "a b", "[192.0.2.1]"):
            self.assertVerdict("dmarc=pass", "none", "no_from", domain=domain)


@skipUnless(domains.is_available(), domains.ABSENT)
class TestOrganisation(BaseCase):
    def test_organisational_domain(self):
        for domain, expected in {
            "example.org": "example.org",
            "a.b.example.org": "example.org",
            "a.example.co.uk": "example.co.uk",
            "co.uk": "co.uk",
            "a.b.github.io": "b.github.io",
            "xn--bcher-kva.example": "xn--bcher-kva.example",
            "localhost": "localhost",
        }.items():
            with self.subTest(domain):
                self.assertEqual(organisational_domain(domain), expected)

    def test_relaxed(self):
        self.assertTrue(is_aligned("mail.example.org", "example.org"))
        self.assertTrue(is_aligned("mail.example.org", "www.example.org"))
        self.assertFalse(is_aligned("mail.example.org", "example.org", strict=True))
        self.assertFalse(is_aligned("a.co.uk", "b.co.uk"))
        self.assertFalse(is_aligned("co.uk", "b.co.uk"))
        self.assertFalse(is_aligned("", ""))

    def test_without_the_list_domains_must_be_equal(self):
        with patch.object(domains, "PublicSuffixList", None):
            self.assertFalse(is_aligned("mail.example.org", "example.org"))
            self.assertTrue(is_aligned("example.org", "example.org"))

    def test_hosts_of_the_organisation_speak_for_it(self):
        for text, reason in (
            ("dkim=pass header.d=mail.example.org", "dkim_aligned"),
            ("spf=pass smtp.mailfrom=bounce@mail.example.org", "spf_aligned"),
        ):
            verdict = alignment("www.example.org", judged(text))
            self.assertEqual(verdict, Verdict("pass", reason, "mail.example.org"))

"""Properties of every header, forged or not, tested with generated cases."""

from unittest import skipUnless

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.addresses import canonical
from odoo.addons.mail_postmaster.gateway.authentication import (
    dkim_check,
    identity,
    read_author,
    read_results,
    verify,
)
from odoo.addons.mail_postmaster.gateway.authentication.field import read_field
from odoo.addons.mail_postmaster.gateway.authentication.signed import relaxed, simple

if dkim_check.is_available():
    from dkim import canonicalization

from .authentication_case import OURS, RECEIVED, field
from .properties import CASES, given, settings, st
from .test_address_properties import text

TRUSTED = (OURS, "mx.microsoft.com")
GENUINE = field("dkim=none; spf=fail smtp.mailfrom=a.test; dmarc=fail header.from=a.test")
FORGED = (
    field("dmarc=pass"),
    field("dkim=pass header.d=a.test"),
    field("none"),
    field("(", OURS + " 1"),
    field("dmarc=pass header.from=a.test", OURS.upper()),
    field("dmarc=pass", f'"{OURS}"'),
    b"Authentication-Results: dmarc=pass header.from=a.test\r\n",
    b"AUTHENTICATION-RESULTS:" + field("dmarc=pass").partition(b":")[2],
    b"Received-SPF: pass envelope-from=x@a.test; receiver=mail.example.com\r\n",
    RECEIVED,
    b"From: x@a.test\r\n",
    b"From: y@b.test\r\n",
    b"Subject: ; dmarc=pass\r\n",
    b"X: a\rAuthentication-Results: mail.example.com; dmarc=pass\r\n",
)
UNTRUSTED = (
    field("dmarc=pass", "mail.example.org"),
    field("dmarc=pass", "x." + OURS),
    b"ARC-" + field("dmarc=pass"),
    b"X-Spam: no\r\n",
    b"Return-Path: <x@a.test>\r\n",
    b"X: a\r\n " + field("dmarc=pass"),
    field("dmarc=pass", f'"; {OURS}"'),
)
# A line that begins with a blank would continue the field above it. Mail servers end their header
# before such a line, or put their Received in between.
sent = st.lists(st.sampled_from(FORGED + UNTRUSTED), max_size=8).map(b"".join)
above = st.lists(st.sampled_from(UNTRUSTED), max_size=4).map(b"".join)
words = st.lists(
    st.sampled_from(
        (
            OURS,
            ";",
            "dmarc",
            "dkim",
            "spf",
            "=",
            "pass",
            "fail",
            "none",
            "(",
            ")",
            '"',
            "\\",
            " ",
            "1",
            "\r\n ",
            "header.from",
            "header.d",
            "smtp.mailfrom",
            "a.test",
            "@",
            "/",
            ".",
            "ä",
            "\0",
        )
    ),
    max_size=30,
).map("".join)
header = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "Authentication-Results",
                "From",
                "Received",
                "Received-SPF",
                "DKIM-Signature",
                "To",
            )
        ),
        words | text,
    ),
    max_size=6,
).map(
    lambda fields: "\n".join(f"{name}: {value}" for name, value in fields).encode(
        "utf-8", "surrogatepass"
    )
) | st.binary(max_size=200)


class TestAuthenticationProperties(BaseCase):
    @settings(CASES, max_examples=500)
    @given(above, sent, st.booleans(), st.booleans())
    def test_what_a_sender_writes_changes_nothing(self, before, after, is_above, with_spf):
        """Whether our server writes its field above its Received or below."""
        own = (GENUINE + RECEIVED) if is_above else (RECEIVED + GENUINE)
        alone = read_results(own, TRUSTED, with_spf)
        self.assertEqual(read_results(before + own + after, TRUSTED, with_spf), alone)
        self.assertEqual(alone.dmarc.result, "fail")

    @settings(CASES, max_examples=500)
    @given(sent)
    def test_nothing_is_trusted_without_trust(self, after):
        self.assertFalse(read_results(RECEIVED + after, ()).is_judged)
        self.assertFalse(read_results(RECEIVED + after, ("mx.example.net",)).is_judged)

    @settings(CASES, max_examples=500)
    @given(header)
    def test_whatever_the_header_is(self, value):
        results = read_results(value, TRUSTED, True)
        found = identity(value, results, ("a.test",))
        self.assertIn(found.verdict.outcome, ("pass", "fail", "none"))
        if found.address:
            self.assertEqual(canonical(found.address), found.address)
        if found.verdict.outcome == "pass":
            self.assertTrue(found.address)
            self.assertIn("pass", [one.result for one in results.found])

    @settings(CASES, max_examples=500)
    @given(header)
    def test_nobody_passes_unless_somebody_says_so(self, value):
        results = verify(value, lambda _name, _type: [], lambda: False)
        self.assertNotEqual(identity(value, results).verdict.outcome, "pass")

    @settings(CASES, max_examples=500)
    @given(words | text)
    def test_fields_never_raise(self, value):
        field_read = read_field(value)
        self.assertEqual(field_read.authserv_id, field_read.authserv_id.lower())
        for result in field_read.results:
            self.assertEqual(result.method, result.method.lower())

    @settings(CASES, max_examples=500)
    @given(words | text, st.sampled_from(("dmarc=fail", "spf=fail smtp.mailfrom=a.test")))
    def test_comment_or_quote_makes_no_pass(self, inside, genuine):
        """What a sender puts into a comment or a quoted name stays inside it."""
        quoted = inside.replace("\\", "\\\\").replace('"', '\\"')
        comment = quoted.replace("(", "\\(").replace(")", "\\)")
        value = f'{OURS}; x=y ({comment}) smtp.mailfrom="{quoted}"@b.test; {genuine}'
        self.assertNotIn("pass", [one.result for one in read_field(value).results])

    @skipUnless(dkim_check.is_available(), dkim_check.ABSENT)
    @settings(CASES, max_examples=500)
    @given(st.text(alphabet="a \t\r\n", max_size=30).map(lambda value: value.encode()))
    def test_forms_of_a_body_are_those_of_dkimpy(self, octets):
        body = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.assertEqual(simple(body), canonicalization.Simple.canonicalize_body(body))
        self.assertEqual(relaxed(body), canonicalization.Relaxed.canonicalize_body(body))

    @settings(CASES)
    @given(header)
    def test_author_is_one_or_none(self, value):
        author = read_author(value)
        self.assertTrue(author.address or author.oddities)
        self.assertEqual(bool(author.domain), bool(author.address))

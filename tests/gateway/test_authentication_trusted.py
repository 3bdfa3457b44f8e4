import itertools
import math

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import (
    BadServers,
    Results,
    parse_trusted_ids,
    read_results,
)
from odoo.addons.mail_postmaster.gateway.authentication.trusted import (
    MICROSOFT_365,
    MOST_FIELDS,
)

from .authentication_case import OURS, RECEIVED, field
from .timing import GrowthCase

TRUSTED = (OURS,)
FAIL, PASS = field("dmarc=fail header.from=example.org"), field("dmarc=pass")
SIGNED = field("dkim=pass header.d=example.org")
FROM = b"From: jane@example.org\r\n"


def found(header, trusted=TRUSTED, **options):
    results = read_results(header, trusted, **options)
    return [f"{one.method}={one.result}" for one in results.found]


class TestTrusted(GrowthCase):
    def test_field_of_ours(self):
        results = read_results(RECEIVED + FAIL + FROM, TRUSTED)
        self.assertEqual((results.source, results.judge), ("trusted", OURS))
        self.assertEqual(results.dmarc.properties, {"header.from": "example.org"})

    def test_nobody_has_judged(self):
        others = field("dmarc=pass", "mail.example.org")
        for header, trusted in (
            (RECEIVED + PASS, ()),
            (RECEIVED + FROM, TRUSTED),
            (RECEIVED + others, TRUSTED),
            (RECEIVED + field("dmarc=pass", "x.mail.example.com"), TRUSTED),
            (RECEIVED + field("dmarc=pass", "mail.example.com.example.org"), TRUSTED),
            (RECEIVED + b"ARC-" + PASS, TRUSTED),
            (RECEIVED + b"X-" + PASS, TRUSTED),
            (FROM + b"\r\n" + PASS, TRUSTED),
            (b"", TRUSTED),
        ):
            with self.subTest(header=header):
                self.assertEqual(read_results(header, trusted), Results())

    def test_forged_below(self):
        for name, header in {
            "below ours": RECEIVED + FAIL + PASS + FROM,
            "below another field": RECEIVED + FAIL + FROM + PASS,
            "below another hop": FAIL + RECEIVED + PASS + RECEIVED + PASS,
            "several": RECEIVED + FAIL + PASS * 3,
            "of another method": RECEIVED + FAIL + SIGNED,
            "below ours, which is above Received": FAIL + RECEIVED + PASS + FROM,
        }.items():
            with self.subTest(name):
                self.assertEqual(found(header), ["dmarc=fail"])

    def test_forged_in_every_order(self):
        forged = (
            PASS,
            SIGNED,
            RECEIVED,
            FROM,
            field("dmarc=pass", "mail.example.org"),
            b"Authentication-Results: dmarc=pass\r\n",
        )
        count = 0
        for order in itertools.permutations(forged):
            for own in (FAIL + RECEIVED, RECEIVED + FAIL):
                count += found(own + b"".join(order)) == ["dmarc=fail"]
        self.assertEqual(count, 2 * math.factorial(len(forged)))

    def test_first_line_of_the_sender_that_goes_on_with_ours(self):
        header = RECEIVED + FAIL + b" ; dmarc=pass header.from=example.org\r\n"
        self.assertEqual(read_results(header, TRUSTED).dmarc.result, "fail")

    def test_forged_field_of_another_trusted_server(self):
        header = RECEIVED + FAIL + field("dmarc=pass; dkim=pass", "mx.example.net")
        self.assertEqual(found(header, (OURS, "mx.example.net")), ["dmarc=fail"])
        self.assertEqual(found(header, ("mx.example.net", OURS)), ["dmarc=fail"])

    def test_untrusted_above_changes_nothing(self):
        above = field("dmarc=pass", "mail.example.org")
        self.assertEqual(found(above + RECEIVED + FAIL), ["dmarc=fail"])
        self.assertEqual(found(above + FAIL + RECEIVED + PASS), ["dmarc=fail"])

    def test_fields_of_filters_above_received(self):
        header = FAIL + b"X-Spam: no\r\n" + SIGNED + field("spf=none") + RECEIVED + PASS
        self.assertEqual(found(header), ["dmarc=fail", "dkim=pass", "spf=none"])

    def test_without_any_received_only_the_topmost(self):
        self.assertEqual(found(FAIL + SIGNED + PASS), ["dmarc=fail"])

    def test_what_cannot_be_read_is_not_replaced(self):
        for unread in (
            f"Authentication-Results: {OURS} 2; dmarc=fail\r\n".encode(),
            f"Authentication-Results: {OURS}\r\n".encode(),
            field("none"),
            field("= ;"),
        ):
            with self.subTest(unread):
                results = read_results(RECEIVED + unread + PASS, TRUSTED)
                self.assertTrue(results.is_judged)
                self.assertEqual(results.found, ())

    def test_result_in_a_field_twice_proves_least(self):
        for text in ("dmarc=pass; dmarc=fail", "dmarc=fail; dmarc=pass"):
            self.assertEqual(read_results(RECEIVED + field(text), TRUSTED).dmarc.result, "fail")
        results = read_results(RECEIVED + field("dmarc=none; dmarc=pass"), TRUSTED)
        self.assertEqual(results.dmarc.result, "none")

    def test_spf_of_the_envelope_sender_comes_before_the_greeting(self):
        text = "spf=fail smtp.helo=a.test; spf=pass smtp.mailfrom=b@example.org"
        spf = read_results(RECEIVED + field(text), TRUSTED).spf
        self.assertEqual(spf.properties, {"smtp.mailfrom": "b@example.org"})

    def test_methods(self):
        text = "dkim=pass header.d=a.test; dkim=fail header.d=b.test; arc=pass; iprev=fail"
        results = read_results(RECEIVED + field(text), TRUSTED)
        self.assertEqual([one.result for one in results.dkim], ["pass", "fail"])
        self.assertEqual((results.arc.result, results.iprev.result), ("pass", "fail"))
        self.assertEqual((results.dmarc, results.spf), (None, None))

    def test_microsoft_365(self):
        anonymous = b"Authentication-Results: spf=fail smtp.mailfrom=a.test;dmarc=fail\r\n"
        hops = RECEIVED * 3 + anonymous + RECEIVED
        self.assertEqual(found(hops, (MICROSOFT_365,)), ["spf=fail", "dmarc=fail"])
        self.assertEqual(found(hops), [])
        self.assertEqual(read_results(hops, (MICROSOFT_365,)).judge, MICROSOFT_365)

    def test_patterns(self):
        header = RECEIVED + field("dmarc=pass", "a.b.example.com")
        self.assertEqual(found(header, parse_trusted_ids("*.B.example.com")), ["dmarc=pass"])
        self.assertEqual(found(header, parse_trusted_ids("*.c.example.com")), [])

    def test_list_of_ids(self):
        text = "Mail.Example.com., *.example.org\n mx.microsoft.com mail.example.com"
        self.assertEqual(
            parse_trusted_ids(text), ("mail.example.com", "*.example.org", "mx.microsoft.com")
        )
        with self.assertRaisesRegex(BadServers, "^'a@b' is not a valid mail server name"):
            parse_trusted_ids("a.test, a@b")

    def test_no_more_is_read_than_servers_write(self):
        others = field("dmarc=pass", "a.test")
        self.assertEqual(found(RECEIVED + others * (MOST_FIELDS - 1) + FAIL), ["dmarc=fail"])
        self.assertEqual(found(RECEIVED + others * MOST_FIELDS + FAIL), [])

    def test_time_grows_with_the_size(self):
        for make in (
            lambda size: RECEIVED + PASS.replace(OURS.encode(), b"a.test") * (size // 50),
            lambda size: RECEIVED * (size // len(RECEIVED)),
            lambda size: b"Authentication-Results: a" + b"\r\n (" * (size // 4),
            lambda size: FAIL * (size // len(FAIL)) + RECEIVED,
            lambda size: (field("x;" * 7_900, "a.test") * (size // 16_000 + 1))[:size],
            lambda size: (field('"a' * 7_900, "a.test") * (size // 16_000 + 1))[:size],
        ):
            with self.subTest(make(100)):
                self.assertGrowsWithSize(lambda raw: read_results(raw, TRUSTED), make, 125_000)


class TestReceivedSpf(BaseCase):
    SPF = (
        b"Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1;\r\n"
        b' helo=mx.example.org; envelope-from="jane@example.org"; receiver=mail.example.com\r\n'
    )

    def results(self, header, trusted=TRUSTED):
        return read_results(header, trusted, with_received_spf=True)

    def test_only_when_asked(self):
        self.assertFalse(read_results(self.SPF + RECEIVED, TRUSTED).is_judged)
        spf = self.results(self.SPF + RECEIVED).spf
        self.assertEqual(spf.result, "pass")
        self.assertEqual(
            spf.properties, {"smtp.mailfrom": "jane@example.org", "smtp.helo": "mx.example.org"}
        )

    def test_only_of_a_trusted_server(self):
        self.assertFalse(self.results(self.SPF + RECEIVED, ("mx.example.net",)).is_judged)
        nobody = self.SPF.replace(b"; receiver=mail.example.com", b"")
        self.assertFalse(self.results(nobody + RECEIVED, (*TRUSTED, MICROSOFT_365)).is_judged)

    def test_result_in_the_other_field_counts(self):
        self.assertEqual(self.results(self.SPF + field("spf=fail") + RECEIVED).spf.result, "fail")

    def test_forged_below(self):
        failed = self.SPF.replace(b"Pass", b"Fail")
        for header in (failed + RECEIVED + self.SPF, RECEIVED + failed + self.SPF):
            self.assertEqual(self.results(header).spf.result, "fail")

    def test_odd_fields(self):
        for value in (b"", b"(", b"pass", b";;=", b"\xff receiver=mail.example.com"):
            self.assertFalse(self.results(b"Received-SPF: " + value + b"\r\n").is_judged)

import base64
import secrets
import time
from unittest import skipUnless
from unittest.mock import patch

from asn1crypto import keys as asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import (
    Results,
    alignment,
    dkim_check,
    domains,
    identity,
    verify,
)
from odoo.addons.mail_postmaster.gateway.authentication.dkim_check import MOST_SIGNATURES
from odoo.addons.mail_postmaster.gateway.authentication.dmarc_record import Policy, find_policy
from odoo.addons.mail_postmaster.gateway.authentication.signed import (
    MOST_FIELDS,
    read_signed,
    relaxed,
    simple,
)

from .timing import FACTOR, GrowthCase

if dkim_check.is_available():
    import dkim

ORG = "example.org"
MAIL = (
    b"From: Jane <jane@example.org>\r\nTo: sales@example.com\r\nSubject: Hello\r\n"
    b"\r\nHello  there, \r\n\r\nJane\r\n\r\n"
)
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_EXPONENT = 65537


class Key:
    """A private key for signing with dkimpy, and the record that publishes it."""

    algorithm = b"rsa-sha256"

    def __init__(self, bits=2048):
        numbers = _rsa_numbers(bits)
        private, modulus, exponent = asn1.RSAPrivateKey(numbers), numbers["modulus"], _EXPONENT
        public = asn1.PublicKeyInfo.wrap(
            asn1.RSAPublicKey({"modulus": modulus, "public_exponent": exponent}), "rsa"
        )
        self.private = b"-----\n%s\n-----" % base64.b64encode(private.dump())
        self.record = f"v=DKIM1; k=rsa; p={_base64(public.dump())}"


def _rsa_numbers(bits):
    """Return the numbers of a new key; libraries do not generate keys as small as a test needs."""
    prime1, prime2 = _prime(bits // 2), _prime(bits // 2)
    private = pow(_EXPONENT, -1, (prime1 - 1) * (prime2 - 1))
    return {
        "version": 0,
        "modulus": prime1 * prime2,
        "public_exponent": _EXPONENT,
        "private_exponent": private,
        "prime1": prime1,
        "prime2": prime2,
        "exponent1": private % (prime1 - 1),
        "exponent2": private % (prime2 - 1),
        "coefficient": pow(prime2, -1, prime1),
    }


def _prime(bits):
    while True:
        number = secrets.randbits(bits) | 3 << bits - 2 | 1
        # Fermat's test, good enough for random numbers.
        if number % _EXPONENT != 1 and pow(2, number - 1, number) == 1:
            return number


class Ed25519Key:
    def __init__(self):
        key = ed25519.Ed25519PrivateKey.generate()
        self.algorithm = b"ed25519-sha256"
        self.private = _base64(
            key.private_bytes(
                serialization.Encoding.Raw,
                serialization.PrivateFormat.Raw,
                serialization.NoEncryption(),
            )
        ).encode()
        self.record = f"v=DKIM1; k=ed25519; p={_base64(key.public_key().public_bytes(*_RAW))}"


def _base64(octets):
    return base64.b64encode(octets).decode()


class Zone(dict):
    """DNS as a dictionary of names and records; it records the queries."""

    def __init__(self, records):
        super().__init__(records)
        self.asked = []

    def ask(self, name, record_type):
        self.asked.append((name, record_type))
        answer = self.get(name, [])
        if isinstance(answer, Exception):
            raise answer
        return [answer] if isinstance(answer, str) else answer


def sign(raw, key, domain=ORG, selector="s1", **options):
    """Return a message with a signature on top."""
    given = {"canonicalize": (b"relaxed", b"relaxed"), **options}
    field = dkim.DKIM(raw, signature_algorithm=key.algorithm).sign(
        selector.encode(), domain.encode(), key.private, **given
    )
    return field + raw


def never():
    return False


@skipUnless(dkim_check.is_available(), dkim_check.ABSENT)
class TestDkim(GrowthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.small = Key(1024), Key(768)
        cls.ed25519 = Ed25519Key()

    def zone(self, **records):
        return Zone({"s1._domainkey.example.org": self.key.record, **records})

    def only(self, raw, zone=None):
        """Return ``(result, reason)`` of the only signature."""
        results = verify(raw, (self.zone() if zone is None else zone).ask, never)
        self.assertEqual(results.source, "own")
        self.assertEqual(len(results.dkim), 1, results.dkim)
        return results.dkim[0].result, results.dkim[0].properties.get("reason")

    # --- Valid ---

    def test_rsa(self):
        for header in (b"relaxed", b"simple"):
            for body in (b"relaxed", b"simple"):
                with self.subTest(header=header, body=body):
                    raw = sign(MAIL, self.key, canonicalize=(header, body))
                    self.assertEqual(self.only(raw), ("pass", "verified"))

    def test_ed25519(self):
        raw = sign(MAIL, self.ed25519)
        zone = Zone({"s1._domainkey.example.org": self.ed25519.record})
        self.assertEqual(self.only(raw, zone), ("pass", "verified"))
        zone = Zone({"s1._domainkey.example.org": Ed25519Key().record})
        self.assertEqual(self.only(raw, zone), ("fail", "not_verified"))

    def test_what_is_said_of_it(self):
        results = verify(sign(MAIL, self.key), self.zone().ask, never)
        self.assertEqual(
            results.dkim[0].properties,
            {"header.d": ORG, "header.s": "s1", "header.a": "rsa-sha256", "reason": "verified"},
        )
        self.assertEqual(alignment(ORG, results), ("pass", "dkim_aligned", ORG))

    def test_line_ends_and_the_separator_of_a_mailbox_file(self):
        raw = sign(MAIL, self.key)
        for other in (raw.replace(b"\r\n", b"\n"), b"From x Fri Nov 20 10:00:00 2026\r\n" + raw):
            self.assertEqual(self.only(other), ("pass", "verified"))

    def test_what_servers_add_on_the_way(self):
        raw = b"Received: x\r\nX-Spam: no\r\n" + sign(MAIL, self.key)
        self.assertEqual(self.only(raw), ("pass", "verified"))

    def test_folded_fields_and_runs_of_blanks(self):
        mail = MAIL.replace(b"Hello\r\n", b"Hello\r\n \t all  of\r\n you\r\n").replace(
            b"Hello  there", b"Hello \t  there"
        )
        for canonicalize in ((b"relaxed", b"relaxed"), (b"simple", b"simple")):
            raw = sign(mail, self.key, canonicalize=canonicalize)
            self.assertEqual(self.only(raw), ("pass", "verified"))

    # --- Invalid -----

    def test_changed(self):
        raw = sign(MAIL, self.key)
        for changed in (raw.replace(b"Hello  there", b"Hello, there"), raw + b"PS\r\n"):
            zone = self.zone()
            self.assertEqual(self.only(changed, zone), ("fail", "body_changed"))
            self.assertEqual(zone.asked, [("_dmarc.example.org", "TXT")])
        for name, changed in {
            "subject": raw.replace(b"Subject: Hello", b"Subject: Hullo"),
            "From": raw.replace(b"jane@", b"john@"),
            "signature": raw.replace(b" b=", b" b=BBBB", 1),
            "no signature": raw.replace(b" b=", b" b=!", 1),
            "another spelling": raw.replace(b"d=example.org", b"d=Example.org", 1),
        }.items():
            with self.subTest(name):
                self.assertNotEqual(changed, raw)
                self.assertEqual(self.only(changed), ("fail", "not_verified"))

    def test_of_another_key(self):
        zone = Zone({"s1._domainkey.example.org": Key(1024).record})
        self.assertEqual(self.only(sign(MAIL, self.key), zone), ("fail", "not_verified"))

    def test_second_from(self):
        raw = sign(MAIL, self.key)
        for changed in (
            b"From: ceo@example.com\r\n" + raw,
            raw.replace(b"To:", b"From: ceo@example.com\r\nTo:"),
        ):
            results = verify(changed, self.zone().ask, never)
            self.assertEqual(results.dkim[0].result, "fail")
            self.assertEqual(identity(changed, results).verdict.reason, "several_from")

    def test_expired(self):
        now = int(time.time())
        for expiry, expected in ((now + 600, "pass"), (now - 90_000, "fail")):
            raw = self._signed_with(x=str(expiry))
            self.assertEqual(self.only(raw)[0], expected)

    def _signed_with(self, algorithm=b"rsa-sha256", names=(b"from", b"subject"), **more):
        """Return a message signed with tags that dkimpy itself does not write."""
        signer = dkim.DKIM(MAIL, signature_algorithm=algorithm)
        signer.hasher = dkim.HASH_ALGORITHMS[algorithm]
        policy = dkim.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
        body = policy.canonicalize_body(signer.body)
        tags = {
            "v": "1",
            "a": algorithm.decode(),
            "c": "relaxed/relaxed",
            "d": ORG,
            "s": "s1",
            "h": ":".join(name.decode() for name in names),
            "bh": _base64(signer.hasher(body).digest()),
            **more,
            "b": "0" * 60,
        }
        fields = [(name.encode(), value.encode()) for name, value in tags.items()]
        key = dkim.crypto.parse_pem_private_key(self.key.private)
        value = signer.gen_header(fields, list(names), policy, b"DKIM-Signature", key)
        return b"DKIM-Signature: " + value + MAIL

    def test_from_must_be_signed(self):
        self.assertEqual(self.only(self._signed_with()), ("pass", "verified"))
        raw = self._signed_with(names=(b"subject",))
        self.assertEqual(self.only(raw), ("permerror", "from_not_signed"))
        # dkimpy alone accepts it.
        self.assertTrue(dkim.verify(raw, dnsfunc=lambda *_a, **_k: self.key.record.encode()))

    def test_part_of_the_body_is_no_proof(self):
        raw = sign(MAIL, self.key, length=True)
        for changed in (raw, raw + b"Send money.\r\n"):
            self.assertEqual(self.only(changed), ("policy", "partial_body"))
        self.assertTrue(
            dkim.verify(
                raw + b"Send money.\r\n", dnsfunc=lambda *_a, **_k: self.key.record.encode()
            )
        )

    def test_sha1(self):
        raw = self._signed_with(algorithm=b"rsa-sha1")
        self.assertEqual(self.only(raw), ("policy", "weak_hash"))

    def test_malformed(self):
        raw = sign(MAIL, self.key)
        for name, changed in {
            "no tags": b"DKIM-Signature: x\r\n" + MAIL,
            "empty": b"DKIM-Signature:\r\n" + MAIL,
            "a tag twice": raw.replace(b"v=1;", b"v=1; v=1;", 1),
            "no domain": raw.replace(b"d=example.org", b"d=", 1),
            "long": raw.replace(b"v=1;", b"v=1; z=" + b"x" * 8_000 + b";", 1),
            "blanks": raw.replace(b"v=1;", b"v=1;" + b" " * 200, 1),
            "many names": raw.replace(b"h=", b"h=" + b"a:" * 101, 1),
            "way of writing": raw.replace(b"c=relaxed/relaxed", b"c=simple/x", 1),
            "selector": raw.replace(b"s=s1", b"s=a b", 1),
            "algorithm": raw.replace(b"a=rsa-sha256", b"a=rsa-sha512", 1),
            "form of the header": raw.replace(b"c=relaxed/relaxed", b"c=x/relaxed", 1),
        }.items():
            with self.subTest(name):
                self.assertNotEqual(changed, raw)
                self.assertEqual(self.only(changed), ("permerror", "malformed"))

    # --- Keys ---

    def test_no_key(self):
        name, raw = "s1._domainkey.example.org", sign(MAIL, self.key)
        for record, expected in {
            "v=DKIM1; p=": ("permerror", "key_revoked"),
            "v=DKIM1; k=rsa; p=;": ("permerror", "key_revoked"),
            "v=DKIM1; p=AAAA": ("permerror", "no_key"),
            "v=DKIM1; p=!": ("permerror", "no_key"),
            "v=DKIM2; p=AAAA": ("permerror", "no_key"),
            "v=DKIM1; k=x; p=AAAA": ("permerror", "no_key"),
            "x": ("permerror", "no_key"),
            "": ("permerror", "no_key"),
            "ä": ("permerror", "no_key"),
            self.key.record + " " * 2_000: ("permerror", "no_key"),
        }.items():
            with self.subTest(record=record[:40]):
                self.assertEqual(self.only(raw, Zone({name: record})), expected)
        self.assertEqual(self.only(raw, Zone({})), ("permerror", "no_key"))

    def test_weak_key(self):
        zone = Zone({"s1._domainkey.example.org": self.small.record})
        self.assertEqual(self.only(sign(MAIL, self.small), zone), ("policy", "weak_key"))

    def test_dns_does_not_answer(self):
        for error in (TimeoutError(), OSError("no server")):
            zone = Zone({"s1._domainkey.example.org": error})
            self.assertEqual(self.only(sign(MAIL, self.key), zone), ("temperror", "no_answer"))

    def test_time_is_over(self):
        raw, zone = sign(sign(MAIL, self.key), self.key), self.zone()
        results = verify(raw, zone.ask, lambda: len(zone.asked) >= 2)
        self.assertEqual([one.result for one in results.dkim], ["pass", "temperror"])
        self.assertEqual(len(zone.asked), 2)
        results = verify(raw, zone.ask, lambda: True)
        self.assertEqual([one.result for one in results.dkim], ["temperror", "temperror"])
        self.assertEqual(results.dmarc.result, "temperror")
        self.assertEqual(len(zone.asked), 2)

    def test_time_that_signatures_of_others_take(self):
        """The policy has its own time: otherwise the message would no longer fail."""
        zone = self.zone(**{"_dmarc.example.org": "v=DMARC1; p=reject"})
        raw = sign(sign(MAIL, self.key, domain="slow.test"), self.key, domain="slower.test")
        results = verify(raw, zone.ask, lambda: len(zone.asked) >= 2)
        self.assertEqual(results.dmarc.result, "fail")

    def test_questions(self):
        zone = self.zone()
        verify(sign(MAIL, self.key), zone.ask, never)
        self.assertEqual(
            zone.asked, [("_dmarc.example.org", "TXT"), ("s1._domainkey.example.org", "TXT")]
        )

    def test_without_pynacl(self):
        raw = sign(MAIL, self.ed25519)
        zone = Zone({"s1._domainkey.example.org": self.ed25519.record})
        with patch.object(dkim.DKIM, "verify", side_effect=dkim.NaClNotFoundError):
            self.assertEqual(self.only(raw, zone), ("neutral", "no_library"))

    # --- Several signatures ---

    def test_signature_of_the_sender_is_found_below_others(self):
        raw = sign(MAIL, self.key)
        for number in range(MOST_SIGNATURES + 5):
            raw = sign(raw, self.key, domain="example.net", selector=f"x{number}")
        results = verify(raw, self.zone().ask, never)
        self.assertEqual(results.dkim[0].properties["header.d"], ORG)
        self.assertEqual(results.dkim[0].result, "pass")
        self.assertEqual(len(results.dkim), MOST_SIGNATURES + 1)
        self.assertEqual(results.dkim[-1].properties, {"reason": "too_many"})

    def test_many_signatures(self):
        raw = sign(MAIL, self.key)
        header = raw.partition(b"\r\nFrom:")[0] + b"\r\n"
        zone = self.zone()
        results = verify(header * 2_000 + MAIL, zone.ask, never)
        self.assertEqual(len(results.dkim), MOST_SIGNATURES + 1)
        self.assertEqual(len(zone.asked), MOST_SIGNATURES + 1)

    def test_mail_without_any(self):
        self.assertEqual(self.only(MAIL), ("none", None))

    # --- One message, two readings ---

    def test_readers_must_agree(self):
        """Python's parser sees another From than a signature does, or another end of the header."""
        raw = sign(MAIL, self.key)
        for name, changed in {
            "lone CR": b"X: a\rFrom: ceo@example.org\r\r\r\n" + raw,
            "NUL": b"X: \0\r\n" + raw,
            "line without a colon": b"X\r\n" + raw,
            "continues nothing": b" X: a\r\n" + raw,
            "empty name": b": a\r\n" + raw,
            "blank in a name": b"X : a\r\n" + raw,
            "8 bit in a name": b"\xc3\xa4: a\r\n" + raw,
            "no header": b"\r\n" + raw,
            "fields": b"X: a\r\n" * MOST_FIELDS + raw,
            "nothing": b"",
        }.items():
            with self.subTest(name):
                self.assertEqual(self.only(changed), ("permerror", "unreadable"))

    def test_time_grows_with_the_size(self):
        signature = sign(MAIL, self.key).partition(b"\r\nFrom:")[0] + b"\r\n"
        many_names = signature.replace(b"h=", b"h=" + b"a:" * 40)
        for name, (before, piece, after, most) in {
            "blanks in the body": (signature + MAIL, b" ", b"x", 2_000_000),
            "lines": (signature + MAIL, b"\r\n", b"x", 1_000_000),
            "a folded field": (signature + b"X: a\r\n", b" a\r\n", MAIL, 200_000),
            "blanks in a signature": (
                b"DKIM-Signature: v=1; b=",
                b"\r\n ",
                b";\r\n" + MAIL,
                300_000,
            ),
            "fields": (many_names, b"a: b\r\n", MAIL, 4_900),
            "tags": (b"DKIM-Signature: ", b"a=b;", b"\r\n" + MAIL, 200_000),
        }.items():
            with self.subTest(name):
                self.assertGrowsWithSize(
                    lambda raw: verify(raw, self.zone().ask, never),
                    lambda number, before=before, piece=piece, after=after: (
                        before + piece * number + after
                    ),
                    most // FACTOR,
                )

    def test_large_numbers_in_a_key(self):
        """The exponent may be as long as the modulus, which makes the key slow."""
        numbers = b"".join(b"\x02\x82\x02\xd0" + b"\xff" * 720 for _number in range(2))
        der = b"\x30\x82" + len(numbers).to_bytes(2, "big") + numbers
        zone = Zone({"s1._domainkey.example.org": f"p={_base64(der)}"})
        self.assertLess(len(zone["s1._domainkey.example.org"]), dkim_check.LONGEST_KEY)
        raw = sign(MAIL, self.key).removesuffix(MAIL) * MOST_SIGNATURES + MAIL
        results = verify(raw, zone.ask, never)
        self.assertEqual({one.properties["reason"] for one in results.dkim}, {"no_key"})

    def test_without_dkimpy(self):
        with patch.object(dkim_check, "dkim", None):
            self.assertEqual(verify(sign(MAIL, self.key), self.zone().ask, never), Results())


@skipUnless(dkim_check.is_available(), dkim_check.ABSENT)
@skipUnless(domains.is_available(), domains.ABSENT)
class TestOwnDmarc(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = Key(1024)

    def verdict(self, raw, policy=None):
        zone = Zone(
            {
                "s1._domainkey.example.org": self.key.record,
                "s1._domainkey.mail.example.org": self.key.record,
                "s1._domainkey.example.net": self.key.record,
                "_dmarc.example.org": policy or [],
            }
        )
        results = verify(raw, zone.ask, never)
        verdict = identity(raw.partition(b"\r\n\r\n")[0], results).verdict
        return results.dmarc.result, verdict.outcome, verdict.reason

    def test_aligned(self):
        for domain in (ORG, "mail.example.org"):
            raw = sign(MAIL, self.key, domain=domain)
            self.assertEqual(self.verdict(raw), ("none", "pass", "dkim_aligned"))
            self.assertEqual(
                self.verdict(raw, "v=DMARC1; p=reject"), ("pass", "pass", "dmarc_pass")
            )

    def test_strict(self):
        raw = sign(MAIL, self.key, domain="mail.example.org")
        self.assertEqual(
            self.verdict(raw, "v=DMARC1; p=reject; adkim=s"), ("fail", "fail", "dmarc_fail")
        )
        self.assertEqual(
            self.verdict(raw, "v=DMARC1; p=none; adkim=s"), ("none", "none", "no_aligned_pass")
        )
        self.assertEqual(
            self.verdict(sign(MAIL, self.key), "v=DMARC1; p=reject; adkim=s"),
            ("pass", "pass", "dmarc_pass"),
        )

    def test_not_aligned(self):
        """SPF is unknown, so a message fails only if its domain asks for that."""
        for raw in (
            MAIL,
            sign(MAIL, self.key, domain="example.net"),
            sign(MAIL, self.key) + b"PS\r\n",
        ):
            for policy, expected in {
                "v=DMARC1; p=reject": ("fail", "fail", "dmarc_fail"),
                "v=DMARC1; p=quarantine": ("fail", "fail", "dmarc_fail"),
                "v=DMARC1; p=none": ("none", "none", "no_aligned_pass"),
                "": ("none", "none", "no_aligned_pass"),
            }.items():
                with self.subTest(raw[:40], policy=policy):
                    self.assertEqual(self.verdict(raw, policy), expected)

    def test_dns_does_not_answer(self):
        self.assertEqual(
            self.verdict(MAIL, TimeoutError()), ("temperror", "none", "no_aligned_pass")
        )
        # The signature is valid by itself.
        self.assertEqual(
            self.verdict(sign(MAIL, self.key), TimeoutError()),
            ("temperror", "pass", "dkim_aligned"),
        )

    def test_key_that_cannot_be_had_now_is_no_failure(self):
        zone = Zone(
            {"s1._domainkey.example.org": TimeoutError(), "_dmarc.example.org": "v=DMARC1;p=reject"}
        )
        results = verify(sign(MAIL, self.key), zone.ask, never)
        self.assertEqual(results.dmarc.result, "temperror")

    def test_no_author_no_policy(self):
        zone = Zone({})
        raw = MAIL.replace(b"jane@example.org", b"")
        self.assertIsNone(verify(raw, zone.ask, never).dmarc)
        self.assertEqual(zone.asked, [])


class TestPolicy(BaseCase):
    def find(self, domain, **records):
        return find_policy(
            domain,
            Zone(
                {f"_dmarc.{name.replace('_', '.')}": record for name, record in records.items()}
            ).ask,
        )

    def test_records(self):
        for record, expected in {
            "v=DMARC1; p=reject": ("reject", False),
            "v=DMARC1;p=Quarantine ;adkim=s": ("quarantine", True),
            " V = dmarc1 ; p = none": ("none", False),
            "v=DMARC1; rua=mailto:a@example.org": ("none", False),
            "v=DMARC1; p=reject; sp=none": ("reject", False),
            "v=DMARC1; p=reject; pct=0": ("none", False),
            "v=DMARC1; p=reject; pct=50": ("reject", False),
            "v=DMARC1; p=reject; t=y": ("none", False),
            "v=DMARC1; p=burn": ("none", False),
        }.items():
            with self.subTest(record):
                self.assertEqual(self.find(ORG, example_org=record), Policy(ORG, *expected))

    def test_what_is_no_record(self):
        for record in (
            "",
            "v=spf1 -all",
            "p=reject; v=DMARC1",
            "v=DMARC2; p=reject",
            ["v=DMARC1; p=reject", "v=DMARC1; p=none"],
        ):
            with self.subTest(record):
                self.assertIsNone(self.find(ORG, example_org=record))
        self.assertEqual(
            self.find(ORG, example_org=["x", "v=DMARC1; p=reject"]), Policy(ORG, "reject", False)
        )

    @skipUnless(domains.is_available(), domains.ABSENT)
    def test_record_of_the_organisation(self):
        for record, action in {
            "v=DMARC1; p=reject": "reject",
            "v=DMARC1; p=reject; sp=none": "none",
        }.items():
            self.assertEqual(
                self.find("a.b.example.org", example_org=record), Policy(ORG, action, False)
            )
        own = self.find(
            "a.example.org", example_org="v=DMARC1; p=reject", a_example_org="v=DMARC1; p=none"
        )
        self.assertEqual(own, Policy("a.example.org", "none", False))
        # Not of what is in between.
        self.assertIsNone(self.find("a.b.example.org", b_example_org="v=DMARC1; p=reject"))


class TestSigned(BaseCase):
    def test_forms_of_a_body(self):
        for body, as_simple, as_relaxed in (
            (b"", b"\r\n", b""),
            (b"\r\n\r\n", b"\r\n", b""),
            (b" \t\r\n", b" \t\r\n", b""),
            (b" a \t b\t\r\n\r\n", b" a \t b\t\r\n", b" a b\r\n"),
            (b"a", b"a\r\n", b"a\r\n"),
            (b"a\r\n \r\n", b"a\r\n \r\n", b"a\r\n"),
            (b"a\r\r\n\r\n", b"a\r\r\n", b"a\r\r\n"),
            (b"a\r\n\r", b"a\r\n\r\r\n", b"a\r\n\r\r\n"),
            (b"\r\r\n", b"\r\r\n", b"\r\r\n"),
        ):
            with self.subTest(body):
                self.assertEqual(simple(body), as_simple)
                self.assertEqual(relaxed(body), as_relaxed)

    def test_fields_keep_their_octets(self):
        signed = read_signed(b"A: b\n\tc \r\nB:\xff\n\r\nx\ny")
        self.assertEqual(signed.fields, [[b"A", b" b\r\n\tc \r\n"], [b"B", b"\xff\r\n"]])
        self.assertEqual(signed.body, b"x\r\ny")
        self.assertEqual(read_signed(b"A: b").body, b"")
        self.assertEqual(signed.named(b"a"), [b" b\r\n\tc \r\n"])

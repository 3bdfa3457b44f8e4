from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import recipients
from odoo.addons.mail_postmaster.gateway.recipients import (
    MOST_RECIPIENTS,
    MOST_REJECTED,
    PRESETS,
    TRUSTED_FIELDS,
    envelope_recipients,
)

from .timing import GrowthCase

HEADER = (
    b"Delivered-To: everything@example.com\r\n"
    b"X-Original-To: sales@example.com\r\n"
    b"Received: from a.test (a.test [192.0.2.1])\r\n"
    b"\tby mx.example.com (Postfix) with ESMTPS id 4F2\r\n"
    b"\tfor <Works@example.com>; Fri, 20 Nov 2026 10:00:00 +0100 (CET)\r\n"
    b"Received: from b.test by a.test for <boss@example.com>; Fri, 20 Nov 2026 09:59:00 +0100\r\n"
    b"X-Original-To: boss@example.com\r\n"
    b"From: commercial@gmail.com\r\n"
    b"To: Info <Info@Example.com>\r\n"
    b"Cc: info@example.com, copy@example.com\r\n"
    b"Resent-To: resent@example.com\r\n"
    b"Resent-Cc: resent-copy@example.com\r\n"
)


class TestEvidence(BaseCase):
    def assertRecipients(self, answer, source, *addresses):
        self.assertEqual(answer.addresses, addresses)
        self.assertEqual(answer.source, source)
        self.assertEqual(answer.is_envelope, source != "header")

    def test_transport_decides_alone(self):
        answer = envelope_recipients(
            HEADER,
            told=["Bcc@Example.com", "<bcc@example.com>", "two@example.com"],
            trusted=("X-Original-To",),
            prefix="bcc",
        )
        self.assertRecipients(answer, "transport", "bcc@example.com", "two@example.com")

    def test_what_the_transport_told_is_the_envelope_even_when_it_is_no_address(self):
        answer = envelope_recipients(HEADER, told=["nobody"])
        self.assertRecipients(answer, "transport")
        self.assertEqual(answer.rejected, (("nobody", "no_at"),))

    def test_a_transport_that_told_nothing(self):
        answer = envelope_recipients(HEADER, told=["", " "], trusted=("X-Original-To",))
        self.assertRecipients(answer, "X-Original-To", "sales@example.com")

    def test_trusted_fields_in_their_written_order(self):
        for trusted, source, address in [
            (("X-Original-To", "Delivered-To"), "X-Original-To", "sales@example.com"),
            (("Delivered-To", "X-Original-To"), "Delivered-To", "everything@example.com"),
            (("Envelope-To", "X-Original-To"), "X-Original-To", "sales@example.com"),
            (("x-original-to",), "x-original-to", "sales@example.com"),
            (("Received", "X-Original-To"), "Received", "works@example.com"),
        ]:
            with self.subTest(trusted=trusted):
                answer = envelope_recipients(HEADER, trusted=trusted)
                self.assertRecipients(answer, source, address)

    def test_every_trusted_field(self):
        self.assertEqual(len(TRUSTED_FIELDS), 10)
        for name in TRUSTED_FIELDS:
            value = {
                "Received": "from a by b with LMTP id 1 for <sales@example.com>; Fri, 20 Nov 2026",
                "Original-Recipient": "rfc822;sales@example.com",
            }.get(name, "Sales@example.com")
            copy = value.replace("ales", "tranger")
            header = f"{name}: {value}\r\n{name}: {copy}\r\nTo: a@x.test"
            with self.subTest(name=name):
                answer = envelope_recipients(header.encode(), trusted=(name,))
                self.assertRecipients(answer, name, "sales@example.com")

    def test_list_in_a_trusted_field(self):
        answer = envelope_recipients(
            b"Envelope-To: a@x.test,\r\n b@x.test\r\nTo: c@x.test",
            trusted=("Envelope-To",),
        )
        self.assertRecipients(answer, "Envelope-To", "a@x.test", "b@x.test")

    def test_a_strangers_copy_below_does_not_count(self):
        header = b"X-Original-To: sales@example.com\r\nX-Original-To: boss@example.com\r\n"
        answer = envelope_recipients(header, trusted=("X-Original-To",))
        self.assertRecipients(answer, "X-Original-To", "sales@example.com")

    def test_trusted_field_that_is_no_address_serves_nobody(self):
        answer = envelope_recipients(
            b"X-Original-To: a\0b@x.test\r\nX-Original-To: c@x.test\r\nTo: d@x.test",
            trusted=("X-Original-To",),
        )
        self.assertRecipients(answer, "X-Original-To")
        self.assertEqual(answer.rejected, (("a\ufffdb@x.test", "control_character"),))

    def test_empty_trusted_field_is_none(self):
        answer = envelope_recipients(
            b"X-Original-To: \r\nDelivered-To: b@x.test",
            trusted=("X-Original-To", "Delivered-To"),
        )
        self.assertRecipients(answer, "Delivered-To", "b@x.test")

    def test_no_trusted_field_is_there(self):
        answer = envelope_recipients(HEADER, trusted=("Envelope-To",))
        self.assertRecipients(
            answer,
            "header",
            "info@example.com",
            "copy@example.com",
            "resent@example.com",
            "resent-copy@example.com",
        )

    def test_nothing_is_trusted(self):
        self.assertRecipients(
            envelope_recipients(HEADER),
            "header",
            "everything@example.com",
            "info@example.com",
            "copy@example.com",
            "resent@example.com",
            "resent-copy@example.com",
        )

    def test_the_sender_is_no_recipient(self):
        for trusted in ((), *((name,) for name in TRUSTED_FIELDS)):
            answer = envelope_recipients(
                b"From: commercial@gmail.com\r\nSender: commercial@gmail.com\r\n"
                b"Reply-To: commercial@gmail.com\r\nReturn-Path: <commercial@gmail.com>\r\n"
                b"To: a@x.test",
                trusted=trusted,
            )
            self.assertEqual(answer.addresses, ("a@x.test",))

    def test_received_clause(self):
        for value, expected in [
            ("from a by b for <s@x.test>; Fri", ("s@x.test",)),
            ("from a by b (Exim) (envelope-from <f@y.test>) id 1 for s@x.test; Fri", ("s@x.test",)),
            ("from a by b id 1 FOR <s@x.test> (Transport Security); Fri", ("s@x.test",)),
            ("from a by b with ESMTP id 1; Fri", None),
            ("from x for <boss@x.test> by b with ESMTP id 1; Fri", None),
            ("from a by b (for <boss@x.test>); Fri", None),
            ('from a by b (envelope-from <"x for <boss@x.test>"@y>) id 1; Fri', None),
            ("(qmail 123 invoked by uid 0); 20 Nov 2026", None),
            ("from a by b for <s@x.test>", None),
            ("for", None),
        ]:
            with self.subTest(value=value):
                header = f"Received: {value}\r\nReceived: from a by b for <boss@x.test>; Fri"
                answer = envelope_recipients(header.encode(), trusted=("Received",))
                self.assertEqual(answer.addresses, expected or ())
                self.assertEqual(answer.is_envelope, bool(expected))


class TestPrefix(BaseCase):
    def test_prefix_of_the_local_part(self):
        for value, expected in [
            ("example-com-sales@example.com", "sales@example.com"),
            ("Example-Com-Sales@example.com", "sales@example.com"),
            ("sales@example.com", "sales@example.com"),
            ("example-com-@example.com", "example-com-@example.com"),
            ("example-com-" + "x" * 60 + "@example.com", "x" * 60 + "@example.com"),
            ("sales@example-com-x.test", "sales@example-com-x.test"),
        ]:
            with self.subTest(value=value):
                answer = envelope_recipients(
                    f"Delivered-To: {value}".encode(),
                    trusted=("Delivered-To",),
                    prefix="example-com-",
                )
                self.assertEqual(answer.addresses, (expected,))

    def test_only_of_trusted_fields(self):
        answer = envelope_recipients(b"To: example-com-a@x.test", prefix="example-com-")
        self.assertEqual(answer.addresses, ("example-com-a@x.test",))


class TestOddHeaders(GrowthCase):
    def test_encoded_words(self):
        for value, expected in [
            (b"=?utf-8?q?Sales?= <sales@x.test>", ("sales@x.test",)),
            (b"=?utf-8?q?Doe=2C_boss=40x=2Etest=2C?= <a@x.test>", ("a@x.test",)),
            (b"=?utf-8?q?Sales_=3Csales=40x=2Etest=3E?=", ("sales@x.test",)),
            ("verk\u00e4ufe@m\u00fcnchen.test".encode(), ("verkäufe@xn--mnchen-3ya.test",)),
            ("verk\u00e4ufe@x.test".encode("latin-1"), ("verkäufe@x.test",)),
        ]:
            with self.subTest(value=value):
                answer = envelope_recipients(b"To: " + value)
                self.assertEqual(answer.addresses, expected)
                self.assertEqual(answer.rejected, ())

    def test_malformed_addresses_have_a_reason(self):
        header = (
            b"To: sa\0les@x.test, x@xn--a, y@a..b, Doe, ok@x.test, "
            + b"z" * 10_000
            + b"@x.test, w@"
            + b"d" * 10_000
            + b"\r\n"
        )
        answer = envelope_recipients(header)
        self.assertEqual(answer.addresses, ("ok@x.test",))
        self.assertEqual(
            [reason for _text, reason in answer.rejected],
            [
                "control_character",
                "bad_idn",
                "bad_domain",
                "no_at",
                "local_part_too_long",
                "domain_too_long",
            ],
        )
        for text, _reason in answer.rejected:
            self.assertLessEqual(len(text), 100)
            self.assertTrue(text.isprintable())

    def test_control_characters_do_not_divide_an_address(self):
        for number in [*range(1, 9), 11, 12, *range(14, 32), 127]:
            answer = envelope_recipients(b"To: evil%ssales@x.test" % bytes([number]))
            self.assertEqual(answer.addresses, (), number)

    def test_odd_headers_never_raise(self):
        for header in (
            b"",
            b"\0",
            b"garbage",
            b"To",
            b"To:",
            b": x@y",
            b"\xff" * 1000,
            b" folded\nTo: a@b",
            b"To: " + b"(" * 50_000,
            b"To: " + b"=?utf-8?b?!!!?=",
            b"Received:",
            b"Received: ;",
            b"To: =?x?q?=40?=",
            b"To: \xed\xa0\x80@x",
            b"Original-Recipient: ;",
        ):
            for trusted in ((), TRUSTED_FIELDS):
                with self.subTest(header=header[:40], trusted=trusted):
                    self.assertEqual(
                        len(envelope_recipients(header, (), trusted).addresses),
                        int(header == b" folded\nTo: a@b"),
                    )

    def test_many_recipients(self):
        header = b"To: " + b",\r\n ".join(b"user%d@x.test" % number for number in range(20_000))
        with patch.object(recipients, "canonical", wraps=recipients.canonical) as read:
            answer = envelope_recipients(header)
        self.assertEqual(len(answer.addresses), MOST_RECIPIENTS)
        self.assertEqual(read.call_count, MOST_RECIPIENTS + 1)
        first = f"user{MOST_RECIPIENTS}@x.test"
        self.assertEqual(answer.rejected, ((first, "too_many_recipients"),))

    def test_one_recipient_many_times(self):
        header = b"To: " + b", ".join([b"a@x.test"] * 20_000) + b", b@x.test"
        self.assertEqual(envelope_recipients(header).addresses, ("a@x.test", "b@x.test"))

    def test_many_bad_recipients(self):
        answer = envelope_recipients(b"To: " + b"@, " * 20_000 + b"b@x.test")
        self.assertEqual(answer.addresses, ("b@x.test",))
        self.assertEqual(len(answer.rejected), MOST_REJECTED)

    def test_many_encoded_words(self):
        self.assertGrowsWithSize(
            envelope_recipients, lambda number: b"To: " + b"=?utf-8?q?a?= " * number, 25_000
        )


class TestPresets(BaseCase):
    def test_presets_choose_known_fields(self):
        for name, preset in PRESETS.items():
            with self.subTest(name=name):
                self.assertLessEqual(set(preset.fields), set(TRUSTED_FIELDS))
                self.assertTrue(preset.fields or not preset.is_on_top)

    def test_field_below_the_servers_own_hop_may_be_required_not_to_count(self):
        forged = b"Delivered-To: boss@example.com\nTo: sales@example.com\n"
        for above, expected in [
            (b"Received: by a.test\n", "sales@example.com"),
            (b"Delivered-To: works@example.com\nRECEIVED : by a.test\n", "works@example.com"),
            (b"", "sales@example.com"),
            (b"X-Note: not\n Received: folded\nreceived: by a.test\n", "sales@example.com"),
        ]:
            with self.subTest(above=above):
                answer = envelope_recipients(
                    above + forged,
                    trusted=("Delivered-To",),
                    on_top=True,
                )
                self.assertEqual(answer.addresses, (expected,))
        answer = envelope_recipients(HEADER, trusted=("Received",), on_top=True)
        self.assertEqual(answer.addresses, ("works@example.com",))

    def test_postfix_prefers_the_address_as_it_came(self):
        preset = PRESETS["postfix"]
        answer = envelope_recipients(HEADER, trusted=preset.fields)
        self.assertEqual(answer.addresses, ("sales@example.com",))

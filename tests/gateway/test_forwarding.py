"""Forwarder and author of a message, read from the header as forwarders write it."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.forwarding import (
    BadForwarders,
    is_trusted,
    parse_forwarders,
    restored_sender,
)
from odoo.addons.mail_postmaster.gateway.srs import read_rewritten

from .timing import GrowthCase

LIST = ("sales@example.org",)

GOOGLE_GROUPS = b"""\
Return-Path: <sales+bncBCAAB7UZ6QIBBK4H3DPQMGQEXAMPLE@example.org>
Received: by 2002:a05:6512:3d0b:b0:4a2:5f3d with SMTP id o1csp1; Fri, 20 Nov 2026 10:00:01 -0800
Sender: sales@example.org
Date: Fri, 20 Nov 2026 10:00:00 -0800
Message-ID: <one@customer.example.com>
Subject: Offer
From: "'Jane Doe' via Sales" <sales@example.org>
To: sales@example.org
X-Original-Sender: jane@customer.example.com
X-Original-Authentication-Results: mx.google.com;       dkim=pass
 header.i=@customer.example.com; spf=pass smtp.mailfrom=bounce-1@mx.customer.example.com;
 dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=customer.example.com
X-Original-From: Jane Doe <jane@customer.example.com>
Reply-To: Jane Doe <jane@customer.example.com>
Precedence: list
Mailing-list: list sales@example.org; contact sales+owners@example.org
List-ID: <sales.example.org>
X-Google-Group-Id: 357212215037
List-Post: <https://groups.google.com/a/example.org/group/sales/post>, <mailto:sales@example.org>
"""

MAILMAN_2 = b"""\
Return-Path: <sales-bounces@example.org>
From: Jane Doe via Sales <sales@example.org>
Reply-To: Jane Doe <jane@customer.example.com>
To: sales@example.org
X-BeenThere: sales@example.org
X-Mailman-Version: 2.1.39
Precedence: list
List-Id: Sales <sales.example.org>
List-Post: <mailto:sales@example.org>
Errors-To: sales-bounces@example.org
Sender: "Sales" <sales-bounces@example.org>
"""

# A list with replies to the list: the author is added to Cc.
MAILMAN_3 = b"""\
Return-Path: <sales-bounces+inbox=example.com@example.org>
X-MailFrom: bounce-1@mx.customer.example.com
X-Mailman-Rule-Hits: dmarc-mitigation
Message-ID-Hash: AA75VTVTSU74HZXVGWH2737ZL3ZG6NWQ
X-Mailman-Version: 3.3.8
Precedence: list
Subject: [Sales] Offer
List-Id: Sales <sales.example.org>
From: =?utf-8?q?J=C3=A1ne_Doe_via_Sales?= <sales@example.org>
Reply-To: sales@example.org
Cc: =?utf-8?q?J=C3=A1ne_Doe?= <jane@customer.example.com>
To: sales@example.org
"""

B4_RELAY = b"""\
Return-Path: <devnull+jane.customer.example.com@example.org>
From: Jane Doe via B4 Relay <devnull+jane.customer.example.com@example.org>
X-Endpoint-Received: by B4 Relay for jane@customer.example.com/20250217 with auth_id=442
X-Original-From: Jane Doe <jane@customer.example.com>
Reply-To: jane@customer.example.com
"""

MICROSOFT_REDIRECT = b"""\
Return-Path: <sales+SRS=0kPiY=DM=customer.example.com=jane@example.org>
Resent-From: <sales@example.org>
From: Jane Doe <jane@customer.example.com>
To: Sales <sales@example.org>
X-MS-Exchange-Inbox-Rules-Loop: sales@example.org
"""

GMAIL_FILTER = b"""\
Return-Path: <sales.example+caf_=inbox=example.com@gmail.example.org>
X-Forwarded-To: inbox@example.com
X-Forwarded-For: sales.example@gmail.example.org inbox@example.com
Delivered-To: sales.example@gmail.example.org
From: Jane Doe <jane@customer.example.com>
To: sales.example@gmail.example.org
"""

POSTSRSD = b"""\
Return-Path: <SRS0=6cOA=DM=customer.example.com=jane@mx.example.org>
X-Original-To: inbox@example.com
From: Jane Doe <jane@customer.example.com>
To: sales@example.org
"""

# postsrsd with sender_canonical_classes at its default, which includes the header.
POSTSRSD_IN_HEADER = b"""\
Return-Path: <SRS0=6cOA=DM=customer.example.com=jane@mx.example.org>
From: Jane Doe <SRS0=6cOA=DM=customer.example.com=jane@mx.example.org>
To: sales@example.org
"""

CPANEL_SECOND_FORWARDER = b"""\
Return-Path: <SRS1=ktGk=mx.example.net==6cOA=DM=customer.example.com=jane@mx.example.org>
Envelope-to: inbox@example.com
From: Jane Doe <jane@customer.example.com>
To: sales@example.org
"""

SIEVE_REDIRECT = b"""\
Return-Path: <jane@customer.example.com>
X-Sieve: Pigeonhole Sieve 0.5.19
X-Sieve-Redirected-From: sales@example.org
Resent-From: sales@example.org
Resent-To: inbox@example.com
From: Jane Doe <jane@customer.example.com>
To: sales@example.org
"""

NEWSLETTER = b"""\
Return-Path: <bounce-77@news.example.org>
From: Example News <news@example.org>
Reply-To: Editors <editors@example.net>
List-Id: <news.example.org>
List-Unsubscribe: <https://example.org/unsubscribe>
"""


def header(*lines):
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


class TestForwarding(BaseCase):
    def assertRestored(self, raw, trusted, name, address, sign):
        found = restored_sender(raw, trusted)
        self.assertEqual((found.outcome, found.forwarding.sign), ("restored", sign))
        self.assertEqual((found.sender.name, found.sender.address), (name, address))

    def assertLeft(self, raw, trusted, outcome, forwarder=None):
        found = restored_sender(raw, trusted)
        self.assertEqual(found and found.outcome, outcome)
        self.assertIsNone(found and found.sender)
        if forwarder:
            self.assertEqual(found.forwarding.forwarder, forwarder)

    def test_forwarders_that_write_over_the_sender(self):
        jane = "jane@customer.example.com"
        domain = ("example.org",)
        for raw, trusted, name, sign in [
            (GOOGLE_GROUPS, LIST, "Jane Doe", "X-Original-From"),
            (GOOGLE_GROUPS, domain, "Jane Doe", "X-Original-From"),
            (MAILMAN_2, LIST, "Jane Doe", "Reply-To"),
            # If the author is in Reply-To, the addresses in Cc are others.
            (MAILMAN_2 + b"Cc: bob@example.net\n", LIST, "Jane Doe", "Reply-To"),
            (MAILMAN_3, LIST, "Jáne Doe", "Cc"),
            (B4_RELAY, domain, "Jane Doe", "X-Original-From"),
            (POSTSRSD_IN_HEADER, ("*.example.org",), "Jane Doe", "From"),
        ]:
            with self.subTest(raw=raw[:200], trusted=trusted):
                self.assertRestored(raw, trusted, name, jane, sign)
                self.assertLeft(raw, (), "untrusted")
                self.assertLeft(raw, ("other.example.org", "x@example.org"), "untrusted")

    def test_forwarders_that_leave_the_sender(self):
        for raw, forwarder, sign in [
            (MICROSOFT_REDIRECT, "sales@example.org", "Resent-From"),
            (GMAIL_FILTER, "sales.example@gmail.example.org", "X-Forwarded-For"),
            (POSTSRSD, "mx.example.org", "Return-Path"),
            (CPANEL_SECOND_FORWARDER, "mx.example.org", "Return-Path"),
            (SIEVE_REDIRECT, "sales@example.org", "Resent-From"),
        ]:
            for trusted in ((), ("example.org", "*.example.org", "sales@example.org")):
                with self.subTest(forwarder=forwarder, sign=sign, trusted=trusted):
                    self.assertLeft(raw, trusted, "kept", forwarder)
                    self.assertEqual(restored_sender(raw, trusted).forwarding.sign, sign)

    def test_mail_that_nobody_forwarded(self):
        plain = header("From: Jane <jane@example.org>", "Reply-To: home@example.net")
        no_address = header("From: Jane via Sales <sales>", "Reply-To: jane@example.net")
        no_author = header("From: bounces+SRS=DmMzc=V3@example.org")
        for raw in (NEWSLETTER, plain, no_address, no_author, b"", b"\r\n"):
            for trusted in ((), ("example.org",)):
                with self.subTest(raw=raw, trusted=trusted):
                    self.assertIsNone(restored_sender(raw, trusted))

    def test_reply_to_counts_for_an_address_on_the_list(self):
        raw = header(
            "From: Sales <sales@example.org>",
            "Reply-To: =?utf-8?q?J=C3=A1ne?= <J@Example.NET>",
        )
        self.assertRestored(raw, LIST, "Jáne", "j@example.net", "Reply-To")
        # Any author in a domain may have a different Reply-To.
        self.assertIsNone(restored_sender(raw, ("example.org",)))

    def test_mailbox_on_the_list_that_writes_itself(self):
        for more in ((), ("Reply-To: sales@example.org",), ("X-Original-From: sales@example.org",)):
            with self.subTest(more=more):
                raw = header("From: Sales <sales@example.org>", *more)
                self.assertIsNone(restored_sender(raw, LIST))

    def test_other_services_that_keep_x_original_from(self):
        """The author used a service that writes the field, and is in From."""
        raw = header("From: Jane <jane@example.net>", "X-Original-From: Jane <jane@example.net>")
        self.assertIsNone(restored_sender(raw, ("example.net",)))

    def test_assistant_of_a_sender(self):
        raw = header("From: Boss <boss@example.org>", "X-Original-Sender: assistant@example.org")
        self.assertIsNone(restored_sender(raw, ("example.org",)))

    def test_return_path_tells_where_nothing_else_does(self):
        def raw(path, sender='"Jane via Sales" <sales@example.org>'):
            return header(f"Return-Path: <{path}>", f"From: {sender}")

        trusted = (*LIST, "mx.example.org")
        srs = "SRS0=hash=DM=customer.example.com=jane@mx.example.org"
        self.assertRestored(raw(srs), trusted, "Jane", "jane@customer.example.com", "Return-Path")
        self.assertLeft(raw(srs), LIST, "unknown")
        bounces = "SRS0=hash=DM=example.org=sales-bounces@mx.example.org"
        self.assertLeft(raw(bounces), trusted, "unknown")
        self.assertLeft(raw(srs), (*trusted, "jane@customer.example.com"), "unknown")
        self.assertLeft(raw(srs, "Sales <sales@example.org>"), trusted, "kept")

    def test_author_without_a_name(self):
        raw = GOOGLE_GROUPS.replace(b"'Jane Doe'", b"'jane@customer.example.com'").replace(
            b"Jane Doe <jane@customer.example.com>",
            b"jane@customer.example.com",
        )
        self.assertRestored(raw, LIST, "", "jane@customer.example.com", "X-Original-From")

    def test_nothing_tells_the_author(self):
        raw = header("From: Jane via Sales <sales@example.org>", "Reply-To: sales@example.org")
        self.assertLeft(raw, LIST, "unknown", "sales@example.org")

    def test_another_forwarder_is_no_author(self):
        raw = header("From: X via Sales <sales@example.org>", "Reply-To: helpdesk@example.org")
        self.assertLeft(raw, (*LIST, "helpdesk@example.org"), "unknown")
        srs = header("From: <SRS0=hash=DM=example.org=sales@mx.example.org>")
        self.assertLeft(srs, (*LIST, "mx.example.org"), "unknown")

    def test_colleague_as_author(self):
        raw = header(
            "From: 'Bob' via Sales <sales@example.org>",
            "X-Original-From: Bob <bob@example.org>",
        )
        self.assertRestored(raw, ("example.org",), "Bob", "bob@example.org", "X-Original-From")


class TestForgeries(GrowthCase):
    """An attacker who impersonates the boss writes the fields and sends through a forwarder."""

    def assertOutcome(self, expected, *lines, trusted=LIST):
        found = restored_sender(header(*lines), trusted)
        self.assertEqual(found and found.outcome, expected)

    def test_stranger_without_a_forwarder(self):
        forged = ("X-Original-From: boss@example.com", "Reply-To: boss@example.com")
        for sender, outcome in [
            ("thief@x.test", "untrusted"),
            ("'Boss' via Sales <thief@x.test>", "untrusted"),
            ('"sales@example.org via x" <thief@x.test>', "untrusted"),
            ("SRS0=a=DM=example.com=boss@x.test", "untrusted"),
            ("sales@example.org, thief@x.test", None),
        ]:
            with self.subTest(sender=sender):
                self.assertOutcome(outcome, f"From: {sender}", *forged)

    def test_signs_of_a_trusted_forwarder_beside_another_sender(self):
        self.assertOutcome(
            "untrusted",
            "Return-Path: <SRS0=a=DM=example.com=boss@example.org>",
            "Sender: sales@example.org",
            "Resent-From: sales@example.org",
            "X-Forwarded-For: sales@example.org x@example.com",
            "From: thief@x.test",
            "X-Original-From: boss@example.com",
            trusted=("example.org", *LIST),
        )

    def test_second_from(self):
        for other in ("boss@example.com", "Jane via Sales <sales@example.org>"):
            self.assertOutcome(
                None,
                "From: Jane via Sales <sales@example.org>",
                f"From: {other}",
                "X-Original-From: boss@example.com",
            )

    def test_field_of_the_author_beside_that_of_the_forwarder(self):
        group = "From: 'Thief' via Sales <sales@example.org>"
        own = "X-Original-From: thief@x.test"
        for forged in (
            "X-Original-From: boss@example.com",
            "Reply-To: Boss <boss@example.com>",
            "X-Original-Sender: boss@example.com",
        ):
            for lines in ((group, own, forged), (group, forged, own), (forged, group, own)):
                with self.subTest(lines=lines):
                    self.assertOutcome("contradictory", *lines)

    def test_author_whose_address_is_none(self):
        """An unreadable author is still an author, and not the boss."""
        group = "From: 'Thief' via Sales <sales@example.org>"
        for thief in ("thief@[192.0.2.1]", "thief@x..test", "thief", "th\u200bief@x.test"):
            with self.subTest(thief=thief):
                self.assertOutcome(
                    "contradictory",
                    group,
                    f"Reply-To: Boss <boss@example.com>, <{thief}>",
                )
                self.assertOutcome("contradictory", group, f"X-Original-From: {thief}")

    def test_mailman_writes_no_x_original_from(self):
        mailman = ("From: Thief via Sales <sales@example.org>", "X-Mailman-Version: 3.3.8")
        forged = "X-Original-From: boss@example.com"
        self.assertOutcome("contradictory", *mailman, forged, "Reply-To: thief@x.test")
        # With replies to the list, the author is added to the entries the author wrote in Cc.
        to_list = "Reply-To: sales@example.org"
        self.assertOutcome("contradictory", *mailman, forged, to_list, "Cc: thief@x.test")
        self.assertOutcome("unknown", *mailman, forged, to_list)
        self.assertOutcome(
            "contradictory",
            *mailman,
            to_list,
            "Cc: boss@example.com, Thief <thief@x.test>",
        )
        self.assertOutcome(
            "contradictory",
            *mailman,
            "Reply-To: boss@example.com, Thief <thief@x.test>",
        )

    def test_mark_of_mailman_takes_nothing_away_elsewhere(self):
        self.assertOutcome(
            "contradictory",
            "From: 'Thief' via Sales <sales@example.org>",
            "X-Mailman-Version: 3",
            "X-Original-From: thief@x.test",
            "Cc: boss@example.com",
        )

    def test_name_that_is_an_address(self):
        for name in (
            "boss@example.com",
            '"Boss <boss@example.com>"',
            "=?utf-8?q?boss=40example=2Ecom?=",
            "=?utf-8?q?=3D=3Futf-8=3Fq=3Fboss=3D40example=2Ecom=3F=3D?=",
        ):
            with self.subTest(name=name):
                found = restored_sender(
                    header(
                        "From: X via Sales <sales@example.org>",
                        f"X-Original-From: {name} <thief@x.test>",
                    ),
                    LIST,
                )
                self.assertEqual(found.sender.address, "thief@x.test")
                self.assertEqual(found.sender.name, "X")

    def test_time_is_linear(self):
        for before, piece, after in (
            ("From: ", "x via ", "<sales@example.org>"),
            ("Reply-To: ", "a@x.test, ", ""),
            ("Return-Path: ", "a+srs=", "@x.test"),
            ("Return-Path: <SRS1=", "=", "@x.test>"),
            ("X-Original-From: ", "<", ""),
        ):
            with self.subTest(before + piece):
                self.assertGrowsWithSize(
                    lambda raw: restored_sender(raw, LIST),
                    lambda number, before=before, piece=piece, after=after: header(
                        "From: A via B <sales@example.org>", before + piece * number + after
                    ),
                    25_000,
                )


class TestTrust(BaseCase):
    def test_list(self):
        self.assertEqual(
            parse_forwarders(
                " List@Example.ORG, example.org;*.Example.org\n@bücher.example, example.org"
            ),
            ("list@example.org", "example.org", "*.example.org", "xn--bcher-kva.example"),
        )
        self.assertEqual(parse_forwarders(""), ())
        for text, entry in [
            ("a b", "a b"),
            ("ok.org, two@@example.org", "two@@example.org"),
            ("@", "@"),
            ("Jane <jane@example.org>", "Jane <jane@example.org>"),
            ("x@*.example.org",) * 2,
            ("*", "*"),
        ]:
            with self.subTest(text=text), self.assertRaises(BadForwarders) as caught:
                parse_forwarders(text)
            self.assertIn(repr(entry), str(caught.exception))

    def test_who_is_on_it(self):
        for forwarder, trusted, expected in [
            ("list@example.org", ("list@example.org",), True),
            ("other@example.org", ("list@example.org",), False),
            ("example.org", ("list@example.org",), False),
            ("list@example.org", ("example.org",), True),
            ("list@lists.example.org", ("example.org",), False),
            ("list@lists.example.org", ("*.example.org",), True),
            ("list@example.org", ("*.example.org",), False),
            ("list@badexample.org", ("*.example.org", "example.org"), False),
            ("lists.example.org", ("*.example.org",), True),
            ("list@example.org", (), False),
        ]:
            with self.subTest(forwarder=forwarder, trusted=trusted):
                self.assertEqual(is_trusted(forwarder, trusted), expected)


class TestRewrittenAddress(BaseCase):
    def test_forms(self):
        for address, forwarder, original in [
            ("SRS0=6cOA=DM=customer.test=jane@fwd.test", "fwd.test", "jane@customer.test"),
            ("srs0+6cOA=DM=customer.test=jane@fwd.test", "fwd.test", "jane@customer.test"),
            ("SRS0=6cOA=DM=customer.test=b=a-b@fwd.test", "fwd.test", "b=a-b@customer.test"),
            (
                "SRS1=ab=one.test==6cOA=DM=customer.test=jane@two.test",
                "two.test",
                "jane@customer.test",
            ),
            (
                "SRS1=ab=one.test=-6cOA=DM=customer.test=jane@two.test",
                "two.test",
                "jane@customer.test",
            ),
            (
                "sales+SRS=0kPiY=DM=customer.test=jane@fwd.test",
                "sales@fwd.test",
                "jane@customer.test",
            ),
            ("bounces+SRS=DmMzc=V3@fwd.test", "bounces@fwd.test", ""),
            ("me+caf_=inbox=example.com@mail.test", "me@mail.test", ""),
            (
                "SRS0=x=DM=customer.test=" + "j" * 60 + "@fwd.test",
                "fwd.test",
                "j" * 60 + "@customer.test",
            ),
            ("SRS0=x=DM=custo mer=jane@fwd.test", "fwd.test", ""),
        ]:
            with self.subTest(address=address):
                found = read_rewritten(address)
                self.assertEqual((found.forwarder, found.original), (forwarder, original))

    def test_ordinary_addresses(self):
        for address in (
            "jane@x.test",
            "srs0@x.test",
            "SRS0=a@x.test",
            "SRS0=a=b=c@x.test",
            "",
            "@",
            "SRS0=",
            "SRS0=a=b=c.test=d@",
            "SRS0=a=b=c.test=d@[192.0.2.1]",
            "a+b@x.test",
            "list-bounces+jane=customer.test@x.test",
            "SRS0=a=b=c.test=" + "d" * 1000 + "@x.test",
        ):
            with self.subTest(address=address[:40]):
                self.assertIsNone(read_rewritten(address))

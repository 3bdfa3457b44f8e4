"""Two aliases that would match one address are found before a message arrives."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.address_book import AddressBook, Alias, Domain
from odoo.addons.mail_postmaster.gateway.shared_addresses import shared_address, twins

from .matching_case import EXAMPLE, OTHER


class TestSharedAddresses(BaseCase):
    def assertShared(self, expected, *aliases, domains=(EXAMPLE, OTHER), allowed=None):
        aliases = tuple(Alias(*alias) for alias in aliases)
        book = AddressBook(aliases, domains, allowed=allowed)
        for one, other in (aliases[:2], aliases[1::-1]):
            self.assertEqual(shared_address(one, other, book), expected)

    def test_addresses_of_their_own(self):
        self.assertShared(None, (1, "sales", 1), (2, "sales", 2))
        self.assertShared(None, (1, "sales", 1, True), (2, "sales", 2))
        self.assertShared(None, (1, "sales", None), (2, "sales", 1))

    def test_domains_of_one_name(self):
        domains = (EXAMPLE, Domain(9, "EXAMPLE.com", "c", "b"), OTHER)
        self.assertShared(
            "sales@example.com",
            (1, "sales", 1),
            (2, "sales", 9),
            domains=domains,
        )
        self.assertEqual(twins(domains), [[1, 9]])
        self.assertEqual(twins((EXAMPLE, OTHER)), [])

    def test_detection_of_both(self):
        both = ((1, "sales", 1, True), (2, "sales", 2, True))
        self.assertShared("sales@*", *both)
        self.assertShared("sales@a.test", *both, allowed=("a.test",))
        self.assertShared("sales@example.com", (1, "sales", None, True), both[1])

    def test_address_that_is_neithers_own_in_a_third_domain(self):
        third = (EXAMPLE, OTHER, Domain(3, "third.test"))
        one, other = (1, "sales", 1, True, ()), (2, "sales", 2, True, ())
        self.assertShared("sales@third.test", one, other, domains=third)
        self.assertShared(None, one, other, (3, "sales", 3), domains=third)
        taken = (EXAMPLE, OTHER, Domain(3, "third.test", "sales"))
        self.assertShared(None, one, other, domains=taken)

    def test_own_domains_among_the_allowed(self):
        self.assertShared(
            None,
            (1, "sales", 1, True),
            (2, "sales", 2, True),
            allowed=("example.com", "other.test"),
        )

    def test_lists_of_allowed_domains(self):
        for allowed, others, expected in [
            (("a.test",), ("b.test",), None),
            (("a.test",), ("x.test", "a.test"), "a.test"),
            (("a.test",), ("*.a.test",), None),
            (("b.a.test",), ("*.a.test",), "b.a.test"),
            (("*.b.a.test",), ("*.a.test",), "*.b.a.test"),
            (("*.a.test",), ("*.b.test",), None),
            ((), ("a.test",), None),
            # The more explicit one gets it.
            (("a.test",), None, None),
        ]:
            with self.subTest(allowed=allowed, others=others):
                self.assertShared(
                    f"sales@{expected}" if expected else None,
                    (1, "sales", 1, True, allowed),
                    (2, "sales", 2, True, others),
                )

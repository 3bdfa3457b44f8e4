"""In which alias domains the aliases for a message are searched."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.address_book import (
    ALIAS,
    DOMAIN,
    Domain,
    Retired,
    domain_ids_by_name,
)

from .matching_case import EXAMPLE, MUNICH, OTHER


class TestDomainIdsByName(BaseCase):
    def test_names_are_compared_in_one_form(self):
        self.assertEqual(
            domain_ids_by_name((EXAMPLE, OTHER, MUNICH), ()),
            {
                "example.com": {1},
                "other.test": {2},
                "xn--mnchen-3ya.test": {3},
            },
        )

    def test_former_name_leads_to_all_that_have_the_present_one(self):
        twins = (Domain(1, "new.test"), Domain(2, "new.test"), Domain(3, "old.test"))
        retired = (
            Retired(DOMAIN, 1, domain="Old.test"),
            Retired(DOMAIN, 1, domain="older.test"),
            Retired(DOMAIN, 99, domain="gone.test"),
            Retired(ALIAS, 5, "sales", "moved.test"),
        )
        self.assertEqual(
            domain_ids_by_name(twins, retired),
            {
                "new.test": {1, 2},
                "old.test": {1, 2, 3},
                "older.test": {1, 2},
            },
        )

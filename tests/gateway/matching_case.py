"""An address book to match against, and assertions about the result."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.address_book import AddressBook, Alias, Domain
from odoo.addons.mail_postmaster.gateway.matching import Match, match
from odoo.addons.mail_postmaster.gateway.trace import Trace

EXAMPLE = Domain(1, "Example.COM", "catchall", "bounce", "notifications")
OTHER = Domain(2, "other.test", "catch-all", "bounces", "hello@Elsewhere.test")
MUNICH = Domain(3, "münchen.test", "catchall", "bounce")


def book(aliases=(), separators="+", domains=(EXAMPLE, OTHER, MUNICH), **more):
    """Return an address book; an alias is given as ``(id, local part, domain id, ...)``."""
    return AddressBook(
        aliases=tuple(Alias(*alias) for alias in aliases),
        domains=domains,
        separators=separators,
        **more,
    )


class MatchingCase(BaseCase):
    def assertMatches(self, address_book, address, *expected):
        """Assert the matches, each given as ``(kind, id, rule[, detail])``; return the steps."""
        trace = Trace()
        found = match(address, address_book, trace)
        self.assertEqual(found, [Match(*one) for one in expected])
        return trace.steps

    def assertCases(self, address_book, cases):
        for address, *expected in cases:
            with self.subTest(address=address):
                self.assertMatches(address_book, address, *expected)

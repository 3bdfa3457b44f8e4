"""Which servers are suggested: those that write the field on all that comes from outside."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.authentication import domains, suggested_servers

from .timing import GrowthCase

OURS = "mx.example.com"


def hop(network, by=OURS, protocol="ESMTP"):
    client = f"from a (a.test [198.{network}.100.7])"
    return f"Received: {client} by {by} (Postfix) with {protocol} id 1\r\n"


def field(server=OURS):
    return f"Authentication-Results: {server}; spf=pass smtp.mailfrom=a.test; dmarc=none\r\n"


def above(network):
    return field() + hop(network)


def below(network):
    """As a milter of Postfix writes it, and then a delivery by LMTP."""
    return f"Received: from {OURS} by box with LMTP id 2\r\n" + hop(network) + field()


def without(network):
    return hop(network)


def suggested(*headers):
    return suggested_servers(f"{header}From: x@a.test\r\n".encode() for header in headers)


class TestSuggestedServers(BaseCase):
    def test_written_on_everything_from_outside(self):
        for write in (above, below):
            headers = [write(network) for network in range(10)]
            self.assertEqual(suggested(*headers), (OURS,))
            # Not on what colleagues submit.
            inside = [hop(network, protocol="ESMTPSA") for network in range(90)]
            self.assertEqual(suggested(*headers, *inside), (OURS,))
            self.assertEqual(suggested(*headers[:4]), ())

    def test_names(self):
        for by, server, expected in (
            # Without the list, only the name of the host itself counts.
            ("mail1.example.com", "example.com", ("example.com",) * domains.is_available()),
            ("mx.google.com", "mx.google.com", ("mx.google.com",)),
            ("AM0.prod.outlook.com", "", ("mx.microsoft.com",)),
            ("evil-outlook.com", "", ()),
            ("mx.example.org", "mx.example.com", ()),
            ("com", "example.com", ()),
        ):
            with self.subTest(by=by, server=server):
                headers = [field(server).replace(": ;", ":") + hop(one, by) for one in range(9)]
                self.assertEqual(suggested(*headers), expected)

    def test_written_by_senders(self):
        """Our server writes no such field, and one sender has few networks."""
        honest = [without(network) for network in range(10)]
        forged = [above(99)] * 1000
        self.assertEqual(suggested(*honest, *forged), ())
        self.assertEqual(suggested(*honest, *(above(network) for network in range(10))), ())
        self.assertEqual(suggested(*forged), ())
        # Below what another server wrote.
        lower = [hop(network) + hop(network, "mx.a.test") + field() for network in range(10)]
        self.assertEqual(suggested(*lower), ())

    def test_networks_that_a_client_makes_up(self):
        """Its name and its greeting may look like addresses."""
        for write in (
            "(198.{}.100.7.a.test [203.0.113.9])",
            "([203.0.113.9]:25 helo=[198.{}.1.1])",
        ):
            made = [
                f"{field()}Received: from a {write.format(number)} by {OURS} with ESMTP id 1\r\n"
                for number in range(50)
            ]
            with self.subTest(write):
                self.assertEqual(suggested(*made), ())

    def test_one_that_is_missing(self):
        headers = [above(network) for network in range(19)]
        self.assertEqual(suggested(*headers, without(50)), (OURS,))
        self.assertEqual(suggested(*headers, without(50), without(51), without(52)), ())

    def test_several(self):
        headers = [above(network) for network in range(10)]
        name = "mx2.example.com"
        other = [field(name) + hop(network, name) for network in range(10)]
        self.assertEqual(suggested(*headers, *other), ())
        self.assertEqual(suggested(), ())
        self.assertEqual(suggested(*["X: y\r\n", "\r\n", "Received: (\r\n"] * 9), ())


class TestTime(GrowthCase):
    def test_growth(self):
        self.assertGrowsWithSize(
            suggested_servers,
            lambda size: [above(number % 250).encode() for number in range(size)],
            500,
        )

"""Former addresses keep working until another record has them."""

from datetime import date

from odoo.addons.mail_postmaster.gateway.address_book import Domain, Retired

from .matching_case import EXAMPLE, MatchingCase, book

TODAY = date(2026, 11, 20)


class TestRetired(MatchingCase):
    def test_former_addresses_work(self):
        retired = (
            Retired("alias", 1, "old", "example.com"),
            Retired("catchall", 1, "reply", "Example.com"),
            Retired("bounce", 2, "back", "example.com"),
        )
        self.assertCases(
            book([(1, "sales", 1)], retired=retired),
            [
                ("old@example.com", ("alias", 1, "retired")),
                ("Old+x@example.com", ("alias", 1, "retired", "x")),
                ("reply@example.com", ("catchall", 1, "retired")),
                ("back+token@example.com", ("bounce", 2, "retired", "token")),
                ("old@other.test",),
            ],
        )

    def test_taken_by_a_new_alias(self):
        retired = (Retired("alias", 1, "old", "example.com"),)
        self.assertCases(
            book([(1, "sales", 1), (2, "old", 1)], retired=retired),
            [
                ("old@example.com", ("alias", 2, "exact")),
                ("old+x@example.com", ("alias", 2, "sub_address", "x")),
            ],
        )

    def test_former_name_is_not_divided(self):
        retired = (Retired("alias", 1, "sales+eu", "example.com"),)
        self.assertCases(
            book([(1, "eu", 1), (2, "sales", 1)], retired=retired),
            [
                ("sales+eu@example.com", ("alias", 1, "retired")),
                ("sales+us@example.com", ("alias", 2, "sub_address", "us")),
            ],
        )

    def test_taken_by_the_catchall(self):
        retired = (Retired("alias", 1, "catchall", "example.com"),)
        self.assertMatches(book(retired=retired), "catchall@example.com", ("catchall", 1, "exact"))

    def test_validation_of_redirections_as_documented(self):
        # The catchall is renamed for a while, and an alias is given its name.
        home = Domain(1, "example.com", "temp-catchall", "bounce")
        retired = (Retired("catchall", 1, "catchall", "example.com"),)
        renamed = book([(1, "catchall", 1)], domains=(home,), retired=retired)
        self.assertMatches(renamed, "catchall@example.com", ("alias", 1, "exact"))

    def test_ended(self):
        retired = (Retired("alias", 1, "old", "example.com", date(2026, 11, 19)),)
        steps = self.assertMatches(book(retired=retired, today=TODAY), "old@example.com")
        self.assertEqual(steps[1]["params"]["reason"], "ended")
        for until, today in [(TODAY, TODAY), (None, TODAY), (date(2026, 11, 19), None)]:
            retired = (Retired("alias", 1, "old", "example.com", until),)
            with self.subTest(until=until, today=today):
                self.assertMatches(
                    book(retired=retired, today=today),
                    "old@example.com",
                    ("alias", 1, "retired"),
                )

    def test_the_latest_of_several_holders(self):
        retired = (
            Retired("alias", 2, "old", "example.com"),
            Retired("alias", 1, "old", "example.com"),
        )
        self.assertMatches(book(retired=retired), "old@example.com", ("alias", 2, "retired"))

    def test_former_name_of_a_domain(self):
        retired = (
            Retired("domain", 1, domain="Former.test"),
            Retired("alias", 7, "own", "former.test"),
            Retired("alias", 8, "old", "example.com"),
        )
        self.assertCases(
            book([(1, "sales", 1), (2, "own", 1)], retired=retired),
            [
                ("sales@former.test", ("alias", 1, "retired")),
                ("sales+x@former.test", ("alias", 1, "retired", "x")),
                ("catchall@former.test", ("catchall", 1, "retired")),
                ("bounce+token@former.test", ("bounce", 1, "retired", "token")),
                ("notifications@former.test", ("default_from", 1, "retired")),
                ("own@former.test", ("alias", 7, "retired")),
                ("old@former.test", ("alias", 8, "retired")),
                ("nobody@former.test",),
            ],
        )

    def test_addresses_from_before_several_changes(self):
        # example.com was first.test, then second.test; the alias changed in between.
        retired = (
            Retired("domain", 1, domain="second.test"),
            Retired("alias", 1, "old", "second.test"),
            Retired("domain", 1, domain="first.test"),
        )
        self.assertCases(
            book([(1, "sales", 1)], retired=retired),
            [
                (f"old@{name}", ("alias", 1, "retired"))
                for name in ("first.test", "second.test", "example.com")
            ],
        )

    def test_former_name_that_another_domain_had_too(self):
        retired = (
            Retired("domain", 2, domain="former.test"),
            Retired("domain", 1, domain="former.test"),
        )
        self.assertCases(
            book([(1, "sales", 1), (2, "info", 2)], retired=retired),
            [
                ("sales@former.test", ("alias", 1, "retired")),
                ("info@former.test", ("alias", 2, "retired")),
            ],
        )

    def test_former_name_taken_by_another_domain(self):
        domains = (EXAMPLE, Domain(4, "former.test", "catchall", "bounce"))
        retired = (Retired("domain", 1, domain="former.test"),)
        aliases = [(1, "sales", 1), (2, "info", 1), (3, "info", 4)]
        renamed = book(aliases, domains=domains, retired=retired)
        self.assertCases(
            renamed,
            [
                ("info@former.test", ("alias", 3, "exact")),
                ("sales@former.test", ("alias", 1, "retired")),
                ("catchall@former.test", ("catchall", 4, "exact")),
            ],
        )

    def test_former_local_part_with_detection(self):
        retired = (Retired("alias", 1, "old", "example.com"), Retired("alias", 2, "older", None))
        aliases = [(1, "sales", 1, True, ("a.test",)), (2, "info", None, True, ("b.test",))]
        self.assertCases(
            book(aliases, retired=retired),
            [
                ("old@a.test", ("alias", 1, "retired")),
                ("old@c.test",),
                ("older@b.test", ("alias", 2, "retired")),
                ("older+x@b.test", ("alias", 2, "retired", "x")),
            ],
        )

    def test_former_local_part_with_detection_that_was_taken(self):
        retired = (Retired("alias", 1, "old", "example.com"),)
        aliases = [(1, "sales", 1, True), (2, "old", 1), (3, "old", 2, True)]
        self.assertCases(
            book(aliases, retired=retired),
            [
                ("old@example.com", ("alias", 2, "exact")),
                ("old@a.test", ("alias", 3, "local_part")),
            ],
        )
        self.assertMatches(
            book(aliases[:2], retired=retired),
            "old@example.com",
            ("alias", 2, "exact"),
        )

    def test_former_local_part_without_detection(self):
        retired = (Retired("alias", 1, "old", "example.com"),)
        self.assertMatches(book([(1, "sales", 1)], retired=retired), "old@other.test")

    def test_own_former_domain_is_among_the_allowed(self):
        retired = (Retired("domain", 1, domain="former.test"),)
        aliases = [(1, "sales", 2, True)]
        self.assertMatches(
            book(aliases, retired=retired, allowed=()),
            "sales@former.test",
            ("alias", 1, "local_part"),
        )

    def test_name_at_a_former_domain_is_not_divided(self):
        home = Domain(1, "example.com", "catchall", "bounce", "no-reply")
        retired = (Retired("domain", 1, domain="former.test"),)
        self.assertMatches(
            book([(1, "no", 1)], separators="-", domains=(home,), retired=retired),
            "no-reply@former.test",
            ("default_from", 1, "retired"),
        )

    def test_former_catchall_is_not_divided(self):
        retired = (Retired("catchall", 1, "catch-all", "example.com"),)
        self.assertMatches(
            book([(1, "catch", 1)], separators="-", retired=retired),
            "catch-all@example.com",
            ("catchall", 1, "retired"),
        )

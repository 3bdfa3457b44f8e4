"""The owner of an address: a table of cases, one for each sentence of the rules."""

from odoo.addons.mail_postmaster.gateway.address_book import AddressBook, Alias, Domain
from odoo.addons.mail_postmaster.gateway.matching import (
    MOST_EXPLAINED,
    Match,
    match,
    match_all,
    needed_local_parts,
)
from odoo.addons.mail_postmaster.gateway.recipients import envelope_recipients
from odoo.addons.mail_postmaster.gateway.trace import Trace

from .matching_case import EXAMPLE, OTHER, MatchingCase, book


class TestExact(MatchingCase):
    def test_exact_address(self):
        self.assertCases(
            book([(1, "sales", 1), (2, "info", 2)]),
            [
                ("sales@example.com", ("alias", 1, "exact")),
                ("info@other.test", ("alias", 2, "exact")),
                ("sales@other.test",),
                ("info@example.com",),
                ("sale@example.com",),
                ("sales@sub.example.com",),
                ("sales@example.com.evil.test",),
            ],
        )

    def test_case_is_ignored_on_both_sides(self):
        self.assertCases(
            book([(1, "Sales", 1)]),
            [
                ("SALES@EXAMPLE.com", ("alias", 1, "exact")),
                ("sales@example.com", ("alias", 1, "exact")),
            ],
        )

    def test_internationalised_domain(self):
        self.assertCases(
            book([(1, "sales", 3)]),
            [
                ("sales@MÜNCHEN.test", ("alias", 1, "exact")),
                ("sales@xn--mnchen-3ya.test", ("alias", 1, "exact")),
            ],
        )

    def test_address_is_of_one_alias_alone(self):
        twins = (EXAMPLE, Domain(9, "example.com", "catchall9", "bounce9"))
        steps = self.assertMatches(
            book([(2, "sales", 9), (1, "sales", 1)], domains=twins),
            "sales@example.com",
            ("alias", 1, "exact"),
        )
        self.assertEqual(
            steps,
            [
                {
                    "step": "match_exact",
                    "hit": True,
                    "params": {"address": "sales@example.com", "found": "alias:1"},
                },
                {
                    "step": "match_shared",
                    "hit": True,
                    "params": {"address": "sales@example.com", "found": "alias:1, alias:2"},
                },
            ],
        )

    def test_alias_comes_before_the_catchall_of_a_domain_of_the_same_name(self):
        twins = (EXAMPLE, Domain(9, "example.com", "sales", "bounce9"))
        self.assertCases(
            book([(1, "sales", 1)], domains=twins),
            [
                ("sales@example.com", ("alias", 1, "exact")),
            ],
        )

    def test_alias_without_a_domain_has_no_address(self):
        self.assertCases(book([(1, "sales")]), [("sales@example.com",), ("sales@None",)])

    def test_malformed_address(self):
        for address, reason in [
            ("", "no_at"),
            ("sales", "no_at"),
            ("sa\0les@example.com", "control_character"),
            ("sales@xn--a", "bad_idn"),
            ("sales" * 2000 + "@example.com", "local_part_too_long"),
        ]:
            with self.subTest(address=address[:40]):
                (step,) = self.assertMatches(book([(1, "sales", 1)]), address)
                self.assertEqual((step["step"], step["hit"]), ("match_address", False))
                self.assertEqual(step["params"]["reason"], reason)


class TestSubAddress(MatchingCase):
    def test_detail_is_kept(self):
        self.assertCases(
            book([(1, "sales", 1)]),
            [
                ("Sales+Ref@example.com", ("alias", 1, "sub_address", "ref")),
                ("sales+a+b@example.com", ("alias", 1, "sub_address", "a+b")),
                ("sales+@example.com",),
                ("+sales@example.com",),
                ("sales-ref@example.com",),
                ("sales+ref@other.test",),
            ],
        )

    def test_off(self):
        off = book([(1, "sales", 1)], separators="")
        steps = self.assertMatches(off, "sales+ref@example.com")
        self.assertIn(
            {
                "step": "match_sub_address",
                "hit": False,
                "params": {"address": "sales+ref@example.com", "reason": "off"},
            },
            steps,
        )
        self.assertMatches(off, "bounce+token@example.com")

    def test_another_separator(self):
        self.assertCases(
            book([(1, "sales", 1), (2, "my-team", 1)], separators="-+"),
            [
                ("sales-ref@example.com", ("alias", 1, "sub_address", "ref")),
                ("sales+ref@example.com", ("alias", 1, "sub_address", "ref")),
                ("my-team@example.com", ("alias", 2, "exact")),
                ("my-team-ref@example.com", ("alias", 2, "sub_address", "ref")),
                ("my-ref@example.com",),
            ],
        )

    def test_name_with_the_separator_comes_first(self):
        self.assertCases(
            book([(1, "sales", 1), (2, "sales+eu", 1)]),
            [
                ("sales+eu@example.com", ("alias", 2, "exact")),
                ("sales+eu+x@example.com", ("alias", 2, "sub_address", "x")),
                ("sales+us@example.com", ("alias", 1, "sub_address", "us")),
            ],
        )

    def test_reserved_names_are_not_divided(self):
        aliases = [(1, "mailer", 1), (2, "catch", 2), (3, "catch", 1), (4, "postmaster", 1)]
        self.assertCases(
            book(aliases, separators="-"),
            [
                ("mailer-daemon@example.com",),
                ("mailer-daemon-x@example.com",),
                ("mailer-x@example.com", ("alias", 1, "sub_address", "x")),
                ("postmaster@example.com", ("alias", 4, "exact")),
                ("catch-all@other.test", ("catchall", 2, "exact")),
                ("catch-all-x@other.test", ("catchall", 2, "sub_address", "x")),
                ("catch-all@example.com", ("alias", 3, "sub_address", "all")),
            ],
        )


class TestCatchallAndBounce(MatchingCase):
    def test_theirs_with_their_details(self):
        self.assertCases(
            book(),
            [
                ("catchall@example.com", ("catchall", 1, "exact")),
                ("Bounce@Example.com", ("bounce", 1, "exact")),
                ("bounce+token@example.com", ("bounce", 1, "sub_address", "token")),
                ("catchall+token@example.com", ("catchall", 1, "sub_address", "token")),
                ("bounces@other.test", ("bounce", 2, "exact")),
                ("bounce@other.test",),
                ("bounce@elsewhere.test",),
            ],
        )

    def test_they_are_the_domains_alone(self):
        aliases = [(1, "catchall", 2, True), (2, "bounce", 2, True)]
        self.assertCases(
            book(aliases),
            [
                ("catchall@example.com", ("catchall", 1, "exact")),
                ("bounce+x@example.com", ("bounce", 1, "sub_address", "x")),
                ("catchall@other.test", ("alias", 1, "exact")),
            ],
        )

    def test_alias_in_cc_is_found_beside_the_catchall(self):
        recipients = envelope_recipients(b"To: catchall@example.com\r\nCc: sales@example.com")
        found = match_all(recipients.addresses, book([(1, "sales", 1)]), Trace())
        self.assertEqual(
            found,
            {
                "catchall@example.com": [Match("catchall", 1, "exact")],
                "sales@example.com": [Match("alias", 1, "exact")],
            },
        )

    def test_address_a_domain_writes_from(self):
        self.assertCases(
            book([(1, "notifications", 2, True)]),
            [
                (
                    "notifications@example.com",
                    ("alias", 1, "local_part"),
                    ("default_from", 1, "exact"),
                ),
                ("hello@elsewhere.test", ("default_from", 2, "exact")),
                ("hello+x@elsewhere.test", ("default_from", 2, "sub_address", "x")),
                ("hello@other.test",),
            ],
        )


class TestLocalPart(MatchingCase):
    def test_who_decides(self):
        # What the alias, its domain and the database allow, and whether that includes a.test.
        a, b, none, nothing = ("a.test",), ("b.test",), None, ()
        for alias_allowed, domain_allowed, allowed, expected, origin in [
            (none, none, none, True, "any"),
            (none, none, a, True, "database"),
            (none, none, b, False, "database"),
            (none, none, nothing, False, "database"),
            (none, a, b, True, "domain"),
            (none, b, a, False, "domain"),
            (none, nothing, a, False, "domain"),
            (a, b, b, True, "alias"),
            (b, a, a, False, "alias"),
            (nothing, a, a, False, "alias"),
            (("*.test",), none, none, True, "alias"),
            (("*.a.test",), none, none, False, "alias"),
        ]:
            levels = (alias_allowed, domain_allowed, allowed)
            home = Domain(1, "example.com", "catchall", "bounce", "", domain_allowed)
            open_book = AddressBook(
                (Alias(1, "sales", 1, True, alias_allowed),),
                (home, OTHER),
                allowed=allowed,
            )
            with self.subTest(levels=levels):
                matches = [("alias", 1, "local_part")] if expected else []
                steps = self.assertMatches(open_book, "sales@a.test", *matches)
                self.assertEqual(steps[-1]["step"], "match_local_part")
                self.assertEqual(steps[-1]["params"]["origin"], origin)
                self.assertMatches(open_book, "sales@other.test", ("alias", 1, "local_part"))
                self.assertMatches(open_book, "sales@example.com", ("alias", 1, "exact"))

    def test_alias_without_detection_is_never_found_by_its_local_part(self):
        self.assertCases(
            book([(1, "sales", 1), (2, "info")]),
            [
                ("sales@a.test",),
                ("info@a.test",),
            ],
        )

    def test_alias_without_a_domain(self):
        self.assertCases(
            book([(1, "sales", None, True)], allowed=("a.test",)),
            [
                ("sales@a.test", ("alias", 1, "local_part")),
                ("sales@b.test",),
                ("sales@example.com", ("alias", 1, "local_part")),
            ],
        )

    def test_address_that_is_an_aliases_own_is_not_taken(self):
        aliases = [(1, "sales", 1), (2, "sales", 2, True), (3, "sales", 3)]
        self.assertCases(
            book(aliases),
            [
                ("sales@example.com", ("alias", 1, "exact")),
                ("sales@other.test", ("alias", 2, "exact")),
                ("sales@a.test", ("alias", 2, "local_part")),
            ],
        )

    def test_the_most_explicit_takes_it_then_the_oldest(self):
        homes = (EXAMPLE, Domain(2, "other.test", allowed=("a.test", "b.test")))
        allowed = ("a.test", "b.test", "c.test")
        for aliases, expected in [
            ([(1, "x", 1, True), (2, "x", 2, True), (3, "x", 1, True, ("a.test",))], 3),
            ([(1, "x", 1, True), (2, "x", 2, True), (3, "x", 1, True, ("c.test",))], 2),
            ([(4, "x", 1, True), (1, "x", 1, True), (3, "x", 1, True, ("c.test",))], 1),
        ]:
            with self.subTest(expected=expected):
                shelf = book(aliases, domains=homes, allowed=allowed)
                self.assertMatches(shelf, "x@a.test", ("alias", expected, "local_part"))

    def test_several_that_take_it_are_named(self):
        steps = self.assertMatches(
            book([(2, "sales", 2, True), (1, "sales", 1, True)]),
            "sales@a.test",
            ("alias", 1, "local_part"),
        )
        self.assertEqual(steps[-1]["step"], "match_shared")
        self.assertEqual(steps[-1]["params"]["found"], "alias:1, alias:2")

    def test_with_a_detail(self):
        aliases = [(1, "sales", 1), (2, "sales", 2, True)]
        self.assertCases(
            book(aliases),
            [
                ("sales+x@a.test", ("alias", 2, "local_part", "x")),
                ("sales+x@example.com", ("alias", 1, "sub_address", "x")),
            ],
        )

    def test_it_never_finds_a_shorter_name(self):
        aliases = [(1, "sales+eu", 1), (2, "sales", 2, True)]
        self.assertCases(
            book(aliases),
            [
                ("sales+eu@example.com", ("alias", 1, "exact")),
                ("sales+eu@a.test", ("alias", 2, "local_part", "eu")),
            ],
        )

    def test_example_of_the_documentation(self):
        # "commercial@gmail.com" and "commercial@odoo.net" belong to others.
        aliases = [(1, "commercial", 1, True)]
        for allowed, is_found in [(("example.com",), False), ((), False), (None, True)]:
            for field in ("From", "To", "Cc"):
                header = f"{field}: Commercial <commercial@gmail.com>, commercial@odoo.net\r\n"
                header += f"{'Cc' if field == 'To' else 'To'}: somebody@example.com\r\n"
                recipients = envelope_recipients(header.encode())
                found = match_all(recipients.addresses, book(aliases, allowed=allowed), Trace())
                with self.subTest(field=field, allowed=allowed):
                    expected = is_found and field != "From"
                    self.assertEqual(any(found.values()), expected)

    def test_address_of_the_sender_is_not_detected(self):
        aliases = book([(1, "commercial", 1, True)], allowed=("gmail.com",))
        for sender, expected in [("commercial@gmail.com", []), ("x@y.test", ["alias"])]:
            for address in ("commercial@gmail.com", "Commercial@GMAIL.com"):
                trace = Trace()
                found = match(address, aliases, trace, sender)
                self.assertEqual([one.kind for one in found], expected)
        self.assertEqual(match("commercial@gmail.com", aliases, trace, "commercial@gmail.com"), [])
        self.assertEqual(trace.steps[-1]["step"], "match_sender")
        # An alias may write to itself.
        self.assertTrue(match("commercial@example.com", aliases, Trace(), "commercial@example.com"))

    def test_two_companies_three_domains_two_allowed(self):
        domains = (EXAMPLE, OTHER, Domain(3, "third.test"))
        allowed = ("a.test", "*.b.test")
        aliases = [(1, "sales", 1, True, allowed), (2, "sales", 2), (3, "sales", 3, True)]
        local = {1: ("alias", 1, "local_part"), 3: ("alias", 3, "local_part")}
        self.assertCases(
            book(aliases, domains=domains, allowed=("c.test",)),
            [
                ("sales@example.com", ("alias", 1, "exact")),
                ("sales@other.test", ("alias", 2, "exact")),
                ("sales@third.test", ("alias", 3, "exact")),
                ("sales@a.test", local[1]),
                ("sales@x.b.test", local[1]),
                ("sales@b.test",),
                ("sales@c.test", local[3]),
                ("sales@d.test",),
            ],
        )


class TestSteps(MatchingCase):
    def test_every_step_is_in_the_trace(self):
        steps = self.assertMatches(book(), "nobody@a.test")
        self.assertEqual(
            [(step["step"], step["hit"], step["params"].get("reason")) for step in steps],
            [
                ("match_exact", False, "domain_unknown"),
                ("match_retired", False, None),
                ("match_sub_address", False, None),
                ("match_local_part", False, None),
            ],
        )

    def test_the_trace_of_many_recipients_is_bounded(self):
        trace = Trace()
        addresses = [f"user{number}@example.com" for number in range(300)] + ["sales@example.com"]
        found = match_all(addresses, book([(1, "sales", 1)]), trace)
        self.assertEqual(len(found), 301)
        self.assertEqual(len(trace.steps), MOST_EXPLAINED * 4 + 1)
        self.assertEqual(trace.steps[-1]["params"]["found"], "alias:1")

    def test_needed_local_parts(self):
        self.assertEqual(
            needed_local_parts(["Sales+A+b@x.test", "info@y.test", "bad", "sales@x.test"], "+"),
            ["info", "sales", "sales+a", "sales+a+b"],
        )
        self.assertEqual(needed_local_parts(["sales+a@x.test"], ""), ["sales+a"])

    def test_a_book_of_what_is_needed_answers_like_the_whole_one(self):
        aliases = [
            (number, f"name{number}", 1 + number % 3, number % 2 == 0) for number in range(500)
        ]
        aliases += [(1000, "sales", 1), (1001, "sales", 2, True), (1002, "sales+a", 3, True)]
        for address in (
            "sales+a+b@example.com",
            "name3+x@münchen.test",
            "name8@a.test",
            "x@y.test",
        ):
            needed = set(needed_local_parts([address], "+"))
            part = [alias for alias in aliases if alias[1] in needed]
            self.assertLess(len(part), 5)
            with self.subTest(address=address):
                self.assertEqual(
                    match(address, book(part), Trace()),
                    match(address, book(aliases), Trace()),
                )

"""Properties of every address, tested with generated cases."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import matching
from odoo.addons.mail_postmaster.gateway.address_book import (
    AddressBook,
    Alias,
    Domain,
    Retired,
    domain_ids_by_name,
)
from odoo.addons.mail_postmaster.gateway.address_list import read_addresses
from odoo.addons.mail_postmaster.gateway.addresses import (
    BadAddress,
    canonical,
    display,
    domain_allowed,
    parse_domains,
    splits,
)
from odoo.addons.mail_postmaster.gateway.envelope import read_envelope
from odoo.addons.mail_postmaster.gateway.recipients import (
    MOST_RECIPIENTS,
    TRUSTED_FIELDS,
    envelope_recipients,
)
from odoo.addons.mail_postmaster.gateway.shared_addresses import shared_address
from odoo.addons.mail_postmaster.gateway.trace import Trace

from .explanation import explain
from .properties import CASES, example, given, settings, st

LOCAL_PARTS = ("a", "b", "a+b", "a-b", "A", "ä", "postmaster", "")
DOMAINS = ("x.test", "Y.test", "ö.test", "z.test", "sub.x.test", "")
ALLOWED = (None, (), ("z.test",), ("*.x.test", "y.test"))

text = st.text(max_size=80) | st.text(alphabet='aA+-@."\\ <>(),;:[]\0\r\n\töxn', max_size=40)
address_text = st.builds("{}@{}".format, text, text) | text
local_part = st.sampled_from(LOCAL_PARTS)
domain_name = st.sampled_from(DOMAINS)
plausible = st.builds(
    lambda base, mark, detail, domain: f"{base}{mark}{detail}@{domain}",
    local_part,
    st.sampled_from(("", "+", "-", "++")),
    local_part,
    domain_name,
)
record_id = st.integers(1, 3)
allowed = st.sampled_from(ALLOWED)
kind = st.sampled_from(("alias", "catchall", "bounce", "domain"))

LEVEL = st.none() | st.lists(
    st.sampled_from(
        (
            "a.test",
            "b.a.test",
            "*.a.test",
            "*.b.a.test",
            "*.test",
            "x.org",
            "example.com",
        )
    ),
    max_size=3,
).map(tuple)
ALIAS = st.tuples(st.none() | st.integers(1, 3), st.booleans(), LEVEL)


def few(strategy, **options):
    return st.lists(strategy, max_size=4, **options).map(tuple)


def few_records(strategy):
    return few(strategy, unique_by=lambda record: record.id)


books = st.builds(
    AddressBook,
    aliases=few_records(
        st.builds(
            Alias,
            record_id,
            local_part,
            st.none() | record_id,
            st.booleans(),
            allowed,
        )
    ),
    domains=few_records(
        st.builds(
            Domain,
            record_id,
            domain_name,
            local_part,
            local_part,
            local_part | plausible,
            allowed,
        )
    ),
    retired=few(st.builds(Retired, kind, record_id, local_part, st.none() | domain_name)),
    allowed=allowed,
    separators=st.sampled_from(("", "+", "+-")),
)


class TestCanonical(BaseCase):
    @settings(CASES)
    @given(address_text)
    @example("\u212a@\u212a.test")
    @example('"a\\\u0301"@x.test')
    def test_twice_changes_nothing(self, address):
        try:
            once = canonical(address)
        except BadAddress as error:
            self.assertRegex(error.reason, r"\A[a-z_]+\Z")
            return
        self.assertEqual(canonical(once), once)
        self.assertEqual(canonical(display(once)), once)

    @settings(CASES)
    @given(text)
    def test_domains_parse_to_themselves(self, value):
        try:
            domains = parse_domains(value)
        except ValueError as error:
            self.assertIn(repr(error.entry), str(error))
            return
        self.assertEqual(parse_domains(",".join(domains)), domains)

    @settings(CASES)
    @given(text, st.sampled_from(("", "+", "-+")), few(local_part))
    def test_parts_are_not_empty_and_make_the_whole(self, value, separators, reserved):
        for base, detail in splits(value, separators, reserved):
            self.assertTrue(base and detail)
            self.assertEqual(len(base) + 1 + len(detail), len(value))
            self.assertIn(value[len(base)], separators)


class TestHeaders(BaseCase):
    @settings(CASES)
    @given(
        st.binary(max_size=200)
        | st.lists(
            st.tuples(st.sampled_from((*TRUSTED_FIELDS, "To", "Cc")), address_text),
            max_size=5,
        ).map(
            lambda fields: "\n".join(f"{name}: {value}" for name, value in fields).encode(
                "utf-8", "surrogatepass"
            )
        ),
        few(address_text),
        few(st.sampled_from(TRUSTED_FIELDS)),
        st.sampled_from(("", "a-")),
    )
    def test_never_raises(self, header, told, trusted, prefix):
        answer = envelope_recipients(header, told, trusted, prefix)
        self.assertLessEqual(len(answer.addresses), MOST_RECIPIENTS)
        self.assertEqual(len(set(answer.addresses)), len(answer.addresses))
        for address in answer.addresses:
            self.assertEqual(canonical(address), address)
        for rejected, reason in answer.rejected:
            self.assertTrue(rejected.isprintable() and reason)
        read_envelope(header)

    @settings(CASES)
    @given(text)
    def test_nothing_is_made_up(self, value):
        rest = value
        for address in read_addresses(value):
            self.assertTrue(address)
            self.assertLessEqual(len(address), len(rest))
            rest = rest[len(address) :]


class TestMatching(BaseCase):
    @settings(CASES, max_examples=500)
    @given(plausible | address_text, books)
    def test_never_raises_and_repeats_itself(self, address, book):
        trace = Trace()
        found = matching.match(address, book, trace)
        self.assertTrue(trace.steps)
        self.assertEqual(matching.match(address, book, Trace()), found)
        self.assertEqual(len(set(found)), len(found))
        explain(envelope_recipients(b"", told=[address]), book)

    @settings(CASES, max_examples=1000)
    @given(plausible, books)
    def test_no_address_is_served_that_no_rule_names(self, address, book):
        for one in matching.match(address, book, Trace()):
            self.assertTrue(
                any(_names(one, name, book) for name in _readings(canonical(address), one, book)),
                f"{one} of {address}",
            )

    @settings(CASES, max_examples=1000)
    @given(plausible, books)
    def test_only_what_is_needed_is_looked_at(self, address, book):
        needed = set(matching.needed_local_parts([address], book.separators))
        homes = _homes(address, book)
        whole = matching.match(address, book, Trace())
        part = AddressBook(
            aliases=tuple(
                alias
                for alias in book.aliases
                if alias.local_part.lower() in needed
                and (alias.by_local_part or alias.domain_id in homes)
                or any(
                    row.kind == "alias"
                    and row.record_id == alias.id
                    and row.local_part.lower() in needed
                    for row in book.retired
                )
            ),
            domains=book.domains,
            retired=tuple(
                row
                for row in book.retired
                if row.kind == "domain" or row.local_part.lower() in needed
            ),
            allowed=book.allowed,
            separators=book.separators,
        )
        self.assertEqual(matching.match(address, part, Trace()), whole)


def _homes(address, book):
    try:
        domain = canonical(address).rpartition("@")[2]
    except BadAddress:
        return ()
    return domain_ids_by_name(book.domains, book.retired).get(domain, ())


# --- The rules again, implemented differently: by looking at every record ----------------


def _readings(address, found, book):
    """Return the addresses this one stands for: itself, or itself without the detail."""
    local_part, _at, domain = address.rpartition("@")
    if not found.detail:
        return [(local_part, domain)]
    separators = [mark for mark in book.separators if local_part.endswith(mark + found.detail)]
    return [(local_part[: -len(found.detail) - 1], domain)] if separators else []


def _names(found, name, book):
    """Return whether a rule assigns the address ``(local part, domain)`` to the match."""
    local_part, domain = name
    if found.rule == "local_part":
        return any(
            alias.id == found.record_id
            and alias.by_local_part
            and _is(alias.local_part, local_part)
            and _may(alias, domain, book)
            for alias in book.aliases
        )
    if found.rule == "retired":
        return _was(found, local_part, domain, book)
    return _has(found, local_part, domain, book)


def _has(found, local_part, domain, book):
    for home in book.domains:
        at_home = _is_domain(home.name, domain)
        if (
            found.kind == "alias"
            and at_home
            and any(
                alias.id == found.record_id
                and alias.domain_id == home.id
                and _is(alias.local_part, local_part)
                for alias in book.aliases
            )
        ):
            return True
        if found.kind in ("catchall", "bounce") and at_home and home.id == found.record_id:
            if _is(getattr(home, found.kind), local_part):
                return True
        if found.kind == "default_from" and home.id == found.record_id:
            written = home.default_from
            written = written if "@" in written else f"{written}@{home.name}"
            if _same(written, f"{local_part}@{domain}"):
                return True
    return False


def _was(found, local_part, domain, book):
    domains = {home.id: home for home in book.domains}
    present = [
        domains[row.record_id].name
        for row in book.retired
        if row.kind == "domain" and row.record_id in domains and _is_domain(row.domain, domain)
    ]
    for name in (domain, *present):
        if any(
            (row.kind, row.record_id) == (found.kind, found.record_id)
            and _is(row.local_part, local_part)
            and _is_domain(row.domain, canonical_name(name))
            for row in book.retired
        ):
            return True
    if any(_has(found, local_part, canonical_name(name), book) for name in present):
        return True
    return found.kind == "alias" and any(
        row.kind == "alias"
        and row.record_id == alias.id == found.record_id
        and alias.by_local_part
        and _is(row.local_part, local_part)
        and _may(alias, domain, book)
        for row in book.retired
        for alias in book.aliases
    )


def _may(alias, domain, book):
    own = [home.name for home in book.domains]
    own += [row.domain for row in book.retired if row.kind == "domain"]
    if any(_is_domain(name, domain) for name in own):
        return True
    homes = [home.allowed for home in book.domains if home.id == alias.domain_id][-1:]
    levels = (alias.allowed, *homes, book.allowed)
    opinion = next((level for level in levels if level is not None), None)
    return opinion is None or domain_allowed(domain, opinion)


def canonical_name(domain):
    return canonical(f"x@{domain}").partition("@")[2] if domain else ""


def _is_domain(typed, domain):
    return bool(typed and domain) and canonical_name(typed) == domain


def _is(typed, local_part):
    return bool(typed) and typed.lower() == local_part


def _same(typed, address):
    try:
        return canonical(typed) == address
    except BadAddress:
        return False


class TestSharedAddressProperties(BaseCase):
    HOMES = (
        Domain(1, "example.com", "catchall", "bounce"),
        Domain(2, "Other.test", "catchall", "bounce"),
        Domain(3, "example.com", "c", "b", allowed=("x.org",)),
    )
    NAMES = ("example.com", "other.test", "a.test", "b.a.test", "c.b.a.test", "x.org", "o.test")

    @settings(CASES)
    @given(ALIAS, ALIAS, LEVEL)
    def test_two_aliases_share_what_matching_gives_to_the_older(self, one, other, allowed):
        aliases = (Alias(1, "sales", *one), Alias(2, "sales", *other))
        book = AddressBook(aliases, self.HOMES, allowed=allowed)
        found = shared_address(*aliases, book)
        shared = [name for name in self.NAMES if self.is_shared(f"sales@{name}", book)]
        self.assertEqual(bool(found), bool(shared))
        if found and "*" not in found:
            self.assertIn(found.partition("@")[2], shared)

    @staticmethod
    def is_shared(address, book):
        trace = Trace()
        matching.match(address, book, trace)
        return any(step["step"] == "match_shared" for step in trace.steps)

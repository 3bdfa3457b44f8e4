"""The aliases, alias domains and former addresses that recipients are compared with.

A book is built for one message, from the few records whose local parts occur in it, and is
immutable. Names are compared in canonical form, however they were typed.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from .addresses import BadAddress, canonical_local_part, domain_or_none

ALIAS = "alias"
CATCHALL = "catchall"
BOUNCE = "bounce"
DOMAIN = "domain"


@dataclass(frozen=True)
class Alias:
    """An alias.

    :param domain_id: id of its alias domain, or None
    :param by_local_part: whether it uses local-part based detection
    :param allowed: domains and patterns it accepts by local part, or None
    """

    id: int
    local_part: str
    domain_id: int | None = None
    by_local_part: bool = False
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Domain:
    """An alias domain.

    :param catchall: local part, like ``bounce``; empty for none
    :param default_from: local part or complete address
    :param allowed: as in :class:`Alias`, for its aliases that do not set their own
    """

    id: int
    name: str
    catchall: str = ""
    bounce: str = ""
    default_from: str = ""
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Retired:
    """A former address, or the former name of a domain.

    :param kind: ``alias``, ``catchall``, ``bounce`` or ``domain`` (without local part)
    :param record_id: id of the alias; for the other kinds, of the alias domain
    :param domain: name of the domain at that time; None for an alias without a domain
    :param until: last day on which it works, or None for no end
    """

    kind: str
    record_id: int
    local_part: str = ""
    domain: str | None = None
    until: date | None = None


@dataclass(frozen=True)
class AddressBook:
    """The aliases, domains and former addresses that recipients are compared with.

    :param retired: latest first; of several for one address, the first counts
    :param allowed: domains and patterns for the whole database, or None if not set
    :param separators: characters that start a detail; empty for no sub-addresses
    :param today: for checking whether a former address has ended; None if the caller has already
        left those out
    """

    aliases: tuple[Alias, ...] = ()
    domains: tuple[Domain, ...] = ()
    retired: tuple[Retired, ...] = ()
    allowed: tuple[str, ...] | None = None
    separators: str = ""
    today: date | None = None

    # --- Who has an address -----------------------------------------------------------

    def holders(self, local_part: str, domain: str) -> list[tuple[str, int]]:
        """Return ``[(kind, record id)]`` of the records that have this address."""
        return [
            holder
            for home in self._domains_named.get(domain, ())
            for holder in self._holders_at(home, local_part)
        ]

    def former_holders(self, local_part: str, domain: str) -> list[tuple[str, int]]:
        """Return ``[(kind, record id)]`` of the records that had this address.

        First those that had exactly this address; else those that have it now in a domain that
        has or had this name; else those that had it under any former name of the domain.
        """
        if found := self._former_holder(local_part, domain):
            return found
        for home in self._homes(domain):
            if found := self._holders_at(home, local_part):
                return found
            for name in self._names_of[home.id]:
                if found := self._former_holder(local_part, name):
                    return found
        return []

    def writers(self, local_part: str, domain: str) -> list[int]:
        """Return the ids of the domains that send from this address."""
        return self._writers.get(f"{local_part}@{domain}", [])

    def _holders_at(self, home, local_part):
        aliases = self._aliases_named.get(local_part, ())
        found = [(ALIAS, alias.id) for alias in aliases if alias.domain_id == home.id]
        for kind, name in ((BOUNCE, home.bounce), (CATCHALL, home.catchall)):
            if name and _local(name) == local_part:
                found.append((kind, home.id))
        return found

    def _former_holder(self, local_part, domain):
        row = self._former_addresses.get((local_part, domain))
        return [(row.kind, row.record_id)] if row else []

    # --- Local-part detection -----------------------------------------------------------

    def detected(self, local_part: str) -> list[Alias]:
        """Return the aliases with local-part based detection that match this local part."""
        return [alias for alias in self._aliases_named.get(local_part, ()) if alias.by_local_part]

    def formerly_detected(self, local_part: str) -> list[Alias]:
        """Return the aliases with local-part based detection that used to match this local part."""
        ids = [
            row.record_id
            for (name, _domain), row in self._former_addresses.items()
            if name == local_part and row.kind == ALIAS
        ]
        found = [self._alias.get(alias_id) for alias_id in dict.fromkeys(ids)]
        return [alias for alias in found if alias and alias.by_local_part]

    def decides(self, alias: Alias) -> tuple[tuple[str, ...] | None, str]:
        """Return ``(allowed domains, origin)`` for an alias with local-part based detection.

        The first of alias, domain and database that has a setting decides. If none has one, the
        alias accepts any domain, and the allowed domains are None.
        """
        home = self._domain.get(alias.domain_id)
        for allowed, origin in (
            (alias.allowed, "alias"),
            (home and home.allowed, "domain"),
            (self.allowed, "database"),
        ):
            if allowed is not None:
                return allowed, origin
        return None, "any"

    # --- Domains ------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical names of the alias domains."""
        return tuple(self._domains_named)

    def is_known(self, domain: str) -> bool:
        """Return whether a domain is or was one of ours."""
        return domain in self._domains_named or domain in self._former_names

    def names_now(self, domain: str) -> list[str]:
        """Return the current names of the domains that have or had this name."""
        return list(dict.fromkeys(compared_domain(home.name) for home in self._homes(domain)))

    def names_of(self, domain: str) -> list[str]:
        """Return the current and former names of the domain that has this name now."""
        return list(
            dict.fromkeys(
                name
                for home in self._domains_named.get(domain, ())
                for name in self._names_of[home.id]
            )
        )

    def _homes(self, domain):
        """Return the domains that have this name, then those that had it, latest first."""
        return [
            *self._domains_named.get(domain, ()),
            *(self._domain[record_id] for record_id in self._former_names.get(domain, ())),
        ]

    def reserved(self, domain: str) -> set[str]:
        """Return the names of a domain that no separator splits."""
        names = {
            _local(name)
            for home in self._homes(domain)
            for name in (home.bounce, home.catchall, home.default_from)
        }
        return names | {
            local_part
            for (local_part, home), row in self._former_addresses.items()
            if home == domain and row.kind != ALIAS
        }

    def has_ended(self, local_parts: Collection[str], domain: str) -> bool:
        """Return whether an address with one of these local parts is former and has ended."""
        return any(
            compared_domain(row.domain) == domain
            and (row.kind == DOMAIN or _local(row.local_part) in local_parts)
            for row in self.retired
            if not self._works(row)
        )

    def _works(self, row):
        return self.today is None or row.until is None or row.until >= self.today

    # --- Built on first use, for any number of records ----------------------------------

    @cached_property
    def _alias(self):
        return {alias.id: alias for alias in self.aliases}

    @cached_property
    def _domain(self):
        return {domain.id: domain for domain in self.domains}

    @cached_property
    def _aliases_named(self):
        return _grouped((_local(alias.local_part), alias) for alias in self.aliases)

    @cached_property
    def _domains_named(self):
        return _grouped((compared_domain(domain.name), domain) for domain in self.domains)

    @cached_property
    def _writers(self):
        return _grouped(
            (_complete(home.default_from, home.name), home.id)
            for home in self.domains
            if home.default_from
        )

    @cached_property
    def _former_names(self):
        return _grouped(
            (compared_domain(row.domain), row.record_id)
            for row in self.retired
            if row.kind == DOMAIN
            and row.domain
            and row.record_id in self._domain
            and self._works(row)
        )

    @cached_property
    def _names_of(self):
        names = {home.id: [compared_domain(home.name)] for home in self.domains}
        for name, record_ids in self._former_names.items():
            for record_id in record_ids:
                names[record_id].append(name)
        return names

    @cached_property
    def _former_addresses(self):
        rows = [row for row in self.retired if row.kind != DOMAIN and self._works(row)]
        # Reversed, so that the first of several wins.
        return {
            (_local(row.local_part), compared_domain(row.domain)): row for row in reversed(rows)
        }


def domain_ids_by_name(
    domains: Iterable[Domain], retired: Iterable[Retired]
) -> dict[str, frozenset[int]]:
    """Return ``{canonical name: ids of the alias domains to search for it}``.

    These are the domains that have the name and, if it is a former name, those that have the
    current one. Aliases of other domains belong in a book only if they use local-part detection
    or a former address leads to them.
    """
    present = {home.id: compared_domain(home.name) for home in domains}
    having = _grouped((name, home_id) for home_id, name in present.items())
    found = _grouped(
        (compared_domain(row.domain), home_id)
        for row in retired
        if row.kind == DOMAIN and row.record_id in present
        for home_id in having[present[row.record_id]]
    )
    return {
        name: frozenset([*having.get(name, ()), *found.get(name, ())]) for name in [*having, *found]
    }


def _grouped(pairs):
    groups = {}
    for key, record in pairs:
        groups.setdefault(key, []).append(record)
    return groups


# A book is built for each message, and most names recur from one book to the next.
@lru_cache(maxsize=4096)
def compared_domain(domain: str | None) -> str | None:
    """Return the canonical name of a domain; compare an invalid name as typed."""
    return domain_or_none(domain) or domain


@lru_cache(maxsize=4096)
def _local(local_part):
    try:
        return canonical_local_part(local_part or "")
    except BadAddress:
        return local_part


def _complete(text, domain):
    """Return the canonical address for a local part or a complete address."""
    local_part, at, home = text.rpartition("@")
    local_part, home = (local_part, home) if at else (text, domain)
    return f"{_local(local_part)}@{compared_domain(home)}"

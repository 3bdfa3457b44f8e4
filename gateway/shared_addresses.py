"""Addresses that two aliases would both match, so that one of them never gets the message.

``matching`` assigns an address to one alias. If two match by the same rule, the older one wins, a
choice that no user has made.

Not done here: finding the aliases with the same local part. The caller fills the book with them.
"""

from collections.abc import Collection, Iterable

from .address_book import ALIAS, AddressBook, Alias, Domain
from .addresses import BadAddress, canonical_domain, domain_allowed

ANY = "*"


def shared_address(one: Alias, other: Alias, book: AddressBook) -> str | None:
    """Return an address that two aliases would both match by the same rule, or None.

    If it stands for many, its domain is a pattern.

    :param one: an alias with the same local part as ``other``
    :param book: with all aliases of that local part
    """
    domain = _shared_domain(one, other, book)
    return f"{one.local_part}@{domain}" if domain else None


def twins(domains: Iterable[Domain]) -> list[list[int]]:
    """Return the groups of alias domains with the same name, as lists of their ids.

    :param domains: records of ``mail.alias.domain`` have the same ``id`` and ``name``, too
    """
    named = {}
    for domain in domains:
        try:
            named.setdefault(canonical_domain(domain.name), []).append(domain.id)
        except BadAddress:
            continue
    return [ids for ids in named.values() if len(ids) > 1]


def _shared_domain(one, other, book):
    for name in book.names:
        holders = {
            record_id for kind, record_id in book.holders(one.local_part, name) if kind == ALIAS
        }
        if {one.id, other.id} <= holders:
            return name
    if not (one.by_local_part and other.by_local_part):
        return None
    # All aliases with detection accept an address in our domains that belongs to no other record.
    for name in book.names:
        if not book.holders(one.local_part, name):
            return name
    (allowed, origin), (others, other_origin) = book.decides(one), book.decides(other)
    if origin != other_origin:
        # The more explicit one gets it.
        return None
    if allowed is None:
        return ANY
    # Our own domains were handled above.
    return common_domain(
        [pattern for pattern in allowed if pattern not in book.names],
        [pattern for pattern in others if pattern not in book.names],
    )


def common_domain(patterns: Iterable[str], others: Collection[str]) -> str | None:
    """Return a domain or pattern that two lists of allowed domains have in common, or None.

    :param patterns: as :func:`~.addresses.parse_domains` returns them; ``others`` likewise
    """
    for pattern in patterns:
        for other in others:
            if _lies_in(pattern, other):
                return pattern
            if _lies_in(other, pattern):
                return other
    return None


def _lies_in(pattern, other):
    """Return whether every domain that matches one pattern matches another."""
    if pattern == other:
        return True
    # Every domain below example.com is below com, but example.com is not below itself.
    return other.startswith("*.") and domain_allowed(pattern.removeprefix("*."), (other,))

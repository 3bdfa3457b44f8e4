"""Which record an address belongs to, and by which rule.

The steps in order. Each one taken adds a line to the trace, hit or miss:

====================== ============================================================
step                   hit when
====================== ============================================================
``match_address``      (only a miss) the text is not an address at all
``match_exact``        an alias, a catchall or a bounce has exactly this address
``match_retired``      one of them had it, under its own former name or a former name of
                       its domain
``match_sub_address``  one of them has it without a detail: ``sales+ref@``
``match_retired``      one of them had it without a detail
``match_sender``       (only a miss) it is the sender's own, so no alias detects it
``match_local_part``   an alias has the local part and accepts this domain
``match_default_from`` it is the default From address of a domain
``match_shared``       several have it by the same rule; the oldest gets the message
====================== ============================================================

The first hit ends the search, so an address belongs to one record: a former address that a new
alias uses belongs to the new one, and local-part detection takes only addresses that belong to no
other record, for which Odoo would create one more record. Of several, an alias comes before a
catchall. Of several aliases found by local part, the first is the one whose own list allows the
domain, then one whose alias domain does, then one allowed by the database, then one that accepts
any domain; among equals, the oldest comes first.

The default From address of a domain is ours but no recipient; it does not affect the others.

Not done here: reading the database. The caller fills the book with what
:func:`needed_local_parts` asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .address_book import ALIAS, BOUNCE, CATCHALL, AddressBook
from .addresses import BadAddress, canonical, domain_allowed, splits
from .trace import Trace

DEFAULT_FROM = "default_from"
# Order of precedence if domains of the same name assign an address to several records.
_KINDS = (ALIAS, BOUNCE, CATCHALL)

EXACT = "exact"
SUB_ADDRESS = "sub_address"
RETIRED = "retired"
LOCAL_PART = "local_part"

# The setting that lets an alias accept a domain, most explicit first.
ORIGINS = ("alias", "domain", "database", "own_domain", "any")

# How many recipients of one message are traced step by step.
MOST_EXPLAINED = 10


@dataclass(frozen=True)
class Match:
    """A record that an address belongs to.

    :param kind: ``alias``, ``catchall``, ``bounce`` or ``default_from``
    :param record_id: id of the alias; for the other kinds, of the alias domain
    :param rule: ``exact``, ``sub_address``, ``retired`` or ``local_part``
    :param detail: text after the separator, or an empty string
    """

    kind: str
    record_id: int
    rule: str
    detail: str = ""


@dataclass(frozen=True)
class _Question:
    """An address as the steps read it; ``names`` lists ``(local part, detail)``, whole first."""

    address: str
    domain: str
    names: tuple


def match(address: str, book: AddressBook, trace: Trace, sender: str = "") -> list[Match]:
    """Return the records an address belongs to, possibly none.

    :param address: any text, canonical or not
    :param trace: receives the steps
    :param sender: canonical address of the sender, which no alias detects
    """
    try:
        question = _question(canonical(address), book)
    except BadAddress as error:
        trace.miss("match_address", address=address, reason=error.reason)
        return []
    found = _own(question, book, trace)
    if not found and question.address == sender:
        trace.miss("match_sender", address=sender)
    elif not found:
        found = _detected(question, book, trace)
    if len(found) > 1:
        trace.hit("match_shared", address=question.address, found=_names(found))
    return found[:1] + _default_from(question, book, trace)


def match_all(
    addresses: Iterable[str], book: AddressBook, trace: Trace, sender: str = ""
) -> dict[str, list[Match]]:
    """Return ``{address: [matches]}`` for the recipients of one message.

    The trace shows every step for the first ones, and for the others only the hits.
    """
    found = {}
    for number, address in enumerate(addresses):
        own_trace = trace if number < MOST_EXPLAINED else Trace()
        found[address] = match(address, book, own_trace, sender)
        if own_trace is not trace:
            for step in own_trace.steps:
                if step["hit"]:
                    trace.hit(step["step"], **step["params"])
    return found


def needed_local_parts(addresses: Iterable[str], separators: str) -> list[str]:
    """Return, sorted, the local parts that an address book for these addresses must contain.

    With them, one query finds the aliases and another the former addresses, however many there
    are. The aliases that former addresses lead to belong in the book as well.
    """
    needed = set()
    for address in addresses:
        try:
            local_part = canonical(address).rpartition("@")[0]
        except BadAddress:
            continue
        needed.add(local_part)
        needed.update(base for base, _detail in splits(local_part, separators))
    return sorted(needed)


def _question(address, book):
    local_part, _at, domain = address.rpartition("@")
    bases = splits(local_part, book.separators, book.reserved(domain))
    return _Question(address, domain, ((local_part, ""), *bases))


# --- Exact, sub-address, former address ---------------------------------------------


def _own(question, book, trace):
    """Return the matches of the first of these steps that hits, the effective one first."""
    whole, bases = question.names[:1], question.names[1:]
    for step, names, holders, rule in (
        ("match_exact", whole, book.holders, EXACT),
        ("match_retired", whole, book.former_holders, RETIRED),
        ("match_sub_address", bases, book.holders, SUB_ADDRESS),
        ("match_retired", bases, book.former_holders, RETIRED),
    ):
        for local_part, detail in names:
            if holding := _first_of(holders(local_part, question.domain), _KINDS.index):
                found = [Match(kind, record_id, rule, detail) for kind, record_id in holding]
                trace.hit(step, **_about(question, local_part, found[:1]))
                return found
        if names or holders == book.holders:
            reason = _why_not(step, names, question, book)
            trace.miss(step, address=question.address, **reason)
    return []


def _first_of(ranked, rank):
    """Return the ``(rank key, id)`` pairs of the best rank, oldest first."""
    first = min((rank(key) for key, _record_id in ranked), default=None)
    return sorted((key, record_id) for key, record_id in ranked if rank(key) == first)


def _why_not(step, names, question, book):
    if step == "match_exact":
        return {} if book.is_known(question.domain) else {"reason": "domain_unknown"}
    if step == "match_sub_address" and not book.separators:
        return {"reason": "off"}
    local_parts = {local_part for local_part, _detail in names}
    if step == "match_retired" and book.has_ended(local_parts, question.domain):
        return {"reason": "ended"}
    return {}


def _about(question, local_part, found):
    """Return the trace parameters of a hit."""
    about = {"address": question.address, "found": _names(found)}
    return {**about, "base": local_part, "detail": found[0].detail} if found[0].detail else about


def _names(found):
    return ", ".join(f"{one.kind}:{one.record_id}" for one in found)


# --- Local-part detection -----------------------------------------------------------


def _detected(question, book, trace):
    """Return the aliases that accept the message by local part, the effective one first."""
    closed = []
    # A former name is the last resort.
    for named, rule in ((book.detected, LOCAL_PART), (book.formerly_detected, RETIRED)):
        for local_part, detail in question.names:
            taking = []
            for alias in named(local_part):
                takes, origin = _takes(alias, question.domain, book)
                (taking if takes else closed).append((origin, alias.id))
            if takers := _first_of(taking, ORIGINS.index):
                found = [Match(ALIAS, record_id, rule, detail) for _origin, record_id in takers]
                about = _about(question, local_part, found[:1])
                trace.hit("match_local_part", **about, origin=takers[0][0])
                return found
    reasons = {"alias": closed[0][1], "origin": closed[0][0]} if closed else {}
    trace.miss("match_local_part", address=question.address, **reasons)
    return []


def _takes(alias, domain, book):
    """Return whether an alias accepts a domain by local part, and which setting decided it.

    Odoo's own domains are always among the allowed ones.

    :return: ``(bool, origin)``; the origin is one of :data:`ORIGINS`
    """
    if book.is_known(domain):
        return True, "own_domain"
    allowed, origin = book.decides(alias)
    return allowed is None or domain_allowed(domain, allowed), origin


# --- The default From address of a domain -------------------------------------------


def _default_from(question, book, trace):
    for domain in dict.fromkeys((question.domain, *book.names_now(question.domain))):
        for local_part, detail in question.names:
            if record_ids := book.writers(local_part, domain):
                rule = SUB_ADDRESS if detail else EXACT
                rule = rule if domain == question.domain else RETIRED
                found = [Match(DEFAULT_FROM, record_id, rule, detail) for record_id in record_ids]
                trace.hit("match_default_from", **_about(question, local_part, found))
                return found
    return []

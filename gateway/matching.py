"""Whose an address is, and by which rule.

The steps, in this order. Each that is taken leaves a line in the trace, hit or miss:

====================== ============================================================
step                   it hits where
====================== ============================================================
``match_address``      (only a miss) the text is no address at all
``match_exact``        an alias, a catchall or a bounce has exactly this address
``match_sub_address``  one of them has it without a detail: ``sales+ref@``
``match_retired``      one of them had it, exactly or without a detail, by its own former
                       name or by the former name of its domain
``match_local_part``   aliases have the local part and take mail for this domain
``match_default_from`` it is the address that a domain writes from
====================== ============================================================

The first of exact, sub-address and retired that hits ends these three; so a retired
address that a new alias has taken belongs to the new one. Local-part detection *adds*
aliases, as in Odoo, except to the address of a catchall or bounce, which is its domain's
alone. It never finds a shorter name than the steps before: where ``sales+eu`` is an alias,
mail for it is not also for ``sales``. The address that a domain writes from is ours, and
nobody's who could get mail; it changes nothing for the others.

What this does not do: read the database. The caller fills the book with what
:func:`needed_local_parts` asks for.
"""

from dataclasses import dataclass

from .address_book import ALIAS, BOUNCE, CATCHALL
from .addresses import BadAddress, canonical, display, domain_allowed, splits
from .trace import Trace

DEFAULT_FROM = "default_from"

EXACT = "exact"
SUB_ADDRESS = "sub_address"
RETIRED = "retired"
LOCAL_PART = "local_part"

# How many recipients of one mail the trace follows step by step.
MOST_EXPLAINED = 10


@dataclass(frozen=True)
class Match:
    """Somebody who an address belongs to.

    :param kind: ``alias``, ``catchall``, ``bounce`` or ``default_from``
    :param record_id: of the alias; for the other kinds, of the alias domain
    :param rule: ``exact``, ``sub_address``, ``retired`` or ``local_part``
    :param detail: what followed the separator, or an empty text
    """

    kind: str
    record_id: int
    rule: str
    detail: str = ""


@dataclass(frozen=True)
class _Question:
    """An address as the steps read it; ``names`` are ``(local part, detail)``, whole first."""

    address: str
    domain: str
    names: tuple


def match(address, book, trace):
    """Return whose an address is, as a list of :class:`Match`, empty when it is nobody's.

    :param str address: any text; canonical already or not
    :param book: an :class:`~.address_book.AddressBook`
    :param trace: a :class:`~.trace.Trace`, which gets the steps
    """
    try:
        question = _question(canonical(address), book)
    except BadAddress as error:
        trace.miss("match_address", address=address, reason=error.reason)
        return []
    found, used = _own(question, book, trace)
    if not any(known.kind in (CATCHALL, BOUNCE) for known in found):
        found = found + _detected(question, book, trace, found, used)
    return found + _default_from(question, book, trace)


def match_all(addresses, book, trace):
    """Return ``{address: [matches]}`` for the recipients of one mail.

    The trace follows the first of them step by step, and of the others shows the hits.
    """
    found = {}
    for number, address in enumerate(addresses):
        own_trace = trace if number < MOST_EXPLAINED else Trace()
        found[address] = match(address, book, own_trace)
        if own_trace is not trace:
            for step in own_trace.steps:
                if step["hit"]:
                    trace.hit(step["step"], **step["params"])
    return found


def needed_local_parts(addresses, separators):
    """Return the local parts that an address book for these addresses must know, sorted.

    With them one query finds the aliases and one the retired addresses, however many
    there are. The aliases that retired addresses lead to belong into the book as well.
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


# --- exact, sub-address, retired ----------------------------------------------------

def _own(question, book, trace):
    """Return ``(matches, how many of the names were looked at)`` of the first step that hits."""
    for step, names, holders, rule in (
        ("match_exact", question.names[:1], book.holders, EXACT),
        ("match_sub_address", question.names[1:], book.holders, SUB_ADDRESS),
        ("match_retired", question.names, book.former_holders, RETIRED),
    ):
        for local_part, detail in names:
            if found := holders(local_part, question.domain):
                trace.hit(step, **_about(question, local_part, detail, found))
                return (
                    [Match(kind, record_id, rule, detail) for kind, record_id in found],
                    question.names.index((local_part, detail)) + 1,
                )
        trace.miss(step, address=question.address, **_why_not(step, question, book))
    return [], len(question.names)


def _why_not(step, question, book):
    if step == "match_exact":
        return {} if book.is_known(question.domain) else {"reason": "domain_unknown"}
    if step == "match_sub_address" and not book.separators:
        return {"reason": "off"}
    local_parts = {local_part for local_part, _detail in question.names}
    if step == "match_retired" and book.has_ended(local_parts, question.domain):
        return {"reason": "ended"}
    return {}


def _about(question, local_part, detail, found):
    """Return the parameters of a hit."""
    about = {
        "address": question.address,
        "found": ", ".join(f"{kind}:{record_id}" for kind, record_id in found),
    }
    return {**about, "base": local_part, "detail": detail} if detail else about


# --- local-part detection -----------------------------------------------------------

def _detected(question, book, trace, found, used):
    """Return the matches that local-part detection adds to those of the address itself."""
    known = {one.record_id for one in found if one.kind == ALIAS}
    # A former name is the last resort.
    sources = [(book.detected, LOCAL_PART)] + [(book.formerly_detected, RETIRED)] * (not found)
    closed = []
    for named, rule in sources:
        for local_part, detail in question.names[:used]:
            aliases = [alias for alias in named(local_part) if alias.id not in known]
            taken = [alias for alias in aliases if _takes(alias, question.domain, book)[0]]
            closed += [alias for alias in aliases if alias not in taken]
            if taken:
                pairs = [(ALIAS, alias.id) for alias in taken]
                about = _about(question, local_part, detail, pairs)
                trace.hit("match_local_part", **about, origin=_origin(taken, question, book))
                return [Match(ALIAS, record_id, rule, detail) for _kind, record_id in pairs]
    reasons = {"alias": closed[0].id, "origin": _origin(closed, question, book)} if closed else {}
    trace.miss("match_local_part", address=question.address, **reasons)
    return []


def _origin(aliases, question, book):
    """Return who decided about these aliases, in their order."""
    return ", ".join(dict.fromkeys(_takes(alias, question.domain, book)[1] for alias in aliases))


def _takes(alias, domain, book):
    """Tell whether an alias takes mail for a domain by its local part, and who decided that.

    The alias, its domain, the database: the first that has an opinion. Odoo's own domains
    are always among the allowed ones, and where nobody has an opinion any domain is.

    :return: ``(bool, origin)``; the origin is ``own_domain``, ``alias``, ``domain``,
        ``database`` or ``any``
    """
    if book.is_known(domain):
        return True, "own_domain"
    for allowed, origin in book.opinions(alias):
        if allowed is not None:
            return domain_allowed(domain, allowed), origin
    return True, "any"


# --- the address a domain writes from -----------------------------------------------

def _default_from(question, book, trace):
    present = book.present_name(question.domain)
    for domain in filter(None, (question.domain, present)):
        for local_part, detail in question.names:
            if record_ids := book.writers(local_part, domain):
                found = [(DEFAULT_FROM, record_id) for record_id in record_ids]
                trace.hit("match_default_from", **_about(question, local_part, detail, found))
                rule = SUB_ADDRESS if detail else EXACT
                rule = rule if domain == question.domain else RETIRED
                return [Match(kind, record_id, rule, detail) for kind, record_id in found]
    return []


# --- in words -----------------------------------------------------------------------

def explain(recipients, book):
    """Return what is decided about the recipients of a mail, as lines of text.

    The lines hold codes: they are for the command line and for tests. Sentences are made
    where a person reads the trace.

    :param recipients: a :class:`~.recipients.Recipients`
    """
    kind = "envelope" if recipients.is_envelope else "no envelope"
    lines = [f"evidence: {recipients.source} ({kind})"]
    lines += [f"rejected: {text} ({reason})" for text, reason in recipients.rejected]
    for address in recipients.addresses:
        trace = Trace()
        found = match(address, book, trace)
        lines += [display(address), *map(_step_line, trace.steps), *map(_match_line, found)]
        lines += [] if found else ["  => nobody"]
    return lines


def _step_line(step):
    params = "".join(
        f" {key}={value}" for key, value in step["params"].items() if key != "address"
    )
    return f"  {'hit ' if step['hit'] else 'miss'} {step['step']}{params}"


def _match_line(found):
    detail = f", detail {found.detail}" if found.detail else ""
    return f"  => {found.kind} {found.record_id} by {found.rule}{detail}"

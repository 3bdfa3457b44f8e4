"""Whether the sender of an answer is plausibly part of the conversation that it quotes.

A Message-Id is no secret: it is in every mail, in archives and forwarded threads. Whoever
quotes one joins a conversation only for one of these reasons, the first that holds:

==================== ====================================================================
reason               the sender is, or has a sub-address of, or the base of
==================== ====================================================================
``recipient``        somebody who got the quoted message
``author``           somebody who wrote a message of the conversation
``follower``         a follower of the record
``contact``          a contact of the record
``internal_user``    an internal user of this database
``organisation``     an address in the organisation of one of the first four
==================== ====================================================================

A From that failed authentication is nobody's, and none of these holds. Addresses of one's own
organisation are known to everybody: ``internal_user`` and ``organisation`` count there when
authentication has passed. Where none is set up at all, they count as in core, but not where
the conversation is private.

What this does not do: find those addresses (``models/mail_postmaster_reply.py``), or say what
becomes of an answer without a reason, which is a policy.
"""

from typing import NamedTuple

from .address_list import canonical_addresses
from .addresses import display_domain, splits
from .authentication import FAIL, PASS
from .mail_providers import is_public_provider, organisation

RECIPIENT, AUTHOR, FOLLOWER, CONTACT = "recipient", "author", "follower", "contact"
ROLES = (RECIPIENT, AUTHOR, FOLLOWER, CONTACT)
INTERNAL_USER, ORGANISATION = "internal_user", "organisation"
REASONS = (*ROLES, INTERNAL_USER, ORGANISATION)
# Why there is none.
STRANGER, UNPROVED, NO_ADDRESS = "stranger", "unproved", "no_address"

# What practically every server divides at (RFC 5233); those of one's own domain are settings.
SEPARATORS = "+"


class Facts(NamedTuple):
    """What is known of a sender and of a conversation.

    :param str sender: canonical address in From, or ``""``
    :param frozenset participants: of ``(role of ROLES, canonical address)``
    :param bool is_internal_user: the address is that of an internal user
    :param frozenset own_domains: canonical domains of this database
    :param frozenset providers: public mail providers that an administrator has named
    :param outcome: of authentication: ``pass``, ``fail``, ``none``, or None where none is set up
    """

    sender: str
    participants: frozenset = frozenset()
    is_internal_user: bool = False
    own_domains: frozenset = frozenset()
    providers: frozenset = frozenset()
    outcome: str | None = None


class Standing(NamedTuple):
    """What a sender is in a conversation.

    :param reason: of :data:`REASONS`, or None
    :param str why_not: ``stranger``, ``unproved``, ``no_address``, or ``""`` with a reason
    :param bool is_for_open: the reason holds only where the conversation is not private
    """

    reason: str | None
    why_not: str = ""
    is_for_open: bool = False

    def in_private(self):
        """Return what this is where the conversation is private."""
        return Standing(None, UNPROVED) if self.is_for_open else self


def standing(facts):
    """Return the :class:`Standing` of a sender; a pure function of :class:`Facts`."""
    if not facts.sender:
        return Standing(None, NO_ADDRESS)
    if facts.outcome == FAIL:
        return Standing(None, UNPROVED)
    bases = mailboxes(facts.sender)
    roles = {
        role for role, address in facts.participants if not bases.isdisjoint(mailboxes(address))
    }
    for role in ROLES:
        if role in roles:
            return Standing(role)
    is_own = _is_own(facts)
    if facts.is_internal_user:
        return _of_the_house(facts, INTERNAL_USER)
    if not _has_colleague(facts):
        return Standing(None, STRANGER)
    return _of_the_house(facts, ORGANISATION) if is_own else Standing(ORGANISATION)


def mailboxes(address):
    """Return the addresses that share a mailbox with one: itself and its base."""
    local_part, _at, domain = address.rpartition("@")
    bases = [base for base, _detail in splits(local_part, SEPARATORS)]
    # Of several separators the first counts: it divides the name from all of the detail.
    return frozenset({address, f"{bases[-1]}@{domain}" if bases else address})


def needles(sender, providers=()):
    """Return texts in lower case of which each address that may matter contains at least one.

    With them a database leaves out most addresses without reading them as such.

    :param str sender: canonical address
    """
    local_part, _at, domain = sender.rpartition("@")
    if is_public_provider(domain, providers):
        base = min(mailboxes(sender), key=len).rpartition("@")[0]
        return (base.strip('"').replace("\\", ""),)
    shared = organisation(domain)
    return tuple(dict.fromkeys((shared, display_domain(shared))))


def read_participants(roles):
    """Return the participants in texts as a database has them, with names or several in one.

    :param roles: of ``(role, text)``
    """
    return frozenset(
        (role, address) for role, text in roles if text for address in canonical_addresses(text)
    )


def _is_own(facts):
    own = {organisation(domain) for domain in facts.own_domains}
    return organisation(_domain(facts.sender)) in own


def _of_the_house(facts, reason):
    """Return the standing of an address that everybody knows, by what was proved of it."""
    if facts.outcome == PASS:
        return Standing(reason)
    if facts.outcome is None:
        return Standing(reason, is_for_open=True)
    return Standing(None, UNPROVED)


def _has_colleague(facts):
    domain = _domain(facts.sender)
    if is_public_provider(domain, facts.providers):
        return False
    shared = organisation(domain)
    return any(
        organisation(other) == shared
        for other in {_domain(address) for _role, address in facts.participants}
    )


def _domain(address):
    return address.rpartition("@")[2]

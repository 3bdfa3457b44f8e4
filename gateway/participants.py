"""Whether the sender of a reply is plausibly part of the conversation it quotes.

A Message-Id is not a secret: it is in every message, in archives and in forwarded threads. A
sender who quotes one joins the conversation only for one of these reasons, the first that
applies:

==================== ====================================================================
reason               the sender is this, or differs from it only by a detail
==================== ====================================================================
``recipient``        a recipient of the quoted message
``author``           an author of a message in the conversation
``follower``         a follower of the record
``contact``          a contact of the record
``internal_user``    an internal user of this database
``organisation``     an address in the organisation of one of the first four
==================== ====================================================================

One person may use several spellings of an address (``same_mailbox``).

A domain is an organisation only if the contacts of the database say so: all contacts that use it
belong to one company. A public provider never is one. That a message passed authentication proves
its domain, not that its users know each other.

A From that failed authentication has none of these reasons. Addresses of our own organisation are
public: for them, ``internal_user`` and ``organisation`` require an authentication pass. If
authentication is not set up at all, they count as in core, except in private conversations.

Not done here: finding those addresses (``pipeline/participants.py``) and deciding how to
handle a reply without a reason, which is a policy.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .address_list import canonical_addresses
from .addresses import display_domain
from .authentication import FAIL, PASS
from .mail_providers import is_public_provider, organisation
from .same_mailbox import blurred, mailbox

RECIPIENT, AUTHOR, FOLLOWER, CONTACT = "recipient", "author", "follower", "contact"
ROLES = (RECIPIENT, AUTHOR, FOLLOWER, CONTACT)
INTERNAL_USER, ORGANISATION = "internal_user", "organisation"
REASONS = (*ROLES, INTERNAL_USER, ORGANISATION)
# Why there is no reason.
STRANGER, UNPROVED, NO_ADDRESS = "stranger", "unproved", "no_address"
# Why the users of a domain are not colleagues.
NO_COMPANY, UNRELATED = "no_company", "unrelated"


class Users(NamedTuple):
    """The contacts that use a domain, in their addresses or as the website of a company.

    :param entities: their commercial entities, companies or single persons: 0, 1, or 2 for more
    :param companies: how many of these are active companies
    :param is_complete: whether all of them could be found
    """

    entities: int = 0
    companies: int = 0
    is_complete: bool = True

    def doubt(self) -> str:
        """Return why these are not colleagues, or ``""`` if they are."""
        if self.entities > 1 or not self.is_complete:
            return UNRELATED
        return "" if self.companies else NO_COMPANY


class Facts(NamedTuple):
    """What is known about a sender and a conversation.

    :param sender: canonical address in From, or ``""``
    :param participants: pairs of ``(role from ROLES, canonical address)``
    :param is_internal_user: whether the address belongs to an internal user
    :param own_domains: canonical domains of this database
    :param providers: public mail providers added by an administrator
    :param outcome: authentication verdict: ``pass``, ``fail``, ``none``, or None if not set up
    :param users: who uses the sender's domain, None if it was not looked up: :func:`asked_domain`
    """

    sender: str
    participants: frozenset[tuple[str, str]] = frozenset()
    is_internal_user: bool = False
    own_domains: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    outcome: str | None = None
    users: Users | None = None


class Standing(NamedTuple):
    """The standing of a sender in a conversation.

    :param reason: one of :data:`REASONS`, or None
    :param why_not: ``stranger``, ``unproved``, ``no_address``, or ``""`` if there is a reason
    :param is_for_open: whether the reason applies only if the conversation is not private
    """

    reason: str | None
    why_not: str = ""
    is_for_open: bool = False

    def in_private(self) -> "Standing":
        """Return this standing as it applies in a private conversation."""
        return Standing(None, UNPROVED) if self.is_for_open else self


def standing(facts: Facts) -> Standing:
    """Return the :class:`Standing` of a sender; a pure function of :class:`Facts`."""
    if not facts.sender:
        return Standing(None, NO_ADDRESS)
    if facts.outcome == FAIL:
        return Standing(None, UNPROVED)
    person = mailbox(facts.sender)
    roles = {role for role, address in facts.participants if mailbox(address) == person}
    for role in ROLES:
        if role in roles:
            return Standing(role)
    if facts.is_internal_user:
        return _of_the_house(facts, INTERNAL_USER)
    if not _has_colleague(facts):
        return Standing(None, STRANGER)
    if _is_own(facts):
        return _of_the_house(facts, ORGANISATION)
    return Standing(None, STRANGER) if doubt(facts) else Standing(ORGANISATION)


def asked_domain(facts: Facts) -> str:
    """Return the domain whose users must be known for a :class:`Standing`, or ``""``.

    Looking them up takes a query, so it is done only if no other fact decides.
    """
    if standing(facts._replace(users=None)).why_not != STRANGER:
        return ""
    of_one_company = facts._replace(users=Users(1, 1))
    return organisation(_domain(facts.sender)) if standing(of_one_company).reason else ""


def doubt(facts: Facts) -> str:
    """Return why the users of the sender's domain are not colleagues, or ``""`` if they are."""
    return (facts.users or Users()).doubt()


def needles(sender: str, providers: Collection[str] = ()) -> tuple[str, ...]:
    """Return lower-case texts; each address that may matter contains one of them once blurred.

    With them, a database can skip most addresses without parsing them.

    :param sender: canonical address
    """
    base, _at, domain = mailbox(sender).rpartition("@")
    if is_public_provider(domain, providers):
        return (blurred(base.strip('"').replace("\\", "")) or "@",)
    shared = organisation(domain)
    return tuple(dict.fromkeys(map(blurred, (shared, display_domain(shared)))))


def read_participants(roles: Iterable[tuple[str, str | None]]) -> frozenset[tuple[str, str]]:
    """Return the participants in texts from the database, with names or several addresses in one.

    :param roles: pairs of ``(role, text)``
    """
    return frozenset(
        (role, address) for role, text in roles if text for address in canonical_addresses(text)
    )


def _is_own(facts):
    own = {organisation(domain) for domain in facts.own_domains}
    return organisation(_domain(facts.sender)) in own


def _of_the_house(facts, reason):
    """Return the standing of a public address of ours, according to its verdict."""
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
    """Return the domain of a person, which is not one that a provider makes of their name."""
    return mailbox(address).rpartition("@")[2]

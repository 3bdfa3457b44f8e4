"""A message acts as its sender only if nothing contradicts the sender.

Core trusts the From address: as the author, as the user who creates the record, and for the
contact rules of an alias. If the sender is withheld, core is told that it found no match. The
address stays on the record and in the conversation as text.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Literal

from odoo import models
from odoo.tools.mail import (
    decode_message_header,
    email_normalize,
    email_normalize_all,
    email_split_and_format,
    formataddr,
)

from ..gateway.addresses import BadAddress, canonical
from ..gateway.authentication import read_author
from ..gateway.treatments import PARK, REFUSE
from . import replies
from .attempt import Attempt, Route, RouteInHand, target_of
from .facts import domain_of

# A longer name would not be shown.
LONGEST_NAME = 200

_ADDRESS = re.compile(r"<[^<>]*>")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\"\\]+")


def take_checked(env, attempt: Attempt, message: EmailMessage) -> None:
    """Put the address that was checked into From, in memory, if core reads a different one.

    Of ``ceo@example.com <a@example.org>`` core reads the first address, whereas the checks apply to
    the second one.
    """
    is_restored = attempt.found.addressing and attempt.found.addressing.sender
    if is_restored or not env["mail.postmaster.authentication"]._reads_senders():
        return
    # A mail server also refuses by this address, even if its verdict is not known here.
    known = attempt.found.identity or read_author(attempt.mail.header)
    address = known.address
    text = decode_message_header(message, "From", separator=",")
    if not address or not text or _addresses(_first(text)) == {address}:
        return
    name = _NO_NAME.sub(" ", _ADDRESS.sub(" ", text)).strip()[:LONGEST_NAME]
    for sender in (formataddr((name, address)), address):
        del message["From"]
        message["From"] = sender
        if _addresses(_first(decode_message_header(message, "From", separator=","))) == {address}:
            return


def senders_read(values: dict) -> frozenset[str]:
    """Return the canonical addresses by which core finds the author of a parsed message."""
    return frozenset(_addresses(values.get("email_from") or ""))


def is_withheld(env, attempt: Attempt | None, alias) -> bool:
    """Return whether a message to an alias does not act as its sender.

    :param alias: a ``mail.alias``, possibly empty, or None
    """
    if not attempt or attempt.found.identity is None:
        return False
    authentication = env["mail.postmaster.authentication"]
    return authentication._withholds(attempt, *_levels_of(env, attempt, alias))


def check_route(
    thread,
    attempt: Attempt,
    message: EmailMessage,
    message_dict: dict,
    route: Route,
    raise_exception: bool,
    core: Callable,
) -> Route | Literal[False]:
    """Deny a withheld sender all rights: those of contacts and those of followers."""
    alias = route[4]
    if not is_withheld(thread.env, attempt, alias) or _is_turned_down(thread.env, attempt, route):
        return replies.check_route(
            thread, attempt, message, message_dict, route, raise_exception, core
        )
    if alias and alias.alias_contact != "everyone" and not attempt.mail.is_released:
        alias._alias_bounce_incoming_email(message, message_dict, set_invalid=False)
        return False
    # Models without a chatter look up the sender themselves.
    nameless = {**message_dict, "email_from": "", "from": "", "author_id": False}
    return replies.check_route(thread, attempt, message, nameless, route, raise_exception, core)


def without_author(env, attempt: Attempt, message_dict: dict, routes: list[Route]) -> dict:
    """Return the values of a message, without its author if every route withholds it."""
    if (
        attempt.found.identity
        and routes
        and all(is_withheld(env, attempt, route[4]) for route in routes)
    ):
        return {**message_dict, "email_from": "", "author_id": False}
    return message_dict


def without_withheld(
    attempt: Attempt, records_emails: dict[models.BaseModel, list[str]]
) -> dict[models.BaseModel, list[str]]:
    """Return the addresses to find contacts by, without those of a withheld sender.

    Applications look up contacts themselves while they create a record.
    """
    withheld = attempt.route and attempt.route.withheld
    if not withheld:
        return records_emails
    return {
        record: [email for email in emails if not _is_one_of(email, withheld)]
        for record, emails in records_emails.items()
    }


def route_in_hand(
    env, attempt: Attempt, message_dict: dict, route: Route, treatment: str | None
) -> RouteInHand:
    """Return a route with what is known of the sender there.

    :param treatment: how to treat the message there, or None
    """
    target = target_of(route, attempt.mail.server_id)
    if attempt.found.identity is None:
        return RouteInHand(target, treatment)
    alias, domain = _levels_of(env, attempt, route[4])
    authentication = env["mail.postmaster.authentication"]
    mark = authentication._mark(attempt, alias, domain)
    if not authentication._withholds(attempt, alias, domain):
        return RouteInHand(target, treatment, mark=mark)
    attempt.ledger.hit(
        "sender_withheld",
        target=target,
        origin=authentication._consequence(attempt, alias, domain).origin,
    )
    return RouteInHand(target, treatment, _texts(message_dict), mark)


@contextmanager
def author_withheld(route: RouteInHand, message_dict: dict) -> Iterator[None]:
    """Let core create a record or a message without an author, if the sender is withheld there.

    :param route: the route that core processes within the block
    """
    author_id = message_dict.get("author_id")
    if route.withheld is not None:
        # Not None, for which core searches once more.
        message_dict["author_id"] = False
    try:
        yield
    finally:
        # Restore the author for the next route.
        message_dict["author_id"] = author_id


def _is_turned_down(env, attempt, route):
    """Return whether a rule will still turn a route down because of its sender.

    The contact rules of the alias are not applied first: they would refuse a message that claims
    to be from an allowed contact, and such a message should be held for review.
    """
    alias, domain = _levels_of(env, attempt, route[4])
    is_screened = not attempt.mail.is_released and attempt.mail.addressed_to is None
    return (
        is_screened
        and target_of(route, attempt.mail.server_id) not in attempt.mail.accepted_targets
        and env["mail.postmaster.authentication"]._consequence(attempt, alias, domain).value
        in (PARK, REFUSE)
    )


def _levels_of(env, attempt, alias):
    """Return the ``(alias, alias domain)`` whose policies apply, each possibly empty."""
    alias = alias or env["mail.alias"]
    return alias, domain_of(env, attempt, alias)


def _first(text):
    """Return the sender that core takes from a From field with several addresses."""
    return next(iter(email_split_and_format(text)), text)


def _addresses(text):
    """Return the canonical address by which core finds a contact, as a set; empty for none."""
    try:
        return {canonical(email_normalize(text, strict=False) or "")}
    except BadAddress:
        return set()


def _texts(message_dict):
    """Return the forms in which an application may look up a sender."""
    texts = {message_dict.get("email_from") or "", message_dict.get("from") or ""}
    return frozenset(texts.union(*map(email_normalize_all, texts)) - {""})


def _is_one_of(email, texts):
    return email in texts or email_normalize(email or "", strict=False) in texts

"""A message acts as its sender only where nothing speaks against that.

Core takes whatever stands in From: as the author, as the user who makes the record, for the
contact rules of an alias. Where that is withheld, core is told that it found no one; the address
stays on the record and in the conversation, as a text.
"""

import re

from odoo.tools.mail import (
    decode_message_header,
    email_normalize,
    email_normalize_all,
    email_split_and_format,
    formataddr,
)

from ..gateway.addresses import BadAddress, canonical
from ..gateway.authentication import read_author
from ..gateway.authentication.consequence import PARK, REFUSE
from . import replies
from .attempt import target_of

# More would not be shown.
LONGEST_NAME = 200

_ADDRESS = re.compile(r"<[^<>]*>")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\"\\]+")


def take_checked(env, attempt, message):
    """Put the address that was checked into From, in memory, where core reads another.

    Of ``ceo@example.com <a@example.org>`` core reads the first address, and the checks are made
    for the second one.
    """
    is_restored = attempt.addressing and attempt.addressing.sender
    if is_restored or not env["mail.postmaster.authentication"]._reads_senders():
        return
    # A mail server refuses by this one, too, where nobody here is told what it found.
    known = attempt.identity or read_author(attempt.header)
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


def senders_read(values):
    """Return the canonical addresses that core finds the author of a parsed message by."""
    return frozenset(_addresses(values.get("email_from") or ""))


def is_withheld(env, attempt, alias):
    """Return whether the message does not act as its sender where it is for an alias.

    :param alias: a ``mail.alias``, possibly empty, or None
    """
    if not attempt or attempt.identity is None:
        return False
    authentication = env["mail.postmaster.authentication"]
    return authentication._withholds(attempt, *_levels_of(env, attempt, alias))


def check_route(thread, attempt, message, message_dict, route, raise_exception, core):
    """Let a withheld sender use no right: neither of contacts, nor of followers."""
    alias = route[4]
    if not is_withheld(thread.env, attempt, alias) or _is_turned_down(thread.env, attempt, route):
        return replies.check_route(
            thread, attempt, message, message_dict, route, raise_exception, core
        )
    if alias and alias.alias_contact != "everyone" and not attempt.is_released:
        alias._alias_bounce_incoming_email(message, message_dict, set_invalid=False)
        return False
    # Other models than those with a chatter look for the sender themselves.
    nameless = {**message_dict, "email_from": "", "from": "", "author_id": False}
    return replies.check_route(thread, attempt, message, nameless, route, raise_exception, core)


def without_author(env, attempt, message_dict, routes):
    """Return the values of a message, without its author where each route withholds it."""
    if attempt.identity and routes and all(is_withheld(env, attempt, route[4]) for route in routes):
        return {**message_dict, "email_from": "", "author_id": False}
    return message_dict


def without_withheld(attempt, records_emails):
    """Return the addresses to find contacts by, without those of a withheld sender.

    Applications ask for themselves while they make a record.
    """
    if not attempt.withheld:
        return records_emails
    return {
        record: [email for email in emails if not _is_one_of(email, attempt.withheld)]
        for record, emails in records_emails.items()
    }


def deliver(env, attempt, message_dict, route, core):
    """Make a record or a message without an author, where the sender is withheld there.

    :param core: function without arguments that makes it, and returns what core returns
    """
    if attempt.identity is None:
        return core()
    alias, domain = _levels_of(env, attempt, route[4])
    authentication = env["mail.postmaster.authentication"]
    attempt.mark = authentication._mark(attempt, alias, domain)
    author_id = message_dict.get("author_id")
    if authentication._withholds(attempt, alias, domain):
        attempt.trace.hit(
            "sender_withheld",
            target=target_of(route, attempt.server_id),
            origin=authentication._consequence(attempt, alias, domain).origin,
        )
        attempt.withheld = _texts(message_dict)
        # Not None, for which core looks once more.
        message_dict["author_id"] = False
    try:
        return core()
    finally:
        # Of the next route again.
        message_dict["author_id"] = author_id
        attempt.withheld, attempt.mark = frozenset(), None


def _is_turned_down(env, attempt, route):
    """Return whether a rule is still to turn a route down for its sender.

    The contact rules of the alias are not asked before: a message in the name of somebody whom
    they let in would be refused there, and is to be seen.
    """
    alias, domain = _levels_of(env, attempt, route[4])
    is_screened = not attempt.is_released and attempt.addressed_to is None
    return (
        is_screened
        and target_of(route, attempt.server_id) not in attempt.accepted_targets
        and env["mail.postmaster.authentication"]._consequence(attempt, alias, domain).value
        in (PARK, REFUSE)
    )


def _levels_of(env, attempt, alias):
    """Return ``(alias, alias domain)`` whose policies count, each possibly empty."""
    alias = alias or env["mail.alias"]
    return alias, env["mail.postmaster.screening"]._domain_of(attempt, alias)


def _first(text):
    """Return the sender that core takes from a From with several."""
    return next(iter(email_split_and_format(text)), text)


def _addresses(text):
    """Return the canonical address that core finds a person by, as a set; empty for none."""
    try:
        return {canonical(email_normalize(text, strict=False) or "")}
    except BadAddress:
        return set()


def _texts(message_dict):
    """Return the forms in which an application may ask for a sender."""
    texts = {message_dict.get("email_from") or "", message_dict.get("from") or ""}
    return frozenset(texts.union(*map(email_normalize_all, texts)) - {""})


def _is_one_of(email, texts):
    return email in texts or email_normalize(email or "", strict=False) in texts

"""What core decides about a message and its routes, prepared and observed.

Core decides: each function calls it, and records core's decision in the attempt.
"""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Literal

from odoo.tools.mail import email_normalize, email_split

from ..gateway import states
from ..gateway.automatic import HUMAN
from ..policy.settings import LOOPS
from ..rules.notice import LOOP_LIMIT
from ..rules.table import CATCHALL
from . import applying, declined, same_id, sender
from .attempt import Attempt, NoticeInHand, Route, Stage, target_of
from .facts import MessageFacts

# The prefix of the ValueError that core's message_route raises.
NO_ROUTE = "No possible route found"


def is_report(
    thread, attempt: Attempt, message: EmailMessage, message_dict: dict, core: Callable
) -> bool:
    """Return whether a message is a report about another one (RFC 3464, RFC 8098, RFC 5965)."""
    # A user who assigns a report to a record wants to read it there.
    is_assigned = attempt.mail.addressed_to == []
    if attempt.found.addressing:
        to = _prepared(attempt.found.addressing, message_dict)["to"]
        message_dict = {**message_dict, "to": to}
    is_bounce = not is_assigned and core(message, message_dict)
    if not is_assigned:
        reports = thread.env["mail.postmaster.report"]
        is_bounce = reports._is_report(attempt, message_dict, is_bounce)
    return _noted(attempt, "report", is_bounce)


def is_notice_reply(thread, attempt: Attempt, message_dict: dict, core: Callable) -> bool:
    """Return whether a message is a program's auto-reply to one of our notices.

    People reply to notices as well. A program that is not recognized as one meets the rate limits.
    """
    is_of_a_person = (
        attempt.mail.automatic.kind == HUMAN and attempt.found.policies.choice(LOOPS) == "accepted"
    )
    is_reply = not attempt.mail.is_released and not is_of_a_person and core(message_dict)
    if is_reply:
        attempt.reach(Stage.ROUTED)
        attempt.ledger.decide(states.IGNORED, "loop_notice_reply")
    return _noted(attempt, "loop_notice", is_reply)


def is_loop(
    thread,
    attempt: Attempt,
    message: EmailMessage,
    message_dict: dict,
    routes: list[Route],
    core: Callable,
) -> bool:
    """Return whether core is to ignore a message because its sender sends too many messages."""
    is_screened = attempt.found.policies.choice(LOOPS) == "accepted"
    if _is_routed_by_another(thread.env, attempt, message_dict):
        return True
    if is_screened or attempt.mail.is_quiet or attempt.mail.is_released:
        # Each route was screened separately when it was found.
        return False
    attempt.notice = NoticeInHand(LOOP_LIMIT)
    found = core(message, message_dict, routes)
    attempt.notice = NoticeInHand()
    if found:
        attempt.ledger.decide(states.REFUSED, LOOP_LIMIT)
    return _noted(attempt, "loop_sender", found) if routes else found


def is_written_to_catchall(thread, attempt: Attempt, message_dict: dict, core: Callable) -> bool:
    """Return whether core is to refuse a message because it is for the catchall only."""
    if attempt.found.addressing:
        # All recipients, whereas core looks only at To: an alias in Cc takes the message.
        addresses = attempt.found.addressing.translate(
            attempt.found.addressing.recipients.addresses
        )
        message_dict = {**message_dict, "to": ",".join(addresses)}
    is_catchall = (
        not attempt.mail.is_released
        and not _fallback_takes_catchall(thread.env, attempt)
        and core(message_dict)
    )
    if is_catchall:
        attempt.notice = NoticeInHand("catchall")
        facts = MessageFacts(thread.env, attempt)
        reason, _treatment = applying.judge(thread.env, attempt, CATCHALL, facts)
        attempt.ledger.decide(reason.state, reason.code)
    return _noted(attempt, "catchall", is_catchall)


def handle_report(
    thread, attempt: Attempt, message: EmailMessage, message_dict: dict, core: Callable
) -> None:
    """Record what a report says about other messages."""
    if attempt.mail.is_quiet:
        # A delivery that failed in the past says nothing about an address today.
        attempt.ledger.decide(states.IGNORED, "report_imported")
        return
    if attempt.is_applying_report:
        core(message, message_dict)
        return
    thread.env["mail.postmaster.report"]._handle(attempt, message, message_dict, core)


def is_address_working(env, attempt: Attempt, message_dict: dict) -> bool:
    """Return whether core is to reset the bounces of the sender, whose address works."""
    if sender.is_withheld(env, attempt, None):
        # The From address is not the author's: whether it works is not known.
        return False
    address = email_normalize(message_dict["email_from"] or "")
    return not address or env["mail.postmaster.bounce"]._forget(address)


def note_warning(attempt: Attempt, error_message: str, is_final: bool) -> None:
    """Record why core does not take a route."""
    attempt.ledger.miss("route_warning", error=error_message)
    if is_final:
        attempt.ledger.decide(states.PARKED, "route_rejected", error=str(error_message))


def check_route(
    thread,
    attempt: Attempt,
    message: EmailMessage,
    message_dict: dict,
    route: Route,
    raise_exception: bool,
    core: Callable,
) -> Route | Literal[False]:
    """Return the route as core takes it; empty or False if core does not take it."""
    alias = route[4]
    if _is_vetoed(attempt, route):
        attempt.ledger.miss("alias", alias=alias.display_name)
        return ()
    if alias:
        attempt.ledger.checked_alias_ids.add(alias.id)
    checked = sender.check_route(
        thread, attempt, message, message_dict, route, raise_exception, core
    )
    if checked:
        if not raise_exception:
            # A reply has one route, which another addon may lead to another record.
            attempt.ledger.offered.clear()
        attempt.ledger.offered[target_of(checked, attempt.mail.server_id)] = checked
    if alias and not attempt.found.addressing:
        # Compared as message_route of 19.0 does.
        addresses = {address.lower() for address in email_split(message_dict["recipients"])}
        is_exact = alias.alias_full_name in addresses
        attempt.ledger.hit("alias" if is_exact else "alias_local_part", alias=alias.display_name)
    return checked


def route(
    thread, attempt: Attempt, message: EmailMessage, message_dict: dict, core: Callable
) -> list[Route]:
    """Return the routes of a message, without those that a rule has turned down.

    :param core: ``message_route`` of the message and its values
    """
    attempt.reach(Stage.ROUTED)
    attempt.show_message_id(message_dict)
    attempt.message_dict = message_dict
    if _repeats_a_message(thread.env, attempt, message_dict["message_id"]):
        attempt.ledger.decide(states.IGNORED, "duplicate_message")
        return []
    if message_dict.get("is_bounce"):
        thread.env["mail.postmaster.report"]._withdraw_handled(attempt, message_dict)
    routes = _ask_for_routes(attempt, message, message_dict, core)
    if not any(found[1] for found in routes):
        # The aliases of a reply are not checked.
        declined.note_unchecked_aliases(thread.env, attempt)
    for found in routes:
        attempt.ledger.hit("route", target=target_of(found, attempt.mail.server_id))
    if attempt.mail.is_released or attempt.mail.addressed_to is not None:
        # A user has decided where the message goes.
        return routes
    return applying.keep_routes(thread.env, attempt, message, message_dict, routes)


def _ask_for_routes(attempt, message, message_dict, core):
    recipients = message_dict["recipients"]
    (attempt.ledger.hit if recipients else attempt.ledger.miss)("recipients", recipients=recipients)
    written = {name: message_dict[name] for name in ("to", "recipients")}
    if attempt.found.addressing:
        message_dict.update(_prepared(attempt.found.addressing, written))
        if attempt.found.addressing.recipients.is_envelope:
            # For a message that no alias takes, show the envelope: a blind copy has no To.
            recipients = ", ".join(attempt.addresses)
    try:
        return core(message, message_dict)
    except ValueError as error:
        if str(error).startswith(NO_ROUTE):
            code = "no_route" if recipients else "no_recipient"
            attempt.ledger.decide(states.PARKED, code, recipients=recipients)
        raise
    finally:
        # Changed for routing only: the conversation keeps the recipients as they were written.
        message_dict.update(written)


def _prepared(addressing, written):
    """Return the recipients that core is to route by.

    Core tells a forwarded message from a reply by To. An envelope does not say which recipients
    were in To, so To holds all of them.
    """
    if addressing.recipients.is_envelope:
        to = addressing.addresses
    else:
        to = addressing.translate([address.lower() for address in email_split(written["to"])])
    return {"to": ",".join(to), "recipients": ",".join(addressing.addresses)}


def _is_vetoed(attempt, route):
    """Return whether core has found an alias that this message is not addressed to.

    The alias of a reply is there for its contact rules, not as a target.
    """
    _model, thread_id, _values, _user_id, alias = route
    is_target = alias and (not thread_id or thread_id == alias.alias_force_thread_id)
    return bool(
        attempt.found.addressing
        and is_target
        and alias.id not in attempt.found.addressing.alias_ids
    )


def _fallback_takes_catchall(env, attempt):
    """Return whether the incoming server creates a record for messages to the catchall."""
    addressing = env["mail.postmaster.addressing"]
    if not attempt.mail.server_id or not addressing._server(attempt.mail.server_id).takes_catchall:
        return False
    attempt.ledger.hit("fallback_takes_catchall")
    return True


def _is_routed_by_another(env, attempt, message_dict):
    """Return whether a message is a duplicate that another addon has routed without us."""
    is_routed = not attempt.reach(Stage.ROUTED)
    # Also if our message_route was called with a copy.
    attempt.show_message_id(message_dict)
    if is_routed or not _repeats_a_message(env, attempt, message_dict["message_id"]):
        return False
    attempt.ledger.decide(states.IGNORED, "duplicate_message")
    return True


def _repeats_a_message(env, attempt, message_id):
    """Return whether the database has this message, but not from one of our deliveries.

    It was received before the addon was installed, or sent by this database. Core makes the same
    check, with the id that is hidden from it. Another message with this Message-Id is not a repeat.
    """
    if attempt.mail.is_known or attempt.found.namesakes:
        return False
    original = env["mail.message"].search([("message_id", "=", message_id)], order="id", limit=1)
    if original.message_type == "email":
        # Nothing but this database makes the Message-Ids of what it sends.
        if namesakes := same_id.told_apart_from(env, attempt.mail.header, original):
            attempt.found.namesakes = namesakes
            return False
    return bool(original)


def _noted(attempt, step, result):
    (attempt.ledger.hit if result else attempt.ledger.miss)(step)
    return result

"""How core delivers a message: one target after the other, each once."""

from collections.abc import Callable
from contextlib import nullcontext
from email.message import EmailMessage
from typing import Literal

import psycopg2

from odoo.exceptions import ConcurrencyError

from ..gateway import states
from ..gateway.treatments import NOTE, REVIEW
from ..rules.verdict import Reason
from . import declined, replies, sender
from .attempt import Attempt, Route, target_of
from .ledger import RouteResult


def deliver(
    thread,
    attempt: Attempt,
    message: EmailMessage,
    message_dict: dict,
    routes: list[Route],
    core: Callable,
) -> int | Literal[False]:
    """Process each route not yet delivered; a failing route does not affect the others.

    :param core: ``_message_route_process`` of a thread, a message, its values and one route
    :return: the id of the record of the last route, as core does
    """
    # From here on, records store the original Message-Id, whatever other addons have called.
    attempt.show_message_id(message_dict)
    by_target = {target_of(route, attempt.mail.server_id): route for route in routes}
    claimed = claim_targets(
        thread.env,
        attempt,
        {target: _expected_result(target, route, attempt) for target, route in by_target.items()},
    )
    thread_id, failures = False, []
    for target in claimed:
        values = dict(message_dict)
        try:
            thread_id = _deliver_at(
                thread, attempt, message, values, target, by_target[target], len(claimed) > 1, core
            )
        except (psycopg2.OperationalError, ConcurrencyError):
            # Conflicts and lost connections affect the whole transaction.
            raise
        except Exception as error:
            failures.append(error)
            if attempt.mail.is_callers or len(failures) == len(claimed):
                raise
            attempt.ledger.note_failed_route(target, error)
        else:
            # Core removes values for the routes after the first one.
            partner_ids = message_dict.get("partner_ids")
            message_dict.clear()
            message_dict.update(values, partner_ids=partner_ids)
    return thread_id


def claim_targets(env, attempt: Attempt, results: dict[str, RouteResult]) -> list[str]:
    """Return the targets of this message to which no copy of it has been delivered.

    :param results: the expected result of each target
    """
    claimed = env["mail.postmaster.pipeline"]._claim(attempt, list(results))
    for target, result in results.items():
        if target in claimed:
            attempt.ledger.results.append(result)
        else:
            attempt.ledger.hit("served", target=target)
            attempt.ledger.served.add(target)
            attempt.ledger.decide(states.IGNORED, "duplicate")
    return [target for target in results if target in claimed]


def _deliver_at(thread, attempt, message, message_dict, target, route, apart, core):
    detail = (
        attempt.found.addressing and route[4] and attempt.found.addressing.details.get(route[4].id)
    )
    if detail:
        thread = thread.with_context(mail_postmaster_detail=detail)
    seen = len(attempt.ledger.message_ids)
    treatment = attempt.ledger.treatments.get(target)
    if treatment in (NOTE, REVIEW):
        message_dict["is_internal"] = True
        replies.keep_others_out(attempt.found.replies.get(target), message_dict)
    message_dict.setdefault("partner_ids", [])
    with thread.env.cr.savepoint() if apart else nullcontext():
        in_hand = sender.route_in_hand(thread.env, attempt, message_dict, route, treatment)
        with attempt.on_route(in_hand), sender.author_withheld(in_hand, message_dict):
            thread_id = core(thread, message, message_dict, route)
    message_ids = attempt.ledger.message_ids[seen:]
    if not thread_id and not message_ids:
        nothing = declined.reason_of_nothing(thread.env, attempt, target, route[0], message_dict)
        attempt.ledger.note_nothing(target, nothing)
        return thread_id
    attempt.ledger.note_served_route(target, route[0], thread_id, attempt.ledger.message_ids[seen:])
    return thread_id


def _expected_result(target, route, attempt):
    model, thread_id, _values, _user_id, alias = route
    if alias and not thread_id:
        code, params = "record_created", {"alias": alias.display_name}
    elif alias and alias.alias_force_thread_id == thread_id:
        code, params = "message_posted", {"alias": alias.display_name}
    elif thread_id and attempt.ledger.treatments.get(target) == REVIEW:
        code, params = "reply_noted", {"sender": attempt.sender.address}
    elif thread_id:
        code, params = "reply_posted", {}
    else:
        code, params = "fallback_created", {"model": model}
    return RouteResult(
        target,
        Reason(states.DELIVERED, code, params),
        alias_id=alias.id if alias else None,
        model=model,
        res_id=thread_id or None,
    )

"""The verdicts of the rules, carried out: rate slots, trace, outcome of targets, notices.

Rules only judge. Rate slots are reserved here, after all rules were asked: a message that is turned
down takes none.
"""

from collections.abc import Iterable
from email.message import EmailMessage

from ..gateway import states
from ..rules.notice import subject_of
from ..rules.table import Rule, verdicts
from ..rules.verdict import Reason, stronger
from .attempt import Attempt, NoticeInHand, Route
from .facts import MessageFacts, TargetFacts
from .ledger import RouteResult


def turned_down(env, attempt: Attempt) -> Reason | None:
    """Return why not to route a message at all, or None."""
    rules = env["mail.postmaster.screening"]._rules_before_routing()
    reason, _treatment = judge(env, attempt, rules, MessageFacts(env, attempt))
    return reason


def keep_routes(
    env, attempt: Attempt, message: EmailMessage, message_dict: dict, routes: list[Route]
) -> list[Route]:
    """Return the routes that pass the rules, and record the outcome of the others."""
    kept = []
    rules = env["mail.postmaster.screening"]._rules_after_routing()
    # Targets to which a copy of the message was delivered are not judged again.
    settled = attempt.mail.accepted_targets | _delivered_targets(env, attempt)
    for route in routes:
        target = TargetFacts(env, attempt, message_dict, route)
        if target.name in settled:
            kept.append(route)
            continue
        reason, treatment = judge(env, attempt, rules, target)
        if reason:
            result = RouteResult(target.name, reason, alias_id=target.alias.id or None)
            attempt.ledger.results.append(result)
            _tell_sender(env, attempt, message, message_dict, target.alias, reason)
            continue
        kept.append(route)
        if treatment:
            attempt.ledger.treatments[target.name] = treatment
    return kept


def judge(
    env, attempt: Attempt, rules: Iterable[Rule], facts: MessageFacts
) -> tuple[Reason | None, str | None]:
    """Ask rules, reserve what their verdicts depend on, and trace them.

    :return: ``(Reason to turn the message down or None, treatment or None)``
    """
    reason = treatment = None
    for verdict in _reserved(env, attempt, list(verdicts(rules, facts)), facts.counted_part):
        if verdict.step:
            attempt.ledger.trace.add(verdict.step.code, verdict.step.is_hit, verdict.step.params)
        reason = reason or verdict.reason
        treatment = stronger(treatment, verdict.treatment)
    return reason, treatment


def _reserved(env, attempt, found, part):
    """Return the verdicts that are left after their slots were reserved, all of them or none."""
    if found and found[-1].reason and not found[-1].slot:
        return found
    needed = {verdict.slot: position for position, verdict in enumerate(found) if verdict.slot}
    while needed:
        full = env["mail.postmaster.quota"]._reserve(attempt, list(needed), part)
        if full is None:
            break
        position = needed.pop(full)
        found[position] = found[position].when_full
        if found[position].reason:
            return found[: position + 1]
    return found


def _delivered_targets(env, attempt):
    if not attempt.mail.is_known:
        return set()
    deliveries = env["mail.postmaster.delivery"].search(
        [("mail_key", "=", attempt.mail.key), ("state", "=", states.DELIVERED)]
    )
    return set(deliveries.mapped("target"))


def _tell_sender(env, attempt, message, message_dict, alias, reason):
    """Notify the sender of a message that was refused."""
    about = subject_of(reason.code, alias.id)
    if reason.code in ("alias_refuses", "alias_closed"):
        attempt.notice = NoticeInHand(about)
        alias._tell_refused_sender(message, message_dict)
    elif reason.code == "sender_limit":
        attempt.notice = NoticeInHand(about, reason.params["minutes"])
        env["mail.postmaster.answer"]._send_loop_notice(message, message_dict)
    attempt.notice = NoticeInHand()

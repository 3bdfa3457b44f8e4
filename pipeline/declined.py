"""Targets that core has found and another addon has declined.

An addon that blocks senders drops routes, answers by itself, or returns nothing: in an override of
``message_process``, ``message_route``, ``_routing_check_route`` or ``_message_route_process``,
above or below ours. Each target gets an outcome all the same. Only what core was not asked about
has been declined, and only by an addon that is the only one it can be. Otherwise the outcome is
unknown, as it is if core was asked and nothing was made: the message is tried again, then held.
"""

from ..gateway import states
from ..rules.verdict import Reason
from .attempt import Attempt
from .ledger import RouteResult

# Addons whose methods are not those of a neighbour.
OWN = ("mail", "mail_postmaster")
ADDONS = "odoo.addons."
ODOO = "Odoo S.A."


def note_unchecked_aliases(env, attempt: Attempt) -> None:
    """Record the aliases of a message whose route another addon has not let core check.

    Accounting does so: it notifies the sender of an invoice without an attachment.
    """
    if not attempt.found.addressing or attempt.ledger.reason:
        return
    unchecked = set(attempt.found.addressing.alias_ids) - attempt.ledger.checked_alias_ids
    for alias in env["mail.alias"].sudo().browse(sorted(unchecked)):
        model = alias.alias_model_id.model
        if model in env and (addons := _neighbours(env, model, "_routing_check_route")):
            target = f"alias:{alias.id}"
            attempt.ledger.results.append(
                RouteResult(target, reason(env, attempt, target, addons), alias_id=alias.id)
            )


def note_kept(env, attempt: Attempt, entry_model: str) -> None:
    """Record that another addon has not passed the message on to core, if it is known which one.

    It may have declined the message, or have processed it: trying again could do that twice.
    """
    if attempt.is_entered:
        return
    ledger = attempt.ledger
    if made := _messages_made(env, attempt)[:1]:
        target = f"thread:{made.model},{made.res_id}"
        reached = Reason(states.DELIVERED, "made_by_another", {"target": target})
        ledger.results.append(
            RouteResult(target, reached, model=made.model, res_id=made.res_id, message_id=made.id)
        )
        return
    addons = _neighbours(env, entry_model, "message_process")
    if len(addons) == 1:
        ledger.miss("kept", addon=addons[0])
        state, code = (
            (states.REFUSED, "kept_by_addon_told")
            if ledger.has_told_sender
            else (states.IGNORED, "kept_by_addon")
        )
        ledger.decide(state, code, addon=addons[0])


def note_dropped(env, attempt: Attempt) -> None:
    """Record the targets that core has found and that nothing was decided about."""
    ledger = attempt.ledger
    decided = {result.target for result in ledger.results} | ledger.served
    dropped = [target for target in ledger.offered if target not in decided]
    # Served targets alone decide nothing about the others.
    if not dropped or ledger.reason and not ledger.served:
        return
    made = _messages_made(env, attempt)
    for target in dropped:
        _model, _thread_id, _values, _user_id, alias = route = ledger.offered[target]
        result = RouteResult(
            target, Reason(states.DELIVERED, "made_by_another", {"target": target})
        )
        result.alias_id = alias.id if alias else None
        message = next((one for one in made if one.model == route[0]), None)
        if message:
            result.model, result.res_id = message.model, message.res_id
            result.message_id = message.id
            ledger.hit("record", model=message.model, res_id=message.res_id, target=target)
        else:
            addons = _neighbours(env, route[0], "message_route", "_message_route_process")
            result.reason = reason(env, attempt, target, addons)
        ledger.results.append(result)


def reason_of_nothing(env, attempt: Attempt, target: str, model: str, message_dict: dict) -> Reason:
    """Return the reason of a target at which neither a record nor a message was made.

    :param message_dict: the values that core's ``_message_route_process`` was to get
    """
    # Core's method takes this value out before anything else, whatever the routes.
    was_core_asked = "partner_ids" not in message_dict
    addons = [] if was_core_asked else _neighbours(env, model, "_message_route_process")
    return reason(env, attempt, target, addons)


def reason(env, attempt: Attempt, target: str, addons: list[str]) -> Reason:
    """Return the reason of a target that one of these addons has declined; trace it."""
    if len(addons) != 1:
        attempt.ledger.miss("made_nothing", target=target)
        return Reason(states.RETRY, "made_nothing", {"target": target})
    params = {"target": target, "addon": addons[0]}
    attempt.ledger.miss("declined", **params)
    if attempt.ledger.has_told_sender:
        return Reason(states.REFUSED, "declined_told", params)
    return Reason(states.IGNORED, "declined", params)


def _messages_made(env, attempt):
    """Return the ``mail.message`` records of the attempt that no target has."""
    known = {result.message_id for result in attempt.ledger.results}
    ids = [message_id for message_id in attempt.ledger.message_ids if message_id not in known]
    return env["mail.message"].sudo().browse(ids)


def _neighbours(env, model, *methods):
    """Return the technical names of addons that override one of these methods of a model.

    Those of Odoo itself call core's method, so they are named only if there is no other.
    """
    models = [type(env["mail.thread"]), *([type(env[model])] if model in env else [])]
    found = {
        module.removeprefix(ADDONS).partition(".")[0]
        for definition in _definitions(models, methods)
        if (module := definition.__module__).startswith(ADDONS)
    }
    found.difference_update(OWN)
    modules = env["ir.module.module"].sudo()
    of_odoo = set(
        modules.search([("name", "in", sorted(found)), ("author", "=", ODOO)]).mapped("name")
    )
    return sorted(found - of_odoo or found)


def _definitions(classes, methods):
    for model_class in classes:
        for base in model_class.__mro__:
            yield from (vars(base)[name] for name in methods if callable(vars(base).get(name)))

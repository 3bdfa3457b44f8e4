"""Who may reply in a conversation, decided before core takes the route there."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Literal

from ..gateway.treatments import NEW
from .attempt import Attempt, Route, target_of
from .participants import Reply


def check_route(
    thread,
    attempt: Attempt,
    message: EmailMessage,
    message_dict: dict,
    route: Route,
    raise_exception: bool,
    core: Callable,
) -> Route | Literal[False]:
    """Judge a reply; ask the alias of its record in the way core asks the addressed alias.

    ``message_route`` checks a reply, and nothing else, without ``raise_exception``. If it gets an
    empty tuple, it continues as for a message that is not a reply; if it gets False, there is no
    route.
    """
    if raise_exception or not route[1] or not _is_judged(thread.env, attempt, route):
        return core(message, message_dict, route, raise_exception=raise_exception)
    model, thread_id, values, user_id, addressed = route
    reply = _judged(thread.env, attempt, message_dict, route)
    if reply:
        if reply.policy and reply.policy.value == NEW:
            return _quote_nothing(attempt, message_dict)
        _leave_elsewhere(attempt, message_dict, reply)
        if alias := _alias_to_ask(thread.env, reply, addressed):
            attempt.ledger.hit("reply_rules", alias=alias.display_name)
            asked = (model, thread_id, values, user_id, alias)
            if not core(message, message_dict, asked, raise_exception=False):
                return False
    return core(message, message_dict, route, raise_exception=raise_exception)


def keep_others_out(reply: Reply | None, message_dict: dict) -> None:
    """Keep the other recipients of a non-participant's message out of the conversation.

    Applications make them followers, or contacts, of the record that the message is about.
    """
    if reply and reply.policy:
        message_dict.update(to="", cc="", recipients="", partner_ids=[])


def _judged(env, attempt, message_dict, route):
    """Return the :class:`Reply`, judged once however often its route is checked; or None."""
    target = target_of(route, attempt.mail.server_id)
    if target not in attempt.found.replies:
        model, thread_id = route[:2]
        reply = env["mail.postmaster.reply"]._judge(attempt, message_dict, model, thread_id)
        attempt.found.replies[target] = reply
    return attempt.found.replies[target]


def _is_judged(env, attempt, route):
    """Return whether to judge a reply here: not if a user has decided about it."""
    return (
        not attempt.mail.is_released
        and attempt.mail.addressed_to is None
        and target_of(route, attempt.mail.server_id) not in attempt.mail.accepted_targets
        and env["mail.postmaster.reply"]._is_on()
    )


def _quote_nothing(attempt, message_dict):
    """Remove from the values of a message, as core read them, that it is a reply."""
    attempt.ledger.hit("reply_as_new")
    for name in ("parent_id", "is_internal"):
        message_dict.pop(name, None)
    message_dict.update(references="", in_reply_to="")
    return ()


def _leave_elsewhere(attempt, message_dict, reply):
    """Remove a parent in another conversation, whose author core would notify.

    Core takes the parent from In-Reply-To and the record from References.
    """
    if message_dict.get("parent_id") and not reply.has_parent:
        attempt.ledger.hit("reply_elsewhere")
        message_dict.pop("parent_id")


def _alias_to_ask(env, reply, addressed):
    """Return the alias of a record that core does not ask by itself, or an empty recordset."""
    aliases = env["mail.alias"]
    if not reply.is_restricted or addressed.id in reply.alias_ids:
        return aliases
    if not env["mail.postmaster.reply"]._keeps_rules():
        return aliases
    return aliases.browse(reply.alias_ids[:1])

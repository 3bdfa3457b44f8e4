"""Who is notified of the effects of a received message."""

from collections.abc import Callable
from typing import Literal

from odoo import models
from odoo.tools.mail import email_normalize_all

from ..gateway.treatments import REVIEW
from .attempt import Attempt


def recipients(
    thread,
    attempt: Attempt,
    message: models.BaseModel,
    msg_vals: dict | Literal[False] | None,
    core: Callable,
) -> list[dict]:
    """Return whom core is to notify: no one, if the message was accepted in silence.

    Programs get no messages from templates. Core posts the templates of a stage at the commit,
    after the route was delivered.

    :param core: ``_notify_get_recipients`` of the message and its values
    """
    if attempt.mail.is_quiet:
        return []
    if attempt.treatment == REVIEW and message.message_type == "email":
        return _reviewers(thread.env, message, msg_vals, core)
    if attempt.treatment:
        return []
    found = core(message, msg_vals)
    if not is_acknowledgement(thread.env, message) or _may_be_answered(thread.env, attempt):
        return found
    senders = email_normalize_all(attempt.message_dict["email_from"])
    return [one for one in found if one["email_normalized"] not in senders]


def is_acknowledgement(env, message: models.BaseModel) -> bool:
    """Return whether a template wrote a message because a message was received."""
    return message.message_type == "auto_comment" and env["mail.postmaster.answer"]._is_careful()


def as_automatic(env, additional_values: dict | None) -> dict:
    """Return the values of an acknowledgement, marked as automatic (RFC 3834).

    Core marks only its vacation messages. Without the mark, two databases with such a template, or
    one database and any autoresponder, would acknowledge each other's acknowledgements.
    """
    values = dict(additional_values or {})
    headers = env["mail.postmaster.answer"]._automatic_headers()
    return {**values, "headers": {**headers, **values.get("headers", {})}}


def is_vacation_told(env, attempt: Attempt) -> bool:
    """Return whether the sender may be told that a user is away.

    Automatic messages get no auto-reply (RFC 3834 section 2), and notes get none.
    """
    return not attempt.mail.is_quiet and not attempt.treatment and _may_be_answered(env, attempt)


def _reviewers(env, message, msg_vals, core):
    """Return the internal users who would be notified of a comment, in their inbox only."""
    comment = env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
    found = core(message, {**(msg_vals or {}), "subtype_id": comment})
    return [{**one, "notif": "inbox"} for one in found if one["uid"] and not one["ushare"]]


def _may_be_answered(env, attempt):
    return attempt.mail.automatic.may_be_answered or not env["mail.postmaster.answer"]._is_careful()

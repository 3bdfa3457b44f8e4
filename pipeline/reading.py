"""How core parses a message: repaired before, completed after."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Literal

from odoo import fields, models
from odoo.tools.mail import formataddr

from ..gateway import fingerprint
from ..gateway.content_fields import readable
from ..gateway.envelope import RECIPIENT_FIELDS
from ..gateway.file_names import safe_name
from ..gateway.limits import exceeded
from ..gateway.mime import ODD_HEADER, read_fields_once
from ..gateway.repair import repair
from ..policy.settings import ATTACHMENTS
from . import sender
from .attempt import Attempt, Stage, UnreadableMail

# The name that core uses for "Keep Original" (_message_parse_extract_payload).
ORIGINAL = "original_email.eml"
# A signature covers bytes, which core converts to text and files (RFC 1847 section 2.1).
SIGNED = "multipart/signed"


def process(attempt: Attempt, raw: bytes, core: Callable) -> int | Literal[False] | None:
    """Let core process a message; once more, if its parser stopped at a header field.

    :param core: function of the raw message
    """
    try:
        return core(message=raw)
    except ODD_HEADER:
        if attempt.stage >= Stage.DIVIDED:
            raise
        readable_raw, repairs = readable(raw)
        # The repaired message may have more parts than were seen before.
        if not repairs or exceeded(readable_raw):
            raise
        attempt.ledger.note_repairs(repairs)
    return core(message=readable_raw)


def parse(
    thread, attempt: Attempt, message: EmailMessage, save_original: bool, core: Callable
) -> dict:
    """Return the values that core reads from a parsed message, which is repaired first."""
    with attempt.parsing() as is_own:
        if is_own:
            return _parse(thread, attempt, message, save_original, core)
        read_fields_once(message)
        repair(message)
        return core(message, save_original=save_original)


def _parse(thread, attempt, message, save_original, core):
    attempt.reach(Stage.DIVIDED)
    if attempt.mail.addressed_to is not None:
        _readdress(message, attempt.mail.addressed_to)
    if attempt.found.addressing and attempt.found.addressing.sender:
        _restore_sender(message, attempt.found.addressing.sender)
    read_fields_once(message)
    is_exact = attempt.found.policies.choice(ATTACHMENTS) == "exact"
    attempt.ledger.note_repairs(repair(message, exact=is_exact))
    sender.take_checked(thread.env, attempt, message)
    values = core(message, save_original=False)
    values["attachments"] = [
        thread._Attachment(
            _file_name(attempt.ledger.trace, attachment[0]),
            attachment[1],
            (*attachment[2:], {})[0],
        )
        for attachment in values["attachments"]
    ]
    if save_original or is_exact and _is_signed(message, attempt.ledger.trace):
        # Core serializes the message it has parsed, which loses 8-bit characters.
        values["attachments"].insert(0, thread._Attachment(ORIGINAL, attempt.mail.raw, {}))
    if not message.get("Message-Id"):
        values["message_id"] = fingerprint.message_id_from_digest(attempt.mail.digest)
    _repair_date(thread.env, attempt, values)
    _refuse_null_bytes(values)
    attempt.hide_message_id(values)
    if attempt.reach(Stage.PARSED):
        attempt.found.senders_read = sender.senders_read(values)
    return values


def note_parent(attempt: Attempt, parent: models.BaseModel | None, message_dict: dict) -> None:
    """Record which message core found for the References of this one, if any."""
    if parent:
        attempt.ledger.hit(
            "parent",
            reference=parent.message_id,
            model=parent.model,
            res_id=parent.res_id,
        )
    elif references := message_dict["in_reply_to"] or message_dict["references"]:
        attempt.ledger.miss("parent", references=references)


def _readdress(message, addresses):
    """Replace the recipients of a parsed message, in memory, as a user requested.

    Without addresses there is nothing to route by: core uses the model and record that it is
    called with.
    """
    for name in RECIPIENT_FIELDS:
        del message[name]
    if addresses:
        message["To"] = ", ".join(addresses)
    else:
        del message["References"]
        del message["In-Reply-To"]


def _restore_sender(message, sender):
    """Put the author of a forwarded message into From, in memory: core decides by that field.

    Reply-To stays: core does not read it, and the forwarder wants replies to go there.
    Return-Path stays too, because a refusal is returned along the path of the message (RFC 5321
    section 4.4).
    """
    del message["From"]
    message["From"] = formataddr((sender.name, sender.address))


def _file_name(trace, name):
    """Return the name of an attachment as a valid file name, and record what was changed."""
    safe = safe_name(name)
    if safe != name:
        trace.hit("repaired_file_name", name=name, read=safe)
    return safe


def _is_signed(message, trace):
    is_signed = any(part.get_content_type() == SIGNED for part in message.walk())
    if is_signed:
        trace.hit("kept_signed")
    return is_signed


def _repair_date(env, attempt, values):
    """Replace a date before the year 1000, which core writes but cannot read, with now."""
    try:
        fields.Datetime.to_datetime(values.get("date"))
    except ValueError:
        attempt.ledger.hit("repaired_date", date=values["date"])
        values["date"] = fields.Datetime.to_string(env.cr.now())


def _refuse_null_bytes(values):
    """Name the field that PostgreSQL cannot store, before it fails in the middle of processing.

    :raises UnreadableMail: naming the field
    """
    for name, value in values.items():
        if isinstance(value, str) and name != "body" and "\0" in value:
            raise UnreadableMail(f"NUL byte in {name}")
    for attachment in values.get("attachments") or ():
        if "\0" in (attachment[0] or ""):
            raise UnreadableMail("NUL byte in the name of an attachment")

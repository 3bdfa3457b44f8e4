"""Reports: messages about the outcome of another message (RFC 6522 and similar).

==================== =================================================================
module               purpose
==================== =================================================================
``parts``            the parts of a message, one level at a time
``fields``           the fields of the machine-readable part
``delivery_status``  the outcome of a message for each recipient (RFC 3464, RFC 6533)
``disposition``      what a reader did with a message (RFC 8098)
``feedback``         complaints (RFC 5965)
``mailers``          which messages come from a mail server
``unstructured``     bounces in plain text
``dialects``         how mail servers report failures in plain text
``heuristics``       the same with ``flufl.bounce``
``wording``          how all of them name a failed address
``enhanced_status``  why a message was not delivered, as a code (RFC 3463)
``original``         the message a report is about
==================== =================================================================

Nothing here decides how to handle a report, and nothing raises, whatever the message. The
machine-readable part decides what a report is: the container's type is used only if that part is
missing, so a ``multipart/report`` of any other kind (TLS, DMARC) is not a report here. A report
that a person forwards as an attachment is not that person's report.
"""

from dataclasses import dataclass, replace

from . import delivery_status, disposition, feedback, mailers, unstructured
from .delivery_status import RecipientStatus
from .disposition import Disposition
from .feedback import Feedback
from .original import OriginalId, original_ids, returned_header
from .parts import LONGEST_REPORT, containers, read_part, readable_text

LONGEST_TEXT = 20_000
ENCLOSED_TYPES = ("message/rfc822", "message/global")

_KINDS = {
    **dict.fromkeys(delivery_status.PART_TYPES, "delivery_status"),
    **dict.fromkeys(disposition.PART_TYPES, "disposition"),
    **dict.fromkeys(feedback.PART_TYPES, "feedback"),
}
# RFC 6522 section 3: the subtype of the machine-readable part.
_BY_REPORT_TYPE = {content_type.partition("/")[2]: kind for content_type, kind in _KINDS.items()}


@dataclass(frozen=True)
class Report:
    """What a message reports about another message.

    :param kind: ``delivery_status``, ``disposition``, ``feedback`` or ``unstructured_bounce``
    :param recipients: empty if the report names none, and for other kinds
    :param is_cut: whether it names more recipients than these
    :param disposition: for this kind, else None
    :param feedback: for this kind, else None
    :param original_ids: possible Message-Ids of the message it is about, best first
    :param reporting_mta: the server or program that reports, or ``""``
    :param text: its text for people, truncated
    """

    kind: str
    recipients: tuple[RecipientStatus, ...] = ()
    is_cut: bool = False
    disposition: Disposition | None = None
    feedback: Feedback | None = None
    original_ids: tuple[OriginalId, ...] = ()
    reporting_mta: str = ""
    text: str = ""


def read_report(raw: bytes) -> Report | None:
    """Return the :class:`Report` in a message, or None if it is not a report.

    :param raw: the message; only its first megabytes are read
    """
    mail = read_part(raw[:LONGEST_REPORT])
    for container in containers(mail):
        report = _read_container(mail, container)
        if report:
            return report
    return _read_unstructured(mail)


def is_report(raw: bytes) -> bool:
    """Return whether a message is a report.

    :param raw: the message
    """
    return read_report(raw) is not None


def _read_container(mail, container):
    """Return the report of a multipart, or None if it is not one."""
    parts = container.children
    is_report = container.content_type == "multipart/report"
    part = next((part for part in parts if part.content_type in _KINDS), None)
    if part and (is_report or mailers.is_by_mailer(mail)):
        return _READERS[_KINDS[part.content_type]](mail, parts, part)
    if not is_report:
        complaint = feedback.microsoft_complaint(mail, returned_header(parts))
        return complaint and _report(mail, parts, "feedback", feedback=complaint)
    kind = _BY_REPORT_TYPE.get(container.parameter("report-type").strip().lower())
    return kind and _without_machine_part(mail, parts or (container,), kind)


def _delivery_status(mail, parts, part):
    content = delivery_status.read_delivery_status(part)
    text = _text(parts)
    recipients = content.recipients
    if not any(recipient.candidates for recipient in recipients):
        recipients = _named_elsewhere(mail, parts, text, recipients)
    return _report(
        mail,
        parts,
        "delivery_status",
        content.original_message_id,
        recipients=recipients,
        is_cut=content.is_cut,
        reporting_mta=content.reporting_mta,
    )


def _named_elsewhere(mail, parts, text, recipients):
    """Return the recipients of a report whose machine-readable part names no address.

    Gmail leaves that part empty for some failures and names the recipient elsewhere. The outcome
    in that part applies to the address that the text names.
    """
    found = unstructured.read_bounce(mail, text, returned_header(parts))
    if not recipients or not found:
        return recipients or found
    return tuple(replace(recipients[0], address=each.address, is_from_text=True) for each in found)


def _disposition(mail, parts, part):
    content = disposition.read_disposition(part)
    return _report(
        mail,
        parts,
        "disposition",
        content.original_message_id,
        disposition=content.disposition,
        reporting_mta=content.reporting_ua,
    )


def _feedback(mail, parts, part):
    content = feedback.read_feedback(part, returned_header(parts))
    return _report(
        mail,
        parts,
        "feedback",
        content.original_message_id,
        feedback=content.feedback,
        reporting_mta=content.reporting_mta,
    )


_READERS = {
    "delivery_status": _delivery_status,
    "disposition": _disposition,
    "feedback": _feedback,
}


def _without_machine_part(mail, parts, kind):
    """Return a report that declares itself as one but has no machine-readable part."""
    recipients = ()
    if kind == "delivery_status":
        recipients = unstructured.read_bounce(mail, _text(parts), returned_header(parts))
    return _report(mail, parts, kind, recipients=recipients)


def _read_unstructured(mail):
    """Return the report of a mail server that follows no RFC, or None."""
    if not mailers.is_by_mailer(mail):
        return None
    parts = mail.children or (mail,)
    recipients = unstructured.read_bounce(mail, _text(parts), returned_header(parts))
    if not recipients:
        return _enclosed(parts)
    return _report(mail, parts, "unstructured_bounce", recipients=recipients)


def _enclosed(parts):
    """Return the report that a gateway passed on as its own attachment, or None.

    Only from a mail server: it passes on what another server wrote.
    """
    for part in parts:
        if part.content_type not in ENCLOSED_TYPES:
            continue
        mail = read_part(part.data(LONGEST_REPORT))
        if mailers.is_by_mailer(mail):
            reports = (_read_container(mail, container) for container in containers(mail))
            return next(filter(None, reports), None)
    return None


def _report(mail, parts, kind, stated="", **fields):
    text = _text(parts)
    ids = original_ids(mail, stated, returned_header(parts), text)
    return Report(kind=kind, original_ids=ids, text=text, **fields)


def _text(parts):
    """Return the text of a report for people; a returned message is not part of it."""
    return readable_text(parts, LONGEST_TEXT)

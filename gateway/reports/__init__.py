"""Reports: mails that tell what became of another mail (RFC 6522 and what is like it).

==================== =================================================================
module               what it answers
==================== =================================================================
``parts``            what a mail is made of, one level at a time
``fields``           what stands in a machine's part
``delivery_status``  what became of a mail, for each recipient (RFC 3464, RFC 6533)
``disposition``      what a reader did with a mail (RFC 8098)
``feedback``         who complained (RFC 5965)
``mailers``          which mail a mail server wrote
``unstructured``     which bounce a text for people is
``dialects``         how mail servers write that they failed
``heuristics``       the same, asked of ``flufl.bounce``
``wording``          how all of them name an address that failed
``enhanced_status``  why a mail did not arrive, as a code (RFC 3463)
``original``         which mail a report is about
==================== =================================================================

Nothing here decides what to do about a report, and nothing raises, whatever the mail is.
The machine's part decides what a report is: its type is asked only where that is missing, so
that a ``multipart/report`` of any other kind (of TLS, of DMARC) is none. A report that a
person forwards as an attachment is not the person's report.
"""

from dataclasses import dataclass, replace

from . import delivery_status, disposition, feedback, mailers, unstructured
from .disposition import Disposition
from .feedback import Feedback
from .original import original_ids, returned_header
from .parts import LONGEST_REPORT, containers, read_part, readable_text

LONGEST_TEXT = 20_000
ENCLOSED_TYPES = ("message/rfc822", "message/global")

_KINDS = {
    **dict.fromkeys(delivery_status.PART_TYPES, "delivery_status"),
    **dict.fromkeys(disposition.PART_TYPES, "disposition"),
    **dict.fromkeys(feedback.PART_TYPES, "feedback"),
}
# RFC 6522 section 3: the subtype of the machine's part.
_BY_REPORT_TYPE = {content_type.partition("/")[2]: kind for content_type, kind in _KINDS.items()}


@dataclass(frozen=True)
class Report:
    """What a mail tells about another mail.

    :param kind: ``delivery_status``, ``disposition``, ``feedback`` or ``unstructured_bounce``
    :param recipients: a tuple of :class:`~.delivery_status.RecipientStatus`; empty when the
        report names none, and of other kinds
    :param is_cut: whether it names more recipients than these
    :param disposition: :class:`~.disposition.Disposition`, or None
    :param feedback: :class:`~.feedback.Feedback`, or None
    :param original_ids: under which Message-Ids the mail it is about may be known, the best
        first: a tuple of :class:`~.original.OriginalId`
    :param reporting_mta: the server or program that reports, or ``""``
    :param text: what it says to people, bounded
    """

    kind: str
    recipients: tuple = ()
    is_cut: bool = False
    disposition: Disposition | None = None
    feedback: Feedback | None = None
    original_ids: tuple = ()
    reporting_mta: str = ""
    text: str = ""


def read_report(raw):
    """Return the :class:`Report` that a mail is, or None when it is none.

    :param bytes raw: the mail; what follows its first megabytes is not read
    """
    mail = read_part(raw[:LONGEST_REPORT])
    for container in containers(mail):
        report = _read_container(mail, container)
        if report:
            return report
    return _read_unstructured(mail)


def is_report(raw):
    """Tell whether a mail is a report.

    :param bytes raw: the mail
    """
    return read_report(raw) is not None


def _read_container(mail, container):
    """Return the report of a multipart, or None when it is none."""
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
    """Return the recipients of a report whose part for machines names no address.

    Gmail leaves the part empty for some failures, and names the recipient elsewhere. What
    that part says of the outcome holds for the address that the text names.
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
    """Return a report that says what it is and has no part for machines."""
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
    """Return the report that a gateway passed on as an attachment of its own, or None.

    Only a mail server's: it passes on what another server wrote.
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
    """Return what a report says to people; a returned mail is no text, so it is not read."""
    return readable_text(parts, LONGEST_TEXT)

"""Feedback reports: a recipient complained to their provider about a message (ARF, RFC 5965)."""

import re
from dataclasses import dataclass

from ..address_list import first_address
from .fields import printable, read_blocks, server_name
from .parts import Part

PART_TYPES = ("message/feedback-report",)

# RFC 5965 section 7.3 and the registry of feedback types. A virus, failed authentication (RFC
# 6591) or "not-spam" is not a recipient's complaint about the sender.
COMPLAINTS = ("abuse", "fraud", "opt-out", "opt-out-list")
MOST_ADDRESSES = 100
LONGEST_TYPE = 40

_TYPE = re.compile(r"[a-z0-9-]+")
_ADDRESS_FIELDS = ("original-rcpt-to", "removal-recipient")
# Fields of the returned message that name its recipient. Providers that hide the recipient in the
# report often leave it here.
_RETURNED_FIELDS = ("delivered-to", "x-original-to", "to")
_MICROSOFT_RECIPIENT = "x-hmxmroriginalrecipient"
_MICROSOFT_SUBJECT = "complaint about message from"


@dataclass(frozen=True)
class Feedback:
    """What a provider reports about a message.

    :param type: the Feedback-Type in lower case, such as ``abuse`` or ``auth-failure``
    :param addresses: canonical addresses of the complainants; empty if the provider does not
        disclose them
    :param source: ``report`` if the report names the addresses, ``returned`` if they are the
        recipients of the returned message
    :param user_agent: the reporting program, or ``""``
    """

    type: str
    addresses: tuple[str, ...]
    source: str
    user_agent: str

    @property
    def is_complaint(self) -> bool:
        """Whether a recipient does not want mail from this sender."""
        return self.type in COMPLAINTS


@dataclass(frozen=True)
class FeedbackReport:
    """The content of a feedback report part.

    :param feedback: :class:`Feedback`
    :param reporting_mta: name of the reporting server, or ``""``
    :param original_message_id: as sent, or ``""``; some providers add it
    """

    feedback: Feedback
    reporting_mta: str
    original_message_id: str


def read_feedback(part: Part, returned: Part | None) -> FeedbackReport:
    """Return the :class:`FeedbackReport` of a part of one of the :data:`PART_TYPES`.

    :param returned: the header of the returned message, or None
    """
    fields = [field for block in read_blocks(part) for field in block]
    reported = _addresses(value for name, value in fields if name in _ADDRESS_FIELDS)
    addresses = reported or _returned_addresses(returned)
    return FeedbackReport(
        feedback=Feedback(
            type=_type(_first(fields, "feedback-type")),
            addresses=addresses,
            source="report" if reported else "returned" if addresses else "",
            user_agent=printable(_first(fields, "user-agent")),
        ),
        reporting_mta=server_name(_first(fields, "reporting-mta")),
        original_message_id=_first(fields, "original-message-id"),
    )


def microsoft_complaint(mail: Part, returned: Part | None) -> Feedback | None:
    """Return the :class:`Feedback` of a complaint in the form of Outlook.com, or None.

    Its Junk Mail Reporting Program has no machine-readable part: the message is attached, with
    the address of the complainant in its header.
    """
    subject = mail.field("subject").strip().lower()
    recipient = first_address(returned.field(_MICROSOFT_RECIPIENT)) if returned else ""
    if not recipient or not subject.startswith(_MICROSOFT_SUBJECT):
        return None
    return Feedback("abuse", (recipient,), "returned", "")


def _first(fields, wanted):
    return next((value for name, value in fields if name == wanted), "")


def _type(value):
    word = _TYPE.match(value.strip().lower())
    return word[0][:LONGEST_TYPE] if word else ""


def _returned_addresses(returned):
    """Return the recipients of the returned message, from the first field that names any."""
    for name in _RETURNED_FIELDS if returned else ():
        found = _addresses([returned.field(name)])
        if found:
            return found
    return ()


def _addresses(values):
    found = {}
    for value in values:
        address = first_address(value)
        if address:
            found.setdefault(address, None)
        if len(found) >= MOST_ADDRESSES:
            break
    return tuple(found)

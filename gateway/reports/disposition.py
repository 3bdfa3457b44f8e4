"""Message disposition notifications: what a reader did with a message (RFC 8098).

"Read" and "deleted unread" are not bounces: the message was delivered.
"""

import re
from dataclasses import dataclass

from ..address_list import first_address
from .fields import first_values, printable, read_blocks, typed_address
from .parts import Part

PART_TYPES = ("message/disposition-notification", "message/global-disposition-notification")

# RFC 8098 section 3.2.6.2, and earlier values from RFC 3798 and RFC 2298.
TYPES = ("displayed", "deleted", "dispatched", "processed", "denied", "failed")
MOST_MODIFIERS = 5
LONGEST_WORD = 40

_WORD = re.compile(r"[a-z-]+")


@dataclass(frozen=True)
class Disposition:
    """What a reader did with a message.

    :param type: one of :data:`TYPES`, or ``""``. ``displayed`` is "read", ``deleted`` is
        "deleted unread"
    :param was_automatic: whether a rule or the end of the mailbox decided, and not a person
    :param modifiers: words such as ``error`` or ``expired``
    :param recipient: the reader, a canonical address, or ``""``
    """

    type: str
    was_automatic: bool
    modifiers: tuple[str, ...]
    recipient: str


@dataclass(frozen=True)
class DispositionNotification:
    """The content of a disposition notification part.

    :param disposition: :class:`Disposition`
    :param reporting_ua: reporting program and host, or ``""``
    :param original_message_id: as sent, or ``""``
    """

    disposition: Disposition
    reporting_ua: str
    original_message_id: str


def read_disposition(part: Part) -> DispositionNotification:
    """Return the :class:`DispositionNotification` of a part of one of the :data:`PART_TYPES`."""
    values = first_values(read_blocks(part))
    recipients = (
        typed_address(values.get("original-recipient", "")),
        typed_address(values.get("final-recipient", "")),
        first_address(values.get("final-recipient", "")),
    )
    return DispositionNotification(
        disposition=_disposition(values.get("disposition", ""), next(filter(None, recipients), "")),
        reporting_ua=printable(values.get("reporting-ua", "")),
        original_message_id=values.get("original-message-id", ""),
    )


def _disposition(value, recipient):
    """Parse a field like ``manual-action/MDN-sent-manually; displayed/error``."""
    mode, semicolon, rest = value.lower().partition(";")
    # Some programs omit the mode.
    words = _WORD.findall((rest if semicolon else mode)[: LONGEST_WORD * MOST_MODIFIERS])
    return Disposition(
        type=next((word for word in words if word in TYPES), ""),
        was_automatic="automatic-action" in mode,
        modifiers=tuple(word for word in words[1:MOST_MODIFIERS] if word not in TYPES),
        recipient=recipient,
    )

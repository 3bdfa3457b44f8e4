"""Delivery status notifications: the outcome of a message for each recipient (RFC 3464).

``message/global-delivery-status`` of RFC 6533 is the same, with addresses in UTF-8.
"""

import re
from dataclasses import dataclass

from .fields import first_values, read_blocks, server_name, typed_address, typed_value
from .parts import Part

PART_TYPES = ("message/delivery-status", "message/global-delivery-status")

# If there are thousands of recipients, only the first ones are kept, and that there are more.
MOST_RECIPIENTS = 1000
LONGEST_ACTION = 20

HARD, SOFT, SUCCESS, UNKNOWN = "hard", "soft", "success", "unknown"

# RFC 3464 section 2.3.3
_OUTCOME_OF_ACTION = {
    "delayed": SOFT,
    "delivered": SUCCESS,
    "relayed": SUCCESS,
    "expanded": SUCCESS,
}
# What some servers write instead.
_ACTIONS = {"fail": "failed", "failure": "failed", "error": "failed"}
_OUTCOME_OF_CLASS = {"5": HARD, "4": SOFT, "2": SUCCESS}

_WORD = re.compile(r"[a-z-]+")
# RFC 3463 section 2; the dots of an IP address are not a status.
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# RFC 5321 section 4.2.1
_REPLY_CODE = re.compile(r"(?<![\d.])([45])[0-5]\d(?![\d.])")
_UNSPECIFIC = ".0.0"

_RECIPIENT_FIELDS = ("original-recipient", "final-recipient")
_FIRST_FIELD = re.compile(r"(?:reporting-mta|final-recipient|original-recipient):", re.IGNORECASE)
_STARTS_RECIPIENT = frozenset((*_RECIPIENT_FIELDS, "action"))


@dataclass(frozen=True)
class RecipientStatus:
    """The outcome of a message for one recipient.

    :param address: final recipient, canonical; ``""`` if the field contains no address
    :param action: ``failed``, ``delayed``, ``delivered``, ``relayed``, ``expanded``, or what was
        sent instead; ``""`` if it comes from text rather than RFC 3464 fields
    :param status: enhanced status code such as ``5.1.1``, the most specific that was sent, or
        ``""``; for a bare reply code, ``5.0.0`` or ``4.0.0``
    :param outcome: ``hard``, ``soft``, ``success`` or ``unknown``
    :param diagnostic: text from the remote server, on one line, truncated
    :param remote_mta: the name of that server, or ``""``
    :param original_recipient: the address the message was sent to, canonical, or ``""``
    :param is_from_text: whether only the text for people contains the address
    """

    address: str
    action: str
    status: str
    outcome: str
    diagnostic: str
    remote_mta: str
    original_recipient: str
    is_from_text: bool = False

    @property
    def candidates(self) -> tuple[str, ...]:
        """The addresses a notification may be about, original recipient first."""
        return tuple(dict.fromkeys(filter(None, (self.original_recipient, self.address))))


@dataclass(frozen=True)
class DeliveryStatus:
    """The content of a delivery status part.

    :param recipients: in order
    :param is_cut: whether there were more recipients than are kept
    :param reporting_mta: name of the reporting server, or ``""``
    :param original_message_id: a field that some servers add (Gmail), as sent, or ``""``
    """

    recipients: tuple[RecipientStatus, ...]
    is_cut: bool
    reporting_mta: str
    original_message_id: str


def read_delivery_status(part: Part) -> DeliveryStatus:
    """Return the :class:`DeliveryStatus` of a part of one of the :data:`PART_TYPES`."""
    blocks = read_blocks(part)
    groups = [group for group in _groups(blocks) if not _STARTS_RECIPIENT.isdisjoint(group)]
    values = first_values(blocks)
    return DeliveryStatus(
        recipients=tuple(map(_recipient, groups[:MOST_RECIPIENTS])),
        is_cut=len(groups) > MOST_RECIPIENTS,
        reporting_mta=server_name(values.get("reporting-mta", "")),
        original_message_id=values.get("x-original-message-id", ""),
    )


def read_fields_in_text(lines: list[str]) -> tuple[RecipientStatus, ...]:
    """Return each :class:`RecipientStatus` from fields in a text for people.

    A gateway that flattens a report leaves them there. Only those with an address count.

    :param lines: the lines of the text
    """
    start = next((number for number, line in enumerate(lines) if _FIRST_FIELD.match(line)), None)
    if start is None:
        return ()
    octets = "\n".join(lines[start:]).encode("utf-8", "surrogateescape")
    found = read_delivery_status(Part({}, octets)).recipients
    return tuple({each.candidates: each for each in found if each.candidates}.values())


def _groups(blocks):
    """Yield the fields of each recipient, even if no empty line separates two of them."""
    for block in blocks:
        group = {}
        for name, value in block:
            if name in _RECIPIENT_FIELDS and name in group:
                yield group
                group = {}
            group.setdefault(name, value)
        yield group


def _recipient(group):
    diagnostic = typed_value(group.get("diagnostic-code", ""))
    action = _action(group.get("action", ""))
    status = find_status(group.get("status", ""), diagnostic)
    return RecipientStatus(
        address=typed_address(group.get("final-recipient", "")),
        action=action,
        status=status,
        outcome=outcome(action, status),
        diagnostic=diagnostic,
        remote_mta=server_name(group.get("remote-mta", "")),
        original_recipient=typed_address(group.get("original-recipient", "")),
    )


def _action(value):
    # Some servers add a comment.
    word = _WORD.match(value.strip().lower())
    action = word[0][:LONGEST_ACTION] if word else ""
    return _ACTIONS.get(action, action)


def find_status(field: str, diagnostic: str) -> str:
    """Return the enhanced status code of a recipient, or ``""``.

    The field decides. If it only means "other" (``5.0.0``, always for Exim), a code of the same
    class in the diagnostic text is more specific; if the field is missing, that text decides.
    """
    stated, said = _STATUS.search(field), _STATUS.search(diagnostic)
    if stated and said and stated[0].endswith(_UNSPECIFIC) and stated[1] == said[1]:
        return said[0]
    if stated or said:
        return (stated or said)[0]
    reply = _REPLY_CODE.search(diagnostic)
    return reply[1] + _UNSPECIFIC if reply else ""


def outcome(action: str, status: str) -> str:
    """Return ``hard``, ``soft``, ``success`` or ``unknown`` for an action and a status.

    A server that gives up without details has failed permanently (RFC 3464 section 2.3.3). One
    that gives up on a success contradicts itself.
    """
    if action == "failed":
        return {"4": SOFT, "2": UNKNOWN}.get(status[:1], HARD)
    return _OUTCOME_OF_ACTION.get(action) or _OUTCOME_OF_CLASS.get(status[:1], UNKNOWN)

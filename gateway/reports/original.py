"""The message a report is about: its possible Message-Ids, best first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .parts import LONGEST_FIELD, LONGEST_HEADER, Part, read_part

RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)
MOST_IDS = 20

# Where services write the Message-Id that they replace by their own.
_RETURNED_FIELDS = (
    "message-id",
    "x-microsoft-original-message-id",
    "x-google-original-message-id",
    "x-gmail-original-message-id",
)
# A line has at most 998 characters (RFC 5322 section 2.1.1).
_ID = re.compile(r"<([^<>\s]{1,996})>")
_BARE_ID = re.compile(r"[^<>\s]{1,996}@[^<>\s]{1,996}")
_LINE = re.compile(
    r"^[ \t>]{0,8}(?:x-(?:microsoft|google|gmail)-original-)?message-id:[ \t]*\n?[ \t]*"
    r"(<[^<>\s]{1,996}>)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class OriginalId:
    """A possible Message-Id of the message that a report is about.

    :param message_id: with its angle brackets
    :param source: where it was found: ``original-message-id`` (a field of the report),
        ``message-id`` or ``x-...-original-message-id`` (of the returned message), ``text`` (the
        header quoted in a text), ``in-reply-to`` or ``references`` (of the report)
    """

    message_id: str
    source: str


def returned_header(parts: Iterable[Part]) -> Part | None:
    """Return the header of the returned message in a report, or None."""
    for part in parts:
        if part.content_type in RETURNED_TYPES:
            return read_part(part.data(LONGEST_HEADER))
    return None


def original_ids(
    mail: Part, stated: str, returned: Part | None, text: str
) -> tuple[OriginalId, ...]:
    """Return the possible Message-Ids without duplicates.

    :param mail: the report itself
    :param stated: the value of a field of the machine-readable part, or ``""``
    :param returned: the header of the returned message, or None
    :param text: the text for people, in which some servers quote the header
    """
    found = {}
    for message_id, source in _all_ids(mail, stated, returned, text):
        found.setdefault(message_id, source)
        if len(found) >= MOST_IDS:
            break
    return tuple(OriginalId(message_id, source) for message_id, source in found.items())


def _all_ids(mail, stated, returned, text):
    yield from _named("original-message-id", stated)
    for name in _RETURNED_FIELDS if returned else ():
        yield from _named(name, returned.field(name))
    yield from (("".join(quoted), "text") for quoted in _LINE.findall(text))
    yield from _named("in-reply-to", mail.field("in-reply-to"))
    # The last of them is the message that a report replies to.
    references = list(_named("references", _end_of(mail, "references")))
    yield from reversed(references)


def _end_of(mail, name):
    values = mail.fields.get(name, [""])
    return values[0][-LONGEST_FIELD:]


def _named(source, value):
    """Yield ``(Message-Id, source)`` of the ids in the value of a field."""
    found = _ID.findall(value) or _BARE_ID.findall(value)[:1]
    return ((f"<{text}>", source) for text in found if text.isprintable())

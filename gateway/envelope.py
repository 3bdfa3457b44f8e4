"""Sender, recipients and Message-Id of a message, read from the header alone.

Used for the log and for finding a message, before anything is decided. It never raises on
malformed input and reads a 50 MB message as fast as a small one.
"""

import email.header
import email.utils
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.parser import BytesHeaderParser
from email.policy import compat32
from functools import lru_cache
from itertools import chain
from typing import TypeVar

from .address_list import read_addresses
from .charsets import decode
from .conversation import Thread, read_thread
from .fingerprint import split_header

_T = TypeVar("_T")

LONGEST_TEXT = 500
MOST_RECIPIENTS = 200
# The time to decode encoded words grows quadratically with their number.
LONGEST_ENCODED = 50_000
LONGEST_SMALL = 100_000
# The log shows the beginning of a field, and at most so many recipients.
LONGEST_FIELD = 60_000
LONGEST_RECIPIENTS = 100_000
MOST_REPEATS = 50

THREAD_FIELDS = ("message-id", "references", "in-reply-to")
# The header fields that core reads recipients from (mail.thread.message_parse of 19.0).
RECIPIENT_FIELDS = ("delivered-to", "to", "cc", "resent-to", "resent-cc")
ADDRESS_FIELDS = {"from", *RECIPIENT_FIELDS}
ENVELOPE_FIELDS = {"subject", "date", *THREAD_FIELDS, *ADDRESS_FIELDS}
# A line that begins a field; the parser ends the header at any other.
_FIELD_LINE = re.compile(rb"From |([!-9;-~]*):")


@dataclass(frozen=True)
class Envelope:
    """What the log shows about a message.

    :param message_id: the whole Message-Id field, as core compares it, ``""`` if missing
    :param sender: the From field, decoded
    :param sender_address: the address in it, lower case
    :param recipients: lower-case addresses in the order of the fields, without duplicates
    :param subject: decoded
    :param date: the Date field in naive UTC, or None
    :param thread: its :class:`~.conversation.Thread`
    """

    message_id: str
    sender: str
    sender_address: str
    recipients: tuple[str, ...]
    subject: str
    date: datetime | None
    thread: Thread = Thread()


def read_envelope(raw: bytes) -> Envelope:
    """Return the :class:`Envelope` of a raw message, whatever its bytes.

    It is read before the limits on a message apply, so it reads a bounded part of the header.
    """
    header = split_header(raw)[0]
    if len(header) > LONGEST_FIELD:
        header = _abridged(header)
    fields = read_fields(header, str)
    sender = _first(fields, "from")
    return Envelope(
        message_id=_first(fields, "message-id"),
        sender=sender[:LONGEST_TEXT],
        sender_address=next(iter(_addresses([sender])), "")[:LONGEST_TEXT],
        recipients=tuple(_addresses(map(decode_field, _recipient_values(fields)))),
        subject=_first(fields, "subject")[:LONGEST_TEXT],
        date=parse_date(_first(fields, "date")),
        thread=read_thread(*(next(iter(fields.get(name, ())), "") for name in THREAD_FIELDS)),
    )


def split_addresses(recipients: str) -> list[str]:
    """Return the addresses in a stored :attr:`Envelope.recipients`."""
    return [address.strip() for address in recipients.split(",") if "@" in address]


def read_fields(header: bytes, read: Callable[[str], _T]) -> dict[str, list[_T]]:
    """Return the header fields as ``{lower-case name: [result of read]}``, topmost first.

    :param header: the header block
    :param read: function of the value as the parser returns it
    """
    fields = {}
    for name, value in _divided(header):
        fields.setdefault(name, []).append(read(value))
    return fields


def _divided(header):
    """Return ``(lower-case name, value)`` of each field."""
    is_large = len(header) > LONGEST_SMALL
    return (_remembered_large if is_large else _remembered)(header)


def _divide(header):
    message = BytesHeaderParser(policy=compat32).parsebytes(header)
    return tuple((name.lower(), value) for name, value in message.raw_items())


# A dozen readers look at the header of one message in turn, and a large header takes memory.
_remembered = lru_cache(maxsize=4)(_divide)
_remembered_large = lru_cache(maxsize=1)(_divide)


def decode_field(value: str) -> str:
    """Decode one header field for display (RFC 2047 and raw 8-bit text).

    :param value: as the parser returns it: undecodable bytes are surrogates
    """
    text = " ".join(_decode_words(decode_octets(value)).replace("\0", "").split())
    # Some charsets can encode lone surrogates, which databases reject.
    return text.encode("utf-8", "replace").decode()


def decode_octets(value: str) -> str:
    """Return the text of one header field as it was sent, with its encoded words.

    :param value: as the parser returns it: undecodable bytes are surrogates
    """
    octets = value.encode("ascii", "surrogateescape")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _decode_words(text):
    if "=?" not in text or len(text) > LONGEST_ENCODED:
        return text
    try:
        parts = email.header.decode_header(text)
    except (email.header.HeaderParseError, ValueError):
        return text
    return "".join(_decode_part(content, charset) for content, charset in parts)


def _decode_part(content, charset):
    if isinstance(content, str):
        return content
    return decode(content, charset or "latin-1", LONGEST_ENCODED)


def _abridged(header):
    """Return a header without other fields than those of an envelope, and without their excess."""
    kept, seen, room = [], Counter(), 0
    for line in header.splitlines(keepends=True):
        if line[:1] not in (b" ", b"\t"):
            start = _FIELD_LINE.match(line)
            if not start:
                break
            name, room = (start[1] or b"").lower().decode(), 0
            if name in ENVELOPE_FIELDS:
                seen[name] += 1
                room = LONGEST_FIELD if seen[name] <= MOST_REPEATS else 0
        if room > 0:
            kept.append(line if len(line) <= room else _beginning(line, room, name) + b"\n")
            room -= len(line)
    return b"".join(kept)


def _beginning(line, length, name):
    """Return the beginning of a line, without an address that would be cut off in the middle."""
    text = line[:length]
    if name not in ADDRESS_FIELDS:
        return text
    return text[: max(text.rfind(b","), text.rfind(b" ")) + 1]


def _recipient_values(fields):
    """Yield the recipient fields, as long as there is room for the next one."""
    room = LONGEST_RECIPIENTS
    for value in chain.from_iterable(fields.get(name, ()) for name in RECIPIENT_FIELDS):
        room -= len(value)
        if room < 0:
            return
        yield value


def _first(fields, name):
    return decode_field(next(iter(fields.get(name, ())), ""))


def _addresses(values):
    """Return the lower-case addresses in these fields without duplicates, at most some hundreds."""
    found = {}
    for value in values:
        for address in read_addresses(value):
            if "@" in address:
                found.setdefault(address.lower(), None)
            if len(found) >= MOST_RECIPIENTS:
                return list(found)
    return list(found)


def parse_date(value: str) -> datetime | None:
    """Return the time in a Date field in naive UTC, or None if it has none that is usable."""
    try:
        date = email.utils.parsedate_to_datetime(value)
        if date.tzinfo:
            date = date.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # PostgreSQL and Python's calendar both support these years.
    return date.replace(microsecond=0) if 1970 <= date.year <= 9999 else None

"""IMAP commands and how to parse the answers (RFC 3501, RFC 6851).

Text in, text out: nothing here has a connection. Answers are lists as :mod:`imaplib` returns
them: bytes, and for each literal a tuple of the bytes before it and its content.
"""

import base64
import re
from collections.abc import Iterable
from datetime import date

from .bounds import Skipped
from .numbers import LARGEST_SIZE, clamped, read_uid

# Folders that some servers reject under another spelling (RFC 3501 section 5.1).
INBOX = "INBOX"
_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
# Content that is not a literal: an empty message, or one that the server cannot read.
_QUOTED = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+|&")
_NUMBER = re.compile(rb"\d+")
# The answer to a FETCH.
_Fetch = Iterable[bytes | tuple[bytes, bytes | Skipped] | None]


def uid_set(uids: Iterable[int]) -> str:
    """Return a set of UIDs in IMAP syntax, ``1:3,7``, with consecutive ones merged.

    :param uids: ascending numbers, at least one
    """
    runs = []
    for uid in uids:
        if runs and runs[-1][1] == uid - 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def since(date: date) -> str:
    """Return the search key for messages that arrived on a day or later, independent of locale."""
    return f"SINCE {date.day}-{_MONTHS[date.month - 1]}-{date.year}"


def read_uids(data: Iterable[bytes | None]) -> list[int]:
    """Return the UIDs in a SEARCH answer, ascending, without duplicates and invalid ones."""
    return sorted({uid for number in _numbers(data) if (uid := read_uid(number))})


def count_invalid_uids(data: Iterable[bytes | None]) -> int:
    """Return how many numbers in a SEARCH answer are not in the range of UIDs."""
    return sum(read_uid(number) is None for number in _numbers(data))


def read_last(data: Iterable[bytes | None]) -> bytes | None:
    """Return the digits of the last number of an answer, or None."""
    return next(reversed(_numbers(data)), None)


def _numbers(data):
    return [number for part in data if part for number in _NUMBER.findall(part)]


def read_sizes(data: _Fetch) -> dict[int, int]:
    """Return ``{UID: bytes}`` from the answer to ``FETCH (RFC822.SIZE)``."""
    sizes = {}
    for text, _content in _items(data):
        uid, size = uid_in(text), _SIZE.search(text)
        if uid and size:
            sizes[uid] = clamped(size[1], LARGEST_SIZE)
    return sizes


def read_contents(data: _Fetch) -> dict[int, bytes]:
    """Return ``{UID: content}`` from the answer to a FETCH of one section of each message.

    A message that is missing was removed in the meantime, or the server cannot read it.
    """
    return {
        uid: content
        for text, content in _items(data)
        if isinstance(content, bytes) and (uid := uid_in(text))
    }


def read_skipped(data: _Fetch) -> dict[int, int]:
    """Return ``{UID: size}`` of the contents that were skipped."""
    return {
        uid: content.size
        for text, content in _items(data)
        if isinstance(content, Skipped) and (uid := uid_in(text))
    }


def uid_in(text: bytes) -> int | None:
    """Return the UID in a part of a FETCH answer, or None."""
    found = _UID.search(text)
    return found and read_uid(found[1])


def _items(data):
    """Yield ``(text, content or None)`` of each message; what follows a literal belongs to it."""
    text, content = b"", None
    for part in data:
        if isinstance(part, tuple):
            text, content = text + b" " + part[0], part[1]
        elif part is not None:
            text += b" " + part
            if content is None and (quoted := _QUOTED.search(text)):
                text, content = _QUOTED.sub(b"", text), _ESCAPED.sub(rb"\1", quoted[1])
            yield text, content
            text, content = b"", None


def folder_argument(name: str) -> str:
    """Return a folder name as an argument: in modified UTF-7, quoted.

    :param name: decoded name (RFC 3501 section 5.1.3)
    """
    if name.upper() == INBOX:
        return INBOX
    encoded = _UNPRINTABLE.sub(_encode, name)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encode(match):
    text = match[0]
    if text == "&":
        return "&-"
    octets = base64.b64encode(text.encode("utf-16-be", "replace")).decode()
    return "&" + octets.rstrip("=").replace("/", ",") + "-"

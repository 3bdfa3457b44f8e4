"""The message in the body of an HTTP request, and its envelope.

Programs post the bytes of the message as the body. Providers post them as a field of a form or of
a JSON document, each with its own names (:data:`FORMATS`). Form fields are read as bytes: a
message has no charset, and a form library would decode it as UTF-8.

Not done here: reading the request. The caller has read it, within a limit.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .address_list import read_addresses

# No provider's form has more fields.
MOST_FIELDS = 1000
# RFC 5321 section 4.5.3.1.3, with room for non-ASCII characters.
LONGEST_ADDRESS = 1024
MOST_RECIPIENTS = 1000
LONGEST_PART_HEADER = 10_000

RAW_TYPES = ("message/rfc822", "message/global", "application/octet-stream", "text/plain", "")
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_FIELD_NAME = re.compile(rb';[ \t]*name="([^"\r\n]*)"', re.IGNORECASE)
# A local part with blanks (RFC 5321 section 4.1.2).
_QUOTED = re.compile(r'\A"(?:[^"\\<>]|\\[^<>])*"(?=@)')
_CONTROL = re.compile("[\0-\x08\x0a-\x1f\x7f]")
_UNIX_FROM = re.compile(rb"\A>?From [^\r\n]*\r?\n")
BLANKS = (b" ", b"\t")
# Name for a first line that is not a field, so that it does not continue one added above it.
UNNAMED_FIELD = b"X-Unnamed-Field:"
_RETURN_PATH = re.compile(rb"return-path[ \t]*:[ \t]*<([^<>\r\n]*)>[ \t]*\r?\n", re.IGNORECASE)


class NoMail(ValueError):
    """A request contains no message.

    :param code: ``unsupported`` for a body type that cannot contain a message, ``malformed``
        for one that cannot be read, ``no_field`` for a form without a message, ``empty``,
        ``bad_envelope``
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Posted:
    """A message as posted.

    :param raw: the message
    :param recipients: envelope recipients as texts; empty if not given
    :param sender: envelope sender, ``""`` for the null sender, None if not given
    """

    raw: bytes
    recipients: tuple[str, ...] = ()
    sender: str | None = None


class Format(NamedTuple):
    """The field names of a provider.

    :param mail: the field with the raw message
    :param recipients: the fields with recipients, best first; one that ends with ``[`` stands for
        all fields with that prefix
    :param sender: the field with the envelope sender, empty if there is none
    :param envelope: the field with a JSON document ``{"to": [...], "from": ...}``, or empty
    """

    mail: str
    recipients: tuple[str, ...] = ()
    sender: str = ""
    envelope: str = ""


# docs/ingress.md describes what they post, with the sources.
FORMATS = (
    Format("body-mime", recipients=("recipient",), sender="sender"),
    Format("email", envelope="envelope"),
    Format(
        "message",
        recipients=("envelope[recipients][", "envelope[to]"),
        sender="envelope[from]",
    ),
    Format("RawEmail", recipients=("OriginalRecipient",)),
)


def read_posted(
    content_type: str, body: bytes, recipients: Sequence[str] = (), sender: str | None = None
) -> Posted:
    """Return the :class:`Posted` message of a request.

    :param content_type: Content-Type of the request, empty if missing
    :param body: the body of the request
    :param recipients: recipients named outside the body; they take precedence over those of a form
    :param sender: the same for the envelope sender, or None
    :raises NoMail: if there is no message
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in RAW_TYPES:
        found = Posted(body)
    elif media_type in (URLENCODED, MULTIPART, JSON):
        found = _of_fields(_fields(media_type, content_type, body))
    else:
        raise NoMail("unsupported")
    raw = _UNIX_FROM.sub(b"", found.raw, count=1)
    if not raw.strip():
        raise NoMail("empty")
    return Posted(
        raw,
        _addresses(recipients or found.recipients),
        _sender(found.sender if sender is None else sender),
    )


def with_return_path(raw: bytes, sender: str | None) -> bytes:
    """Return a message with its envelope sender on top, as the last server adds it.

    RFC 5321 section 4.4. If a message begins with exactly this field, that server has added it; a
    different sender there may have been added by anyone.

    :param raw: the message
    :param sender: the envelope sender, ``""`` for the null sender, None to change nothing
    """
    if sender is None:
        return raw
    address, written = sender.encode("utf-8", "replace"), _RETURN_PATH.match(raw)
    if written and written[1] == address:
        return raw
    line_end = b"\r\n" if b"\r\n" in raw[:1000] else b"\n"
    # Otherwise the first line would continue the envelope sender.
    field = UNNAMED_FIELD if raw[:1] in BLANKS else b""
    return b"Return-Path: <%s>%s%s%s" % (address, line_end, field, raw)


# --- The envelope -------------------------------------------------------------------


def _addresses(texts):
    """Return the recipient texts; whether they are addresses is checked later."""
    found = {}
    for text in texts:
        _check_text(text)
        found |= dict.fromkeys(read_addresses(text))
    if len(found) > MOST_RECIPIENTS or any(len(one) > LONGEST_ADDRESS for one in found):
        raise NoMail("bad_envelope")
    return tuple(found)


def _sender(text):
    if text is None:
        return None
    _check_text(text)
    address = text.strip().removeprefix("<").removesuffix(">")
    if len(address) > LONGEST_ADDRESS or re.search(r"[<>\s]", _QUOTED.sub("", address)):
        raise NoMail("bad_envelope")
    return address


def _check_text(text):
    if _CONTROL.search(text):
        # A line end would become a header field of the message.
        raise NoMail("bad_envelope")


# --- Forms --------------------------------------------------------------------------


def _of_fields(fields):
    """Return the :class:`Posted` message in the fields of a form, ``{name: [bytes]}``."""
    for known in FORMATS:
        if known.mail in fields:
            break
    else:
        raise NoMail("no_field")
    recipients, sender = _envelope(known, fields)
    return Posted(fields[known.mail][0], tuple(recipients), sender)


def _envelope(known, fields):
    """Return ``(recipients, sender)`` as texts, or ``((), None)``."""
    if known.envelope in fields:
        envelope = _json(fields[known.envelope][0])
        recipients, sender = envelope.get("to"), envelope.get("from")
        if isinstance(recipients, str):
            recipients = [recipients]
        if not isinstance(recipients, list) or not all(isinstance(one, str) for one in recipients):
            raise NoMail("bad_envelope")
        return recipients, sender if isinstance(sender, str) else None
    for name in known.recipients:
        values = [
            value
            for field, texts in fields.items()
            for value in texts
            if field == name or name.endswith("[") and field.startswith(name)
        ]
        if values:
            break
    else:
        values = []
    sender = _text(fields[known.sender][0]) if known.sender in fields else None
    return [_text(value) for value in values], sender


def _fields(media_type, content_type, body):
    """Return the fields of a form or of a JSON document as ``{name: [bytes]}``."""
    if media_type == JSON:
        return {
            name: [value.encode("utf-8", "replace")]
            for name, value in _json(body).items()
            if isinstance(value, str)
        }
    if media_type == URLENCODED:
        pairs = _urlencoded(body)
    else:
        boundary = _BOUNDARY.search(content_type)
        if not boundary:
            raise NoMail("malformed")
        pairs = _multipart(body, (boundary[1] or boundary[2]).encode("utf-8", "replace"))
    fields = {}
    for name, value in pairs:
        fields.setdefault(_text(name), []).append(value)
    return fields


def _json(text):
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoMail("malformed") from error
    if not isinstance(document, dict):
        raise NoMail("malformed")
    return document


def _urlencoded(body):
    pairs = body.split(b"&", MOST_FIELDS)
    if len(pairs) > MOST_FIELDS:
        raise NoMail("malformed")
    for pair in pairs:
        name, _equals, value = pair.replace(b"+", b" ").partition(b"=")
        yield unquote_to_bytes(name), unquote_to_bytes(value)


def _multipart(body, boundary):
    """Yield name and content of each part of a form (RFC 7578).

    :raises NoMail: ``malformed`` if it is truncated: it may contain half of a message
    """
    opening = (0, len(boundary) + 2) if body.startswith(b"--" + boundary) else None
    # Text before the first delimiter is not a part (RFC 2046 section 5.1.1).
    opening = opening or _delimiter(body, boundary, 0)
    for _number in range(MOST_FIELDS):
        if not opening:
            break
        start = opening[1]
        if body.startswith(b"--", start):
            return
        closing = _delimiter(body, boundary, start)
        if not closing:
            break
        head_end = body.find(b"\r\n\r\n", start, start + LONGEST_PART_HEADER)
        name = _FIELD_NAME.search(body, start, max(head_end, start))
        if name and head_end < closing[0]:
            yield name[1], body[head_end + 4 : closing[0]]
        opening = closing
    raise NoMail("malformed")


def _delimiter(body, boundary, start):
    """Return start (including its line end) and end of the next delimiter, or None."""
    delimiter = b"\r\n--" + boundary
    while (found := body.find(delimiter, start)) >= 0:
        start = found + len(delimiter)
        # A line that only starts with the delimiter is content.
        if body[start : start + 2] in (b"--", b"\r\n"):
            return found, start
    return None


def _text(value):
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")

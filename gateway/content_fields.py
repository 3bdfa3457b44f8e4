"""Rewrite content fields that stop Python's parser, before it runs.

The parser that core uses reads the type and the transfer encoding of each part while it splits a
message, and some malformed fields raise an exception that leaves nothing parsed. Other defects
are repaired in the parsed message (``repair``); these must be repaired before, in its bytes.

Fields are found by how a line looks and not by its position: the parser also reads parts in
unusual places, such as the blocks of a delivery report. So a line of text that looks like such a
field is changed too, in memory, in a message that could not be read otherwise.

Messages that can be parsed are not touched.
"""

import re
from email.policy import SMTP

from .mime import ODD_HEADER
from .repair import Repair

# The limits allow fewer parts; if a text consists only of such lines, nothing is changed.
MOST_FIELDS = 5000
# Python's header parser takes quadratic time.
LONGEST_FIELD = 10_000

_FIELD = re.compile(
    rb"(?<![^\r\n])(content-(?:type|transfer-encoding)):((?:[^\r\n]|(?:\r\n|\r|\n)[ \t])*)",
    re.IGNORECASE,
)
_TYPE = re.compile(rb"\s*([\w.+-]+/[\w.+-]+)")
_PARAMETER = re.compile(rb';\s*(boundary|charset|name)\s*=\s*("[^"\\\r\n]*"|[\w.+/=?:-]+)', re.I)
_ENCODING = re.compile(rb"base64|quoted-printable|7bit|8bit|binary", re.IGNORECASE)


def readable(raw: bytes) -> tuple[bytes, list[Repair]]:
    """Return ``(message, repairs)``: the bytes with each such field changed, and the changes.

    Nothing is changed if there is too much to check.

    :param raw: a message that Python's parser raised on
    """
    known, changed = {}, {}
    for found in _FIELD.finditer(raw):
        field = found[0]
        if field not in known:
            if len(known) == MOST_FIELDS:
                return raw, []
            known[field] = _readable(found[1], found[2])
        if known[field] is not None:
            changed.setdefault(field, known[field])
    if not changed:
        return raw, []
    names = dict.fromkeys(field.partition(b":")[0].decode() for field in changed)
    repaired = _FIELD.sub(lambda found: changed.get(found[0], found[0]), raw)
    return repaired, [Repair("content_field", {"name": name}) for name in names]


def _readable(name, value):
    """Return a readable replacement for a field, or None if it is readable."""
    if len(value) <= LONGEST_FIELD and _is_readable(name, value):
        return None
    if name.lower() == b"content-type":
        content_type = _TYPE.match(value)
        plain = content_type[1] if content_type else b"text/plain"
        parameters = {found[1].lower(): found[2] for found in _PARAMETER.finditer(value)}
        candidates = (
            plain + b"".join(b"; " + key + b"=" + text for key, text in parameters.items()),
            plain,
        )
    else:
        candidates = _ENCODING.findall(value)[:1]
    for candidate in candidates:
        if len(candidate) <= LONGEST_FIELD and _is_readable(name, b" " + candidate):
            return name + b": " + candidate
    return name + (b": text/plain" if name.lower() == b"content-type" else b": 7bit")


def _is_readable(name, value):
    """Return whether the parser can read type, boundary and encoding."""
    text = value.decode("ascii", "surrogateescape").lstrip(" \t")
    try:
        str(SMTP.header_fetch_parse(name.decode(), text))
    except ODD_HEADER:
        return False
    return True

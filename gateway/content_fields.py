"""Content fields at which Python's parser stops, made readable before it begins.

The parser that core uses asks each part for its type and its transfer encoding while it divides
a mail, and for some odd fields that ends in an exception, with nothing read at all. All else
that is odd is repaired in what the parser has made of a mail (``repair``); this has to be done
before, in its bytes.

The fields are found by what a line looks like, not by where it stands: the parser reads parts
in places of its own, as in the blocks of a delivery report. So a line of a text that looks like
such a field is changed as well, in memory, in a mail that could not be read otherwise.

What this does not do: look at mail that can be read.
"""

import re
from email.policy import SMTP

from .mime import ODD_HEADER
from .repair import Repair

# The limits allow fewer parts; of a text that is nothing but such lines nothing is changed.
MOST_FIELDS = 5000
# Python's reader takes time that grows with the square of a field.
LONGEST_FIELD = 10_000

_FIELD = re.compile(
    rb"(?<![^\r\n])(content-(?:type|transfer-encoding)):((?:[^\r\n]|(?:\r\n|\r|\n)[ \t])*)",
    re.IGNORECASE,
)
_TYPE = re.compile(rb"\s*([\w.+-]+/[\w.+-]+)")
_PARAMETER = re.compile(rb';\s*(boundary|charset|name)\s*=\s*("[^"\\\r\n]*"|[\w.+/=?:-]+)', re.I)
_ENCODING = re.compile(rb"base64|quoted-printable|7bit|8bit|binary", re.IGNORECASE)


def readable(raw):
    """Return ``(mail, repairs)``: the bytes with each such field changed, and what was done.

    Nothing is changed where there is too much to look at.

    :param bytes raw: a mail that Python's parser has raised at
    :return: the bytes and a list of :class:`~.repair.Repair`
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
    """Return a field that can be read in place of one, or None where that one can be read."""
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
    """Tell whether the parser can ask for type, boundary and encoding."""
    text = value.decode("ascii", "surrogateescape").lstrip(" \t")
    try:
        str(SMTP.header_fetch_parse(name.decode(), text))
    except ODD_HEADER:
        return False
    return True

"""Which bytes of a mail its signatures speak of (RFC 6376 section 3.4).

``dkimpy`` is given fields and no mail, and no body at all, for three reasons. Its own reading
of a header takes time that grows with the square of a folded field, and its canonical form of
a body does with a run of blanks. It makes that form anew for each signature. And it divides
lines at CRLF and LF, where Python's parser, which the rest of a database reads a mail with,
divides at CR too: a mail could have one From for the signature and another one for the reader.
"""

import hashlib
import re
from typing import NamedTuple

from ..identity import split_header

# The checks of a signature read the header for each name it signs.
MOST_FIELDS = 5_000
LONGEST_HEADER = 4_000_000
# Its canonical form takes as much memory again, some times over.
LONGEST_BODY = 50_000_000

_LINE_END = re.compile(rb"\r?\n")
_LONE_CR = re.compile(rb"\r(?!\n)")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):(.*)", re.DOTALL)


class Signed(NamedTuple):
    """A mail as ``dkimpy`` has it after reading.

    :param list fields: ``[name, value]`` in bytes; a value keeps its blanks and its line ends
    :param bytes body: its lines end in CRLF
    """

    fields: list
    body: bytes

    def named(self, name):
        """Return the values of the fields of a name, lower case, the topmost first."""
        return [value for found, value in self.fields if found.lower() == name]


def read_signed(raw):
    """Return the :class:`Signed` of a mail, or None when programs would read it differently.

    :param bytes raw: the mail as received
    """
    header, body_start = split_header(raw)
    if len(header) > LONGEST_HEADER or len(raw) - body_start > LONGEST_BODY:
        return None
    if _LONE_CR.search(header) or b"\0" in header:
        return None
    fields = _fields(_LINE_END.split(header))
    body = raw[body_start:].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Signed(fields, body) if fields and len(fields) <= MOST_FIELDS else None


def _fields(lines):
    """Return the fields, or None when a line is of none."""
    # A mailbox file may have left its separator.
    start = 1 if lines[0].startswith(b"From ") else 0
    pieces = []
    for line in lines[start:]:
        if line[:1] in (b" ", b"\t") and pieces:
            pieces[-1].append(line)
        else:
            pieces.append([line])
    found = [_FIELD.fullmatch(b"\r\n".join(piece) + b"\r\n") for piece in pieces]
    return [[field[1], field[2]] for field in found] if all(found) else None


# --- the body -----------------------------------------------------------------------


def body_digest(body, form):
    """Return the SHA-256 of a body in one of :data:`FORMS`, as bytes.

    :param bytes body: its lines end in CRLF
    """
    return hashlib.sha256(FORMS[form](body)).digest()


def simple(body):
    """Return a body with one line end after its last line (RFC 6376 section 3.4.3)."""
    return _without_last_lines(body) + b"\r\n"


def relaxed(body):
    """Return a body without blanks before line ends, and with one for each run of them.

    RFC 6376 section 3.4.4. The time is linear but for the logarithm of the longest run.
    """
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    kept = _without_last_lines(body.replace(b" \r\n", b"\r\n"))
    return kept + b"\r\n" if kept else b""


FORMS = {"simple": simple, "relaxed": relaxed}


def _without_last_lines(body):
    """Return a body without the CRLFs at its end; a CR alone is a character of a line."""
    start = len(body.rstrip(b"\r\n"))
    if body.endswith(b"\r"):
        return body
    return body[: max(start, body.rfind(b"\r\r", start) + 1)]

"""The bytes of a message that its signatures cover (RFC 6376 section 3.4).

``dkimpy`` is given fields instead of a message, and no body, for three reasons. It takes
quadratic time to read a folded field and to canonicalize a run of blanks. It canonicalizes the
body again for each signature. And it splits lines at CRLF and LF, whereas Python's parser, which
the rest of Odoo reads messages with, splits at CR too: a message could have one From for the
signature and another for the reader.
"""

import hashlib
import re
from typing import NamedTuple

from ..fingerprint import split_header

# Checking a signature reads the header once for each name it signs.
MOST_FIELDS = 5_000
LONGEST_HEADER = 4_000_000
# Canonicalization takes a multiple of this in memory.
LONGEST_BODY = 50_000_000

_LINE_END = re.compile(rb"\r?\n")
_LONE_CR = re.compile(rb"\r(?!\n)")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):(.*)", re.DOTALL)


class Signed(NamedTuple):
    """A message as ``dkimpy`` represents it.

    :param fields: ``[name, value]`` in bytes; values keep blanks and line ends
    :param body: body with CRLF line ends
    """

    fields: list[list[bytes]]
    body: bytes

    def named(self, name: bytes) -> list[bytes]:
        """Return the values of the fields with a lower-case name, topmost first."""
        return [value for found, value in self.fields if found.lower() == name]


def read_signed(raw: bytes) -> Signed | None:
    """Return the :class:`Signed` of a message, or None if programs would read it differently.

    :param raw: the message as received
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
    """Return the fields, or None if a line belongs to none."""
    # An mbox file may have left its separator line.
    start = 1 if lines[0].startswith(b"From ") else 0
    pieces = []
    for line in lines[start:]:
        if line[:1] in (b" ", b"\t") and pieces:
            pieces[-1].append(line)
        else:
            pieces.append([line])
    found = [_FIELD.fullmatch(b"\r\n".join(piece) + b"\r\n") for piece in pieces]
    return [[field[1], field[2]] for field in found] if all(found) else None


# --- Body ---------------------------------------------------------------------------


def body_digest(body: bytes, form: str) -> bytes:
    """Return the SHA-256 of a body in one of :data:`FORMS`.

    :param body: body with CRLF line ends
    """
    return hashlib.sha256(FORMS[form](body)).digest()


def simple(body: bytes) -> bytes:
    """Return a body with one line end after its last line (RFC 6376 section 3.4.3)."""
    return _without_last_lines(body) + b"\r\n"


def relaxed(body: bytes) -> bytes:
    """Return a body without trailing blanks, and with one blank for each run of blanks.

    RFC 6376 section 3.4.4. The time is linear except for the logarithm of the longest run.
    """
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    kept = _without_last_lines(body.replace(b" \r\n", b"\r\n"))
    return kept + b"\r\n" if kept else b""


FORMS = {"simple": simple, "relaxed": relaxed}


def _without_last_lines(body):
    """Return a body without trailing CRLFs; a bare CR is part of a line."""
    start = len(body.rstrip(b"\r\n"))
    if body.endswith(b"\r"):
        return body
    return body[: max(start, body.rfind(b"\r\r", start) + 1)]

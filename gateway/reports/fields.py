"""The fields of a machine-readable part: blocks of header fields in order.

RFC 3464 section 2.1, RFC 8098 section 3.1 and RFC 5965 section 3.1 share the form. In practice,
blocks are separated twice or not at all, and lines are folded.
"""

import re
from collections.abc import Iterable

from ..address_list import first_address
from ..envelope import decode_field
from .parts import LONGEST_FIELD, Part

LONGEST_STATUS_PART = 2_000_000
# A recipient takes about eight.
MOST_FIELDS = 20_000
LONGEST_SHOWN = 500

# RFC 6533 section 3: how a UTF-8 address is transmitted in ASCII.
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_LAST_CHARACTER = 0x10FFFF


def read_blocks(part: Part) -> list[list[tuple[str, str]]]:
    """Return the blocks of a machine-readable part as lists of ``(lower-case name, value)``."""
    blocks, count = [[]], 0
    for line in part.data(LONGEST_STATUS_PART).splitlines():
        name, colon, value = line.partition(b":")
        if not line.strip():
            if blocks[-1]:
                blocks.append([])
        elif line[:1] in (b" ", b"\t"):
            # A continuation line without a preceding field.
            for _name, pieces in blocks[-1][-1:]:
                pieces.append(line)
        elif colon and count < MOST_FIELDS:
            blocks[-1].append((name, [value]))
            count += 1
    return [[_decoded(*field) for field in block] for block in blocks if block]


def _decoded(name, pieces):
    octets = b" ".join(pieces)[:LONGEST_FIELD]
    return (
        name.strip().lower().decode("latin-1"),
        decode_field(octets.decode("ascii", "surrogateescape")),
    )


def first_values(blocks: Iterable[Iterable[tuple[str, str]]]) -> dict[str, str]:
    """Return ``{name: value}`` of blocks, the first value of each name."""
    found = {}
    for block in blocks:
        for name, value in block:
            found.setdefault(name, value)
    return found


def typed_value(value: str) -> str:
    """Return the text after the type in ``dns; mx.example.com`` or ``smtp; 550 ...``."""
    kind, semicolon, rest = value.partition(";")
    # With a blank in it, it is not a type but text that contains a semicolon.
    return printable(rest if semicolon and " " not in kind.strip() else value)


def server_name(value: str) -> str:
    """Return the name in a field like ``dns; mx.example.com (192.0.2.1)``, or ``""``."""
    return typed_value(value).partition(" ")[0].rstrip(".")


def typed_address(value: str) -> str:
    """Return the canonical address of a field like ``rfc822; jane@example.com``, or ``""``.

    The type may be missing; a value that is not an address, such as one of X.400, is ignored.
    """
    kind, semicolon, rest = value.partition(";")
    if kind.strip().lower() == "utf-8":
        rest = _EMBEDDED.sub(_embedded, rest)
    return first_address(rest if semicolon else value)


def _embedded(match):
    number = int(match[1], 16)
    return chr(number) if number <= _LAST_CHARACTER else match[0]


def printable(text: str, most: int = LONGEST_SHOWN) -> str:
    """Return the beginning of a text on one line, without invisible characters."""
    shown = "".join(character if character.isprintable() else " " for character in text[: 4 * most])
    return " ".join(shown.split())[:most]

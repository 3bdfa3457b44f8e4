"""Numbers and ids as mail servers write them, within the ranges that can be stored.

A number of a server may have any number of digits, and an id any bytes: what cannot be stored
would block its mailbox for ever.
"""

import hashlib
import re
from collections.abc import Collection

# RFC 3501 section 9: UIDs are non-zero 32-bit numbers.
LARGEST_UID = 2**32 - 1
# What a column for sizes can store.
LARGEST_SIZE = 2**31 - 1
# Some digits fewer than the largest 64-bit number.
_MOST_DIGITS = 18
# RFC 1939 section 7 allows 70 characters. An index accepts values of some 2,700 bytes.
LONGEST_UNIQUE_ID = 255
_LINE = re.compile(rb"(\d{1,10})[ \t]+([^\r\n]*\S)")


def clamped(digits: bytes, most: int) -> int:
    """Return a number, or ``most`` if it is larger; :class:`int` refuses thousands of digits."""
    digits = digits.lstrip(b"0")
    return most if len(digits) > len(str(most)) else min(int(digits or b"0"), most)


def read_uid(digits: bytes) -> int | None:
    """Return a UID, or None if it is not in the range of UIDs."""
    uid = clamped(digits, LARGEST_UID + 1)
    return uid if 0 < uid <= LARGEST_UID else None


def read_uidvalidity(digits: bytes) -> int:
    """Return a number for a UIDVALIDITY, which is only compared: others for others."""
    digits = digits.lstrip(b"0")
    if len(digits) <= _MOST_DIGITS:
        return int(digits or b"0")
    return int(hashlib.sha256(digits).hexdigest()[:15], 16)


def read_unique_id(octets: bytes) -> str:
    """Return a unique id as text that can be stored and indexed."""
    text = octets.decode("latin-1").replace("\0", r"\0")
    if len(text) <= LONGEST_UNIQUE_ID:
        return text
    return f"sha256:{hashlib.sha256(octets).hexdigest()}"


def read_listing(lines: Collection[bytes]) -> tuple[dict[int, bytes], int]:
    """Return ``({message number: bytes after it}, count of malformed lines)`` of LIST or UIDL."""
    found = [_LINE.fullmatch(line.rstrip()) for line in lines]
    listing = {
        number: match[2]
        for match in found
        if match and 0 < (number := int(match[1])) <= LARGEST_SIZE
    }
    return listing, len(lines) - len(listing)

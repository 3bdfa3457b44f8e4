"""The addresses in a header field (RFC 5322 section 3.4), whatever its text.

``email.utils.getaddresses`` is not used: it recurses for each parenthesis, so a few thousand of
them raise an exception, and its results for malformed fields vary with the Python version. This
parser reads each character once and splits where people do: at commas, at semicolons, and at
blanks between two addresses.
"""

import re
from collections.abc import Iterator

from .addresses import BadAddress, canonical

_BLANK = " \t"
_BLANKS = re.compile(r"[ \t]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[(),;<>:]|[^"\\(),;<>:]+|["\\]', re.DOTALL)


def canonical_addresses(text: str) -> Iterator[str]:
    """Yield the canonical addresses in a field; skip what is not an address."""
    for address in read_addresses(text):
        try:
            yield canonical(address)
        except BadAddress:
            continue


def first_address(text: str) -> str:
    """Return the first of :func:`canonical_addresses`, or an empty string."""
    return next(canonical_addresses(text), "")


def read_addresses(text: str) -> Iterator[str]:
    """Yield the entries of an address field in order, without display names.

    Text that is not an address is yielded too, so that the caller can report it.

    :param text: an unfolded field
    """
    target, is_open, is_given = [], False, False
    for token in (*_without_comments(_TOKEN.findall(text)), ","):
        if token == "<":
            # The text before it is a display name.
            target, is_open = [], True
        elif token == ":":
            # The name of a group, a source route (RFC 5321 section 4.1.2), or "mailto:".
            target = []
        elif token in (",", ";", ">"):
            if is_open:
                yield from filter(None, ["".join(target).strip(_BLANK)])
            elif not is_given and token != ">":
                yield from _bare("".join(target))
            target, is_open, is_given = [], False, token == ">"
        else:
            target.append(token)


def _without_comments(tokens):
    """Return the tokens outside comments; unmatched parentheses count as text."""
    kept, depth = [], 0
    for token in tokens:
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(token)
    # A comment that does not end must not hide the recipients after it.
    return kept if not depth else [token for token in tokens if token not in ("(", ")")]


def _bare(text):
    """Yield the addresses of an element without angle brackets."""
    words = _BLANKS.split(text)
    found = [word for word in words if "@" in word]
    if not found or text.lstrip(_BLANK).startswith('"') and '"@' in text:
        # Not an address, or one with blanks in quotes.
        found = [text.strip(_BLANK)]
    yield from filter(None, found)

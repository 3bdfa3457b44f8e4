"""The addresses in a header field (RFC 5322 section 3.4), whatever its text is.

``email.utils.getaddresses`` is not used: it calls itself for each parenthesis, so that
a few thousand of them end in an exception, and its answers to broken fields change with
the release of Python. This reads each character once, and divides where people do:
commas, semicolons, and blanks between two addresses.
"""

import re

from .addresses import BadAddress, canonical

_BLANK = " \t"
_BLANKS = re.compile(r"[ \t]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[(),;<>:]|[^"\\(),;<>:]+|["\\]', re.DOTALL)


def canonical_addresses(text):
    """Yield the addresses in a field in their canonical form, without what is none."""
    for address in read_addresses(text):
        try:
            yield canonical(address)
        except BadAddress:
            continue


def first_address(text):
    """Return the first of :func:`canonical_addresses`, or an empty text."""
    return next(canonical_addresses(text), "")


def read_addresses(text):
    """Yield what stands in a field where addresses stand, in order, without the names.

    It yields text that is no address too, so that the reader can say so.

    :param str text: an unfolded field
    """
    target, is_open, is_given = [], False, False
    for token in (*_without_comments(_TOKEN.findall(text)), ","):
        if token == "<":
            # What stood before is a name.
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
    """Return the tokens that are in no comment; parentheses that do not match are text."""
    kept, depth = [], 0
    for token in tokens:
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(token)
    # A comment without an end must not hide the recipients that follow it.
    return kept if not depth else [token for token in tokens if token not in ("(", ")")]


def _bare(text):
    """Yield the addresses of an element without angle brackets."""
    words = _BLANKS.split(text)
    found = [word for word in words if "@" in word]
    if not found or text.lstrip(_BLANK).startswith('"') and '"@' in text:
        # Not an address at all, or one with blanks in quotes.
        found = [text.strip(_BLANK)]
    yield from filter(None, found)

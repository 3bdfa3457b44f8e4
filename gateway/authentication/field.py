"""Read an Authentication-Results field (RFC 8601 section 2.2), in the spellings in use.

The library ``authres`` is not used: it rejects every field of Microsoft 365 (which starts without
an authserv-id), a semicolon at the end, addresses in angle brackets and 8-bit characters, and a
thousand parentheses cause a RecursionError. This parser reads each character once, and ignores
what it does not understand.
"""

import re
from typing import NamedTuple

from .results import Result

LONGEST_FIELD = 16_000
LONGEST_COMMENT = 300
MOST_RESULTS = 100

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[();=]|[ \t\r\n]+|[^ \t\r\n"\\();=]+|["\\]', re.DOTALL)
_IN_COMMENT = re.compile(r"\\.|[()]|[^\\()]+|\\", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# A method may carry a version, as in "dkim/1=pass" (RFC 8601 section 2.2).
_METHOD = re.compile(r"([a-z0-9][a-z0-9_-]*)(?:/1)?", re.IGNORECASE)
_KNOWN_VERSIONS = ("", "1")


class Field(NamedTuple):
    """One Authentication-Results field.

    :param authserv_id: the server that wrote it, lower case; ``""`` if missing
    :param results: in the order of the field
    """

    authserv_id: str
    results: tuple[Result, ...]


class _Word(NamedTuple):
    """A token; ``is_text`` if quoted or in a comment, where separators do not count."""

    text: str
    is_text: bool


_SEMICOLON = _Word(";", False)
_EQUALS = _Word("=", False)
_BLANK = _Word(" ", False)


def read_field(value: str) -> Field:
    """Return the :class:`Field` of a value, whatever it contains.

    :param value: the field value, folded or not
    """
    words, comments, is_sound = _divide(value[:LONGEST_FIELD])
    clauses = list(zip(_clauses(words), _clauses(comments), strict=True))
    authserv_id, version, has_id = _authserv_id(clauses[0][0])
    if version not in _KNOWN_VERSIONS:
        return Field(authserv_id, ())
    results = (_result(*clause) for clause in clauses[has_id:][:MOST_RESULTS])
    return Field(
        authserv_id,
        tuple(
            # If comments or quotes do not close, part of the field may come from the sender.
            result
            for result in results
            if result and (is_sound or result.result != "pass")
        ),
    )


def _divide(value):
    """Return ``(words, comments, whether all comments and quotes close)``.

    Both lists keep the semicolons between the clauses.
    """
    words, comments, depth, is_sound = [], [], 0, True
    for token in _tokens(value):
        if token == "(":
            depth += 1
            comments.append(_BLANK)
        elif token == ")":
            is_sound &= depth > 0
            depth = max(depth - 1, 0)
        elif depth:
            comments.append(_Word(token, True))
        else:
            is_sound &= token not in ('"', "\\")
            words.append(_word(token))
            comments += [_SEMICOLON] if token == ";" else []
    if depth:
        # Text after an unclosed comment must not hide a failure.
        words = [_word(token) for token in _TOKEN.findall(value) if token not in ("(", ")")]
        return words, [word for word in words if word == _SEMICOLON], False
    return words, comments, is_sound


def _tokens(value):
    """Yield the tokens; in a comment, quotes are ordinary characters (RFC 5322 section 3.2.2)."""
    position, depth = 0, 0
    while position < len(value):
        token = (_IN_COMMENT if depth else _TOKEN).match(value, position)[0]
        depth = max(depth + {"(": 1, ")": -1}.get(token, 0), 0)
        position += len(token)
        yield token


def _word(token):
    if token[0] == '"' and len(token) > 1:
        return _Word(_ESCAPED.sub(r"\1", token[1:-1]), True)
    return _Word(token, False)


def _clauses(words):
    """Split words at the semicolons."""
    clauses = [[]]
    for word in words:
        if word == _SEMICOLON:
            clauses.append([])
        else:
            clauses[-1].append(word)
    return clauses


def _authserv_id(clause):
    """Return ``(authserv-id, its version, whether the clause is one)``."""
    if _EQUALS in clause:
        return "", "", False
    name, _blank, version = "".join(word.text for word in clause).strip().partition(" ")
    return name.lower().rstrip("."), version.strip(), True


def _result(clause, comments):
    """Return the :class:`~.results.Result` of a clause, or None."""
    pairs = _pairs(clause)
    method = _METHOD.fullmatch(pairs[0][0]) if pairs else None
    if not method:
        return None
    properties = {}
    for name, value in pairs[1:]:
        properties.setdefault(name.lower(), value)
    comment = " ".join("".join(word.text for word in comments).split())[:LONGEST_COMMENT]
    return Result(method[1].lower(), pairs[0][1].lower(), properties, comment)


def _pairs(clause):
    """Return the ``(name, value)`` pairs of a clause; ignore words without a value."""
    pairs, name, value = [], "", None
    for word, is_text in [*clause, _BLANK]:
        is_blank = not is_text and word.isspace()
        if is_blank and value:
            pairs.append((name, "".join(value)))
            name, value = "", None
        elif word == "=" and not is_text and value is None:
            value = [] if name else None
        elif value is not None and not is_blank:
            value.append(word)
        elif not is_blank:
            name = name + word if word == "/" or name.endswith("/") else word
    return pairs

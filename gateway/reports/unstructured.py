"""Bounces that follow no RFC: addresses in a text written for people.

The text alone is not evidence, since people quote bounces. So it is read only in messages from a
mail server (``mailers``). Machine-readable fields in the text come first, as in a report that
lost its parts in transit, then the table of ``dialects``. For anything not in the table,
``heuristics`` asks a library, and ``wording`` looks for what all bounces have in common.
"""

import re
from itertools import islice

from ..address_list import first_address, read_addresses
from ..envelope import decode_octets
from . import heuristics, wording
from .delivery_status import HARD, SOFT, RecipientStatus, find_status, read_fields_in_text
from .dialects import CLOSING, DIALECTS, SOFT_WORDS
from .fields import printable
from .mailers import FAILED_RECIPIENTS, is_bounce, tells_of_arrival
from .parts import Part

MOST_LINES = 400
LONGEST_LINE = 500
MOST_RECIPIENTS = 100
# The server's text about a recipient is in the lines below the address.
MOST_LINES_OF_DIAGNOSTIC = 8


def read_failed_recipients(mail: Part) -> tuple[str, ...]:
    """Return the addresses in the field in which Exim and Gmail name them."""
    values = mail.fields.get(FAILED_RECIPIENTS, ())
    addresses = (
        first_address(address)
        for value in values[:MOST_RECIPIENTS]
        for address in islice(read_addresses(decode_octets(value)), MOST_RECIPIENTS)
    )
    return tuple(dict.fromkeys(filter(None, addresses)))[:MOST_RECIPIENTS]


def read_bounce(mail: Part, text: str, returned: Part | None = None) -> tuple[RecipientStatus, ...]:
    """Return the :class:`RecipientStatus` in a text, each address once.

    :param mail: the message
    :param text: its text, as displayed
    :param returned: the header of the returned message, or None
    """
    lines, below = _divided([line[:LONGEST_LINE] for line in text.split("\n")[:MOST_LINES]])
    if tells_of_arrival(mail, lines):
        return ()
    stated = read_fields_in_text(lines)
    if stated:
        return stated
    is_soft = bool(SOFT_WORDS.search(mail.field("subject")) or any(map(SOFT_WORDS.search, lines)))
    named = read_failed_recipients(mail)
    found = next(filter(None, (_read(dialect, lines) for dialect in DIALECTS)), {})
    if named:
        # The field is machine-readable, so it decides the recipients; the text may give the reason.
        said = next(iter(found.values()), _said_by(lines)) if len(named) == 1 else ""
        found = {address: found.get(address, said) for address in named}
    elif not found:
        soft, hard = heuristics.scan(mail, "\n".join(lines + below[:1]))
        is_soft = is_soft or bool(soft)
        found = dict.fromkeys((*soft, *hard), _said_by(lines))
    found = found or _in_words(mail, lines, below, returned)
    return tuple(_recipient(address, said, is_soft) for address, said in found.items())


def _in_words(mail, lines, below, returned):
    """Return ``{address: text about it}`` by the wording common to all bounces."""
    if not is_bounce(mail, lines):
        return {}
    if returned:
        below = [f"{name}: {returned.field(name)}" for name in returned.fields]
    found = wording.find_recipients(mail, lines, below)
    return {
        address: printable(said) if find_status("", said) else _said_by(lines)
        for address, said in found.items()
    }


def _divided(lines):
    """Return the lines of a report, and those of the returned message below them."""
    for number, line in enumerate(lines):
        if CLOSING.search(line):
            return lines[:number], lines[number:]
    return lines, []


def _read(dialect, lines):
    """Return ``{address: text about it}`` by the wording of a dialect."""
    is_open, current, found = False, None, {}
    for line in lines:
        is_open = is_open or bool(dialect.opening.search(line))
        match = dialect.recipient.search(line) if is_open else None
        address = _canonical(match["address"]) if match and match["address"] else ""
        if address and len(found) < MOST_RECIPIENTS:
            current = found.setdefault(address, [])
            line = line[match.end("address") :].lstrip(">\"': ")
        if current is not None and len(current) < MOST_LINES_OF_DIAGNOSTIC and line.strip():
            current.append(line)
    return {address: printable(" ".join(said)) for address, said in found.items()}


def _canonical(address):
    # In text, a word without a dot after its "@" is rarely an address.
    address = address.rstrip(".")
    return first_address(address) if "." in address.rpartition("@")[2] else ""


def _said_by(lines):
    """Return the first line of a text that contains a status code, or ``""``."""
    return next((printable(line) for line in lines if find_status("", line)), "")


def _recipient(address, said, is_soft):
    status = find_status("", said)
    outcome = {"4": SOFT, "5": HARD}.get(status[:1]) or (SOFT if is_soft else HARD)
    return RecipientStatus(
        address=address,
        action="",
        status=status,
        outcome=outcome,
        diagnostic=said,
        remote_mta=_server(said),
        original_recipient="",
    )


_SERVER = re.compile(r"\bhost:? ([a-z0-9.-]{1,255})", re.IGNORECASE)


def _server(said):
    match = _SERVER.search(said)
    return match[1].rstrip(".") if match and "." in match[1] else ""

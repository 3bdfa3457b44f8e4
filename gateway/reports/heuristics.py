"""Bounces in nonstandard formats, read by ``flufl.bounce``, if installed.

It knows some dozens of mail servers, most of them obsolete. Its patterns take quadratic time for
a line, and its detectors also walk through attached messages, so it gets a copy: the texts of the
report, short lines, and the header fields it reads.
"""

from email.message import Message

from ..address_list import first_address
from .fields import LONGEST_SHOWN
from .parts import Part

try:
    from flufl.bounce import all_failures
except ImportError:
    all_failures = None

ABSENT = (
    "The Python library flufl.bounce is not installed, so non-standard bounces of some old mail "
    "servers are not recognised."
)

MOST_LINES = 1000
MOST_ADDRESSES = 100
_HEADER = ("From", "Subject", "X-Mailer", "X-Failed-Recipients")


def is_available() -> bool:
    """Return whether ``flufl.bounce`` is installed; if not, :data:`ABSENT` says what is missing."""
    return all_failures is not None


def scan(mail: Part, text: str) -> tuple[list[str], list[str]]:
    """Return ``(addresses of soft failures, addresses of hard failures)``, canonical, sorted.

    :param mail: the message
    :param text: its text
    """
    if not is_available():
        return [], []
    try:
        failures = all_failures(_copy(mail, text))
    except (ValueError, LookupError, TypeError, AttributeError):
        # Its heuristics may raise, and it does not catch that.
        return [], []
    return tuple(map(_canonical, failures))


def _canonical(addresses):
    found = {first_address(address.decode("ascii", "replace")) for address in addresses}
    return sorted(found - {""})[:MOST_ADDRESSES]


def _copy(mail, text):
    """Return the message in a form its detectors expect: one text, or a multipart."""
    copy = Message()
    copy["Content-Type"] = "multipart/mixed" if mail.is_multipart else "text/plain"
    for name in _HEADER:
        value = mail.field(name.lower())[:LONGEST_SHOWN]
        # One of its detectors raises on a message without a sender.
        if value or name == "From":
            copy[name] = value or "<>"
    lines = text.split("\n")[:MOST_LINES]
    shortened = "\n".join(line[:LONGEST_SHOWN] for line in lines)
    if not mail.is_multipart:
        copy.set_payload(shortened)
        return copy
    notification = Message()
    notification["Content-Type"] = "text/plain"
    notification["Content-Description"] = "Notification"
    notification.set_payload(shortened)
    copy.set_payload([notification])
    return copy

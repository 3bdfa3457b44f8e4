"""Whether two messages with the same Message-Id are copies of one message.

A Message-Id identifies one message (RFC 5322 section 3.6.4), but some programs use one id for many.
Copies of one message agree in sender and subject. Their text may differ: a mailing list adds a
footer. A list may also change

- ``From``, to its own address, if the domain of the author has a DMARC policy (RFC 7960). It then
  names the author in Reply-To or X-Original-From.
- ``Subject``: it adds a tag such as ``[sales]``. Tags that differ on both sides are a difference,
  unless both copies come from lists: ``[Order 1]`` and ``[Order 2]`` are two messages.

Prefixes such as ``Re:`` and ``Fwd:`` do not count. Neither does a word that a filter puts before
the subject, as in ``SPAM: Hello``, if both copies have the same date.

A program that writes for many people (a web form) names each of them in Reply-To. Messages from
one address whose Reply-To differ are different messages, unless a list has sent one of them.

This is not authentication: all of these fields can be forged.
"""

import re
import unicodedata
from datetime import datetime
from typing import NamedTuple

from .address_list import canonical_addresses
from .envelope import LONGEST_TEXT, decode_field, parse_date, read_fields

# No list names more authors.
MOST_AUTHORS = 20
_LIST_FIELDS = ("list-id", "list-post", "mailing-list", "x-mailing-list", "x-beenthere")
_ORIGINAL_SENDER = ("x-original-from", "x-original-sender")
# What programs put before a subject: English, German, Nordic, Dutch, Latin, Slavic, Turkish, CJK.
_PREFIX = re.compile(
    r"(?:re|fwd?|aw|wg|antw(?:ort)?|sv|vs|vb|vl|doorst|ref|rv|tr|r|i|rif|enc|res|odp|pd|ynt|ilt"
    r"|回复|转发|回覆|轉寄|返信|転送)"
    r" ?(?:\[\d{1,3}\]|\(\d{1,3}\)|\d{1,3})? ?[:：]"
)
_TAG = re.compile(r"\[([^\[\]]*)\]|\*{2,5}([^*]+)\*{2,5}")


class Headline(NamedTuple):
    """What two messages with the same Message-Id are compared by.

    :param sender: canonical address in From, empty if there is none
    :param reply_to: canonical addresses in Reply-To
    :param original: canonical addresses that a list names as the author
    :param subject: decoded
    :param date: naive UTC, or None
    :param is_list: whether a list has sent it
    """

    sender: str
    reply_to: frozenset[str] = frozenset()
    original: frozenset[str] = frozenset()
    subject: str = ""
    date: datetime | None = None
    is_list: bool = False

    @property
    def authors(self) -> frozenset[str]:
        """The addresses that the message names as its author or for replies to the author."""
        return self.reply_to | self.original


def read_headline(header: bytes) -> Headline:
    """Return the :class:`Headline` of a message, whatever its header.

    :param header: the header block
    """
    fields = read_fields(header, str)
    return Headline(
        sender=next(iter(_addresses(fields, "from")), ""),
        reply_to=frozenset(_addresses(fields, "reply-to")),
        original=frozenset(
            address for name in _ORIGINAL_SENDER for address in _addresses(fields, name)
        ),
        subject=decode_field(next(iter(fields.get("subject", ())), ""))[:LONGEST_TEXT],
        date=parse_date(decode_field(next(iter(fields.get("date", ())), ""))),
        is_list=any(name in fields for name in _LIST_FIELDS),
    )


def known_headline(sender: str, subject: str, date: datetime | None) -> Headline:
    """Return the :class:`Headline` of a message whose header is not there any more.

    :param sender: text with its address
    :param subject: decoded
    :param date: naive UTC, or None
    """
    found = next(canonical_addresses(sender or ""), "")
    return Headline(sender=found, subject=(subject or "")[:LONGEST_TEXT], date=date)


def is_copy(one: Headline, other: Headline) -> bool:
    """Return whether two messages with the same Message-Id agree in sender and subject."""
    return _have_same_sender(one, other) and _have_same_subject(one, other)


def have_same_date(one: Headline, other: Headline) -> bool:
    """Return whether two messages were written at the same time, as far as it is known."""
    return None in (one.date, other.date) or one.date == other.date


# --- Sender -------------------------------------------------------------------------


def _have_same_sender(one, other):
    if one.sender == other.sender:
        is_of_list = one.is_list or other.is_list
        return (
            is_of_list
            or not (one.reply_to and other.reply_to)
            or bool(one.reply_to & other.reply_to)
        )
    if one.sender in other.authors or other.sender in one.authors:
        return True
    # Two lists have each written their own address.
    return one.is_list and other.is_list and bool(one.authors & other.authors)


def _addresses(fields, name):
    found = []
    for value in fields.get(name, ()):
        for address in canonical_addresses(decode_field(value)):
            if len(found) == MOST_AUTHORS:
                return found
            found.append(address)
    return found


# --- Subject ------------------------------------------------------------------------


def _have_same_subject(one, other):
    text, tags = _bare(one.subject)
    other_text, other_tags = _bare(other.subject)
    if text == other_text:
        return tags <= other_tags or other_tags <= tags or (one.is_list and other.is_list)
    # A filter has put a word before the subject of one copy.
    is_same_date = one.date is not None and one.date == other.date
    shorter, longer = sorted((text, other_text), key=len)
    return is_same_date and bool(shorter) and longer.endswith(shorter)


def _bare(subject):
    """Return ``(subject without tags and prefixes, set of tags)``, for comparing."""
    text = " ".join(unicodedata.normalize("NFKC", subject).casefold().split())
    tags, position = set(), 0
    while found := _TAG.match(text, position) or _PREFIX.match(text, position):
        if found.re is _TAG:
            tags.add((found[1] or found[2] or "").strip())
        position = found.end()
        while text.startswith(" ", position):
            position += 1
    rest = text[position:]
    # A subject that has nothing else is its tags.
    return (rest, frozenset(tags)) if rest else (text, frozenset())

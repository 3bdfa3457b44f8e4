"""How many hops a message has passed, and whether it is in a mail loop.

A loop is:

- **Too many hops.** Each server adds a ``Received`` field (RFC 5321 section 4.4), and a program
  that delivers or forwards may add ``Delivered-To``. RFC 5321 section 6.3 lets servers limit
  their number; the limit of Postfix, 50 (``hopcount_limit``), is also used here.
- **Our own notices, twice.** A program replied to one of our notices, received another, and
  replied to that as well: the message refers to two of them. A person who writes again after an
  error notice refers to one.

Not a loop:

- A repeated ``Delivered-To`` address. Postfix and qmail reject a message with the address they
  are about to add, as each of them adds it once. Seen from outside it shows nothing: a server,
  the program it delivers to and the one that fetches from that mailbox may each add the same
  address. A real loop reaches the limit anyway.
- Any number of our Message-Ids in ``References``, even in automatic mail. They are the only trace
  of ours on an ordinary message. Odoo writes the ids of earlier messages of the record into
  ``References``, so even the first reply and the first out-of-office message quote several.
- Our own host in ``Received``. If the database runs on its mail server, every message has it. And
  what Odoo sends is a new message, so no earlier hop is ever visible in it.
- Our own Message-Id as the Message-Id: this is our message, redirected or sent to another alias.
  The key of the message shows whether it was here before.

Not done here: counting messages. The number of messages from a sender is read from the database.
"""

import re
from typing import NamedTuple

from .envelope import read_fields

MOST_HOPS = 50
MOST_ANSWERS = 1

# As Odoo matches them (mail_header_msgid_re).
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_BLANKS = re.compile(r"\s+")


class Hops(NamedTuple):
    """What the header of a message counts.

    :param received: number of Received fields
    :param delivered_to: number of Delivered-To fields
    :param own_answers: our notices that it refers to, without duplicates
    """

    received: int
    delivered_to: int
    own_answers: int


class Loop(NamedTuple):
    """Why a message counts as being in a loop.

    :param reason: ``too_many_received``, ``too_many_delivered_to`` or ``own_answers``
    :param count: the number found
    :param most: the number allowed
    """

    reason: str
    count: int
    most: int


def count_hops(header: bytes, answer_suffix: str = "") -> Hops:
    """Return the :class:`Hops` of a message, whatever its header.

    :param header: the header block
    :param answer_suffix: suffix of the ids in the References of our notices, with the host of
        this database and without brackets: Odoo ends them in
        ``-loop-detection-bounce-email@host``. Without it, notices are not counted.
    """
    fields = read_fields(header, str)
    references = fields.get("references", []) + fields.get("in-reply-to", [])
    return Hops(
        received=len(fields.get("received", ())),
        delivered_to=len(fields.get("delivered-to", ())),
        own_answers=len(_answers(references, answer_suffix)) if answer_suffix else 0,
    )


def _answers(references, suffix):
    """Return the ids with this suffix, without duplicates."""
    # Some programs fold a long id in the middle (unfold_references of core).
    ids = (_BLANKS.sub("", found) for text in references for found in _MESSAGE_ID.findall(text))
    return {message_id for message_id in ids if message_id.endswith(suffix)}


def loop_reason(hops: Hops, most_hops: int = MOST_HOPS) -> Loop | None:
    """Return the :class:`Loop` that these :class:`Hops` show, or None.

    :param most_hops: maximum number of Received or Delivered-To fields
    """
    for reason, count, most in (
        ("own_answers", hops.own_answers, MOST_ANSWERS),
        ("too_many_received", hops.received, most_hops),
        ("too_many_delivered_to", hops.delivered_to, most_hops),
    ):
        if count > most:
            return Loop(reason, count, most)
    return None

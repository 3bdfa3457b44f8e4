"""How far a mail has come, and whether it goes in circles.

What is a loop:

- **Too many hops.** Each server adds a ``Received`` field (RFC 5321 section 4.4), and a
  program that delivers or forwards may add ``Delivered-To``. RFC 5321 section 6.3 lets
  servers stop at a number of them; Postfix does at 50 (``hopcount_limit``), and so it is here.
- **Our own answers, twice.** A program answered an answer of ours, got another, and answered
  that as well: the mail refers to two of them. A person who writes again after one error
  notice refers to one.

What is not:

- The same ``Delivered-To`` address again. Postfix and qmail refuse a mail that has the
  address they are about to add, for each of them adds it once. Seen from outside it proves
  nothing: a server, the program it delivers by and the one that fetches from that mailbox
  may each add the same address. A true loop comes to the limit all the same.
- Our own Message-Ids in ``References``, however many, in automatic mail too. They are the
  only trace of ours on ordinary mail, which carries no header field of our own. Odoo writes
  the ids of earlier messages of the record into ``References``, so that the first reply and
  the first out of office message quote several already.
- Our own host in ``Received``. Where the database runs beside its mail server, every mail has
  it. And what Odoo sends is a new mail, so that no hop before Odoo is ever seen behind it.
- Our own Message-Id as the Message-Id: that is our mail, redirected, or sent to another
  alias. Whether it has been here before, the key of the mail tells.

What this does not do: count mails. How many came from a sender is a question for the
database.
"""

import re
from typing import NamedTuple

from .envelope import read_fields

MOST_HOPS = 50
MOST_ANSWERS = 1

# As Odoo reads them (mail_header_msgid_re).
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_BLANKS = re.compile(r"\s+")


class Hops(NamedTuple):
    """What the header of a mail counts.

    :param received: its Received fields
    :param delivered_to: its Delivered-To fields
    :param own_answers: the automatic answers of ours that it refers to, each once
    """

    received: int
    delivered_to: int
    own_answers: int


class Loop(NamedTuple):
    """Why a mail is taken to go in circles.

    :param reason: ``too_many_received``, ``too_many_delivered_to`` or ``own_answers``
    :param count: how many there are
    :param most: how many there may be
    """

    reason: str
    count: int
    most: int


def count_hops(header, answer_suffix=""):
    """Return the :class:`Hops` of a mail, whatever its header is.

    :param bytes header: the header block
    :param str answer_suffix: how the ids end that stand in the References of our answers, with
        the host of this database and without brackets: Odoo ends them in
        ``-loop-detection-bounce-email@host``. Without one, answers are not counted.
    """
    fields = read_fields(header, str)
    references = fields.get("references", []) + fields.get("in-reply-to", [])
    return Hops(
        received=len(fields.get("received", ())),
        delivered_to=len(fields.get("delivered-to", ())),
        own_answers=len(_answers(references, answer_suffix)) if answer_suffix else 0,
    )


def _answers(references, suffix):
    """Return the ids with this ending, each once."""
    # Some programs fold a long id in its middle (unfold_references of core).
    ids = (_BLANKS.sub("", found) for text in references for found in _MESSAGE_ID.findall(text))
    return {message_id for message_id in ids if message_id.endswith(suffix)}


def loop_reason(hops, most_hops=MOST_HOPS):
    """Return the :class:`Loop` that these :class:`Hops` show, or None.

    :param int most_hops: how many Received, or Delivered-To, a mail may have
    """
    for reason, count, most in (
        ("own_answers", hops.own_answers, MOST_ANSWERS),
        ("too_many_received", hops.received, most_hops),
        ("too_many_delivered_to", hops.delivered_to, most_hops),
    ):
        if count > most:
            return Loop(reason, count, most)
    return None

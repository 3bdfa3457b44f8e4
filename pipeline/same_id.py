"""Messages that have the Message-Id of another message, of the log or of Odoo.

Copies of one message share its key, by which each target gets it once. A message that only has the
same Message-Id gets a key of its own, so that neither takes the place of the other; the rule
``shared_message_id`` decides what happens where the other one was delivered.

This is decided at each attempt and not when a message is stored: which of two messages is delivered
first is only known then.
"""

from itertools import islice

from odoo import models

from ..gateway import fingerprint, states
from ..gateway.same_message import (
    Headline,
    have_same_date,
    is_copy,
    known_headline,
    read_headline,
)
from ..policy.settings import OTHER_CONTENT
from .attempt import ANYWHERE

# One message has a delivery for each target. The headers of at most so many messages are compared:
# a message that is a copy of none of these counts as another one.
MOST_DELIVERIES, MOST_COMPARED = 100, 10
# Of the messages that have claimed a target of this one, in the order in which they arrived.
OF_THE_SAME_KEY = """
    SELECT other.id, other.digest, other.email_from, other.subject, other.date,
        delivery.target, delivery.state
    FROM mail_postmaster_delivery AS delivery
    JOIN mail_postmaster_message AS other ON other.id = delivery.mail_id
    WHERE delivery.mail_key = %s AND other.id <> %s
    ORDER BY delivery.id LIMIT %s
"""


def told_apart(env, row: dict, raw: bytes) -> tuple[str, dict[str, str]]:
    """Return the key of a message, and where another message with its Message-Id was delivered.

    :param row: id, mail_key and digest of a message of the log
    :param raw: the message
    :return: ``(key, {target: sender of the other message})``
    """
    env.cr.execute(OF_THE_SAME_KEY, [row["mail_key"], row["id"], MOST_DELIVERIES])
    others = env.cr.dictfetchall()
    if not others or any(other["digest"] == row["digest"] for other in others):
        return row["mail_key"], {}
    mine = read_headline(fingerprint.split_header(raw)[0])
    by_id = {other["id"]: other for other in others}
    for other in islice(by_id.values(), MOST_COMPARED):
        if not _is_another(env, mine, _headline_of(env, other)):
            return row["mail_key"], {}
    return fingerprint.mail_key(row["mail_key"], row["digest"], with_content=True), {
        other["target"]: other["email_from"] or ""
        for other in others
        if other["state"] == states.DELIVERED
    }


def told_apart_from(env, header: bytes, original: models.BaseModel) -> dict[str, str]:
    """Return the same for a ``mail.message`` that is in no delivery; empty for a copy of it.

    It was received before the addon was installed, or the log has been cleaned since then.
    """
    theirs = known_headline(original.email_from, original.subject, original.date)
    if not _is_another(env, read_headline(header), theirs):
        return {}
    return {ANYWHERE: original.email_from or ""}


def _is_another(env, mine, theirs):
    if not is_copy(mine, theirs):
        return True
    # A program that uses one id for all its messages often uses one subject too.
    policy = env["mail.postmaster.policy"]._in_force().choice(OTHER_CONTENT)
    return policy == "deliver" and not have_same_date(mine, theirs)


def _headline_of(env, other) -> Headline:
    """Return the :class:`Headline` of a message of the log: of its header, if it is still there."""
    raw = env["mail.postmaster.raw"]._read_content(other["id"], fingerprint.LONGEST_HEADER)
    if raw is None:
        return known_headline(other["email_from"], other["subject"], other["date"])
    return read_headline(fingerprint.split_header(raw)[0])

import logging
import re
import time

import psycopg2

from odoo import api, models

from ..gateway import envelope, fingerprint
from ..policy.settings import HELD_MEGABYTES, HELD_SENDER_MEGABYTES
from . import work  # noqa: F401  what is extended here
from .submission import IMPORTED
from .waiting import OPEN_CONTENT

_logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000
# Messages up to this size are stored whatever their sender has sent before, which is easily forged.
SMALL = 256_000
# How long the sum of all is believed; it is read from an index with an entry for each message.
FRESH_SECONDS = 30
# The share of a limit at which the responsible user is told.
ALARM = 0.8

HELD = f"SELECT COALESCE(sum(size::bigint), 0) FROM mail_postmaster_message WHERE {OPEN_CONTENT}"  # noqa: S608  made of constants
# Few rows: small messages are not counted for a sender.
HELD_BY = f"""
    SELECT email_normalized, sum(size::bigint) FROM mail_postmaster_message
    WHERE {OPEN_CONTENT} AND email_normalized = ANY(%s) AND size > {SMALL} GROUP BY email_normalized
"""  # noqa: S608  made of constants

# As the transport has written it.
_NULL_SENDER = re.compile(rb"return-path:[ \t]*<>", re.IGNORECASE)
# {database: (moment, bytes)}
_totals = {}


class NoRoom(psycopg2.errors.DiskFull):
    """A message was not stored, because there are too many that wait or need attention.

    For transports it is a full disk: they ask the mail server to try again later.
    """


class MailPostmasterRoom(models.AbstractModel):
    """How much content may wait or be held for review, in all and by one sender.

    Nothing else bounds it: retention leaves alone what was not handled. A message for which
    there is no room is not stored, so it stays where it is: with the mail server, or in its
    mailbox. What was stored is never removed for it.
    """

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _without_room(self, submissions):
        """Return ``{position: parameter of the limit}`` of the messages not to be stored now.

        :param submissions: the :class:`Submission` of each message
        """
        sizes = [
            0 if mail.whole_size is not None or mail.source == IMPORTED else len(mail.raw)
            for mail in submissions
        ]
        policies = self.env["mail.postmaster.policy"]._in_force()
        most = policies.number(HELD_MEGABYTES) * MEGABYTE
        most_of_sender = policies.number(HELD_SENDER_MEGABYTES) * MEGABYTE
        total = self._held()
        senders = {
            position: _sender_of(submissions[position].raw)
            for position, size in enumerate(sizes)
            if size > SMALL
        }
        of_sender = self._held_by(set(filter(None, senders.values())))
        found = {}
        for position, size in enumerate(sizes):
            sender = senders.get(position)
            if size and total + size > most:
                found[position] = HELD_MEGABYTES
            elif sender and of_sender.get(sender, 0) + size > most_of_sender:
                found[position] = HELD_SENDER_MEGABYTES
            else:
                total += size
                of_sender[sender] = of_sender.get(sender, 0) + size
        self._remember_held(total)
        known = self._known_among(submissions, found)
        return {position: key for position, key in found.items() if position not in known}

    @api.model
    def _check_room(self, submission):
        """Refuse a message for which there is no room.

        :raises NoRoom: naming the limit
        """
        for key in self._without_room([submission]).values():
            raise self._no_room(key)

    @api.model
    def _no_room(self, key):
        """Return the error for a message above a limit, and log it."""
        text = f"There is no room for a message: what waits or needs attention is limited by {key}."
        _logger.warning("%s", text)
        return NoRoom(text)

    @api.model
    def _scarce_room(self, sender, size):
        """Return ``(parameter, percent)`` of the limit that a message nearly reaches, or None.

        :param sender: normalized address, or None
        :param int size: of the message, in bytes
        """
        policies = self.env["mail.postmaster.policy"]._in_force()
        senders = {sender} if sender and size > SMALL else ()
        for key, held in (
            (HELD_MEGABYTES, self._held()),
            (HELD_SENDER_MEGABYTES, self._held_by(senders).get(sender, 0)),
        ):
            share = held / (policies.number(key) * MEGABYTE)
            if share >= ALARM:
                return key, int(100 * share)
        return None

    # --- what is held -----------------------------------------------------------------

    def _held(self):
        """Return the bytes of all messages that wait or need attention, as of a moment ago."""
        moment, total = _totals.get(self.env.cr.dbname, (None, 0))
        if moment is None or time.monotonic() - moment > FRESH_SECONDS:
            self.env.cr.execute(HELD)
            total = int(self.env.cr.fetchone()[0])
            _totals[self.env.cr.dbname] = time.monotonic(), total
        return total

    def _remember_held(self, total):
        """Count what is about to be stored, until the sum is read again."""
        moment, _total = _totals[self.env.cr.dbname]
        _totals[self.env.cr.dbname] = moment, total

    def _held_by(self, senders):
        """Return ``{sender: bytes}`` of the large messages that wait or need attention."""
        if not senders:
            return {}
        self.env.cr.execute(HELD_BY, [sorted(senders)])
        return {sender: int(held) for sender, held in self.env.cr.fetchall()}

    def _known_among(self, submissions, positions):
        """Return the positions of messages that are stored: they take no room."""
        keys = {
            fingerprint.intake_key(submissions[place].raw, submissions[place].transport_key): place
            for place in positions
        }
        if not keys:
            return set()
        self.env.cr.execute(
            "SELECT intake_key FROM mail_postmaster_message WHERE intake_key = ANY(%s)",
            [list(keys)],
        )
        return {keys[key] for (key,) in self.env.cr.fetchall()}


def _sender_of(raw):
    """Return the sender whose room a message takes; None for the null sender, which has no own."""
    return None if _NULL_SENDER.match(raw) else envelope.read_envelope(raw).sender_address or None

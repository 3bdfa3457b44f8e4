from odoo import api, fields, models

from ...gateway import states
from ...gateway.mailbox.unique_ids import Kept
from . import mail_postmaster_exported  # noqa: F401  what is extended here
from .big_integer import BigInteger

# What is still to be done in the mailbox about a stored message.
MARK = "mark"
MOVE = "move"
# Nothing; a user may fetch it.
FETCH = "fetch"
# POP3: it stays, and is deleted after some days.
LEAVE = "leave"
# POP3: it was there before the addon, and is never deleted.
OLD = "old"


class MailPostmasterPlace(models.Model):
    """The mailbox entry of a stored message, while something is still to be done there.

    A crash between the commit of a message and its mark in the mailbox leaves the row here, so that
    the next fetch completes the work. It is read and written bypassing the ORM, in the transactions
    of the fetcher. It is not a column of the log: other processes do not write to a row of the log
    that is being processed.
    """

    _name = "mail.postmaster.place"
    _description = "Mailbox entry of a received message"
    _inherit = ["mail.postmaster.exported"]
    _log_access = False

    message_id = fields.Many2one(
        "mail.postmaster.message",
        index="btree_not_null",
        ondelete="set null",
    )
    folder_id = fields.Many2one("mail.postmaster.folder", required=True, ondelete="cascade")
    uidvalidity = BigInteger()
    # The UID, or the unique id of POP3.
    number = fields.Char(required=True)
    # POP3: what tells it from others with the same unique id; empty for IMAP.
    digest = fields.Char(required=True, default="")
    todo = fields.Char(required=True)
    since = fields.Datetime(required=True)

    _place_unique = models.UniqueIndex("(folder_id, uidvalidity, number, digest)")

    @api.model
    def _add(self, cr, folder, numbers, message_ids, todo, digests=None):
        """Record mailbox entries.

        :param message_ids: as many as numbers, None for a message that is in no row of the log
        :param todo: what is to be done there, one for each
        :param digests: POP3: see :mod:`gateway.mailbox.unique_ids`
        """
        cr.execute(
            """
            INSERT INTO mail_postmaster_place
                (folder_id, uidvalidity, number, message_id, todo, digest, since)
            SELECT %s, %s, number, message_id, todo, digest, now() AT TIME ZONE 'UTC'
            FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[])
                AS mail (number, message_id, todo, digest)
            ON CONFLICT (folder_id, uidvalidity, number, digest) DO UPDATE SET
                message_id = EXCLUDED.message_id, todo = EXCLUDED.todo
            """,
            [
                folder.id,
                folder.uidvalidity,
                [str(number) for number in numbers],
                message_ids,
                todo,
                digests or [""] * len(numbers),
            ],
        )

    @api.model
    def _numbers(self, cr, folder, *todo):
        """Return the numbers of the messages for which one of these is to be done."""
        cr.execute(
            "SELECT number FROM mail_postmaster_place "
            "WHERE folder_id = %s AND uidvalidity = %s AND todo = ANY(%s)",
            [folder.id, folder.uidvalidity, list(todo)],
        )
        return [number for (number,) in cr.fetchall()]

    @api.model
    def _remove(self, cr, folder, numbers):
        cr.execute(
            "DELETE FROM mail_postmaster_place "
            "WHERE folder_id = %s AND uidvalidity = %s AND number = ANY(%s)",
            [folder.id, folder.uidvalidity, [str(number) for number in numbers]],
        )

    @api.model
    def _kept(self, cr, folder, leave_days, todo):
        """Return the :class:`Kept` of a POP3 mailbox for which one of these is to be done.

        :param int leave_days: days after which stored messages are deleted
        """
        cr.execute(
            """
            SELECT number, digest,
                todo = %s AND since <= now() AT TIME ZONE 'UTC' - %s * interval '1 day',
                todo = %s
            FROM mail_postmaster_place
            WHERE folder_id = %s AND uidvalidity = %s AND todo = ANY(%s)
            """,
            [LEAVE, leave_days, OLD, folder.id, folder.uidvalidity, list(todo)],
        )
        return [Kept(*row) for row in cr.fetchall()]

    @api.model
    def _remove_gone(self, cr, folder, present):
        """Forget messages of a POP3 mailbox that is known to contain only these unique ids."""
        cr.execute(
            "DELETE FROM mail_postmaster_place WHERE folder_id = %s AND uidvalidity = %s "
            "AND todo = ANY(%s) AND number != ALL(%s)",
            [folder.id, folder.uidvalidity, [LEAVE, OLD, FETCH], list(present)],
        )

    @api.model
    def _remove_stored(self, cr, folder, messages):
        """Forget stored messages of a POP3 mailbox.

        :param messages: ``(unique id, digest)`` of each
        """
        cr.execute(
            """
            DELETE FROM mail_postmaster_place AS place
            USING unnest(%s::text[], %s::text[]) AS gone (number, digest)
            WHERE folder_id = %s AND uidvalidity = %s AND todo = %s
                AND place.number = gone.number AND place.digest = gone.digest
            """,
            [*map(list, zip(*messages, strict=True)), folder.id, folder.uidvalidity, LEAVE],
        )

    @api.model
    def _remove_unread(self, cr, folder, unique_ids):
        """Forget entries without a digest, from before there was one: the messages are read now."""
        cr.execute(
            "DELETE FROM mail_postmaster_place WHERE folder_id = %s AND uidvalidity = %s "
            "AND number = ANY(%s) AND todo = %s AND digest = ''",
            [folder.id, folder.uidvalidity, unique_ids, LEAVE],
        )

    @api.model
    def _plan_moves(self, cr, folder, numbers):
        """Record that messages were marked and are to be moved as soon as they are settled."""
        cr.execute(
            "UPDATE mail_postmaster_place SET todo = %s "
            "WHERE folder_id = %s AND uidvalidity = %s AND number = ANY(%s) AND todo = %s",
            [MOVE, folder.id, folder.uidvalidity, [str(number) for number in numbers], MARK],
        )

    @api.model
    def _settled(self, cr, folder):
        """Return ``{state: UIDs}`` of the messages that can be moved."""
        cr.execute(
            """
            SELECT state, array_agg(number::bigint ORDER BY number::bigint)
            FROM mail_postmaster_place AS place
            JOIN mail_postmaster_message AS mail ON mail.id = place.message_id
            WHERE folder_id = %s AND uidvalidity = %s AND todo = %s AND state = ANY(%s)
            GROUP BY state
            """,
            [folder.id, folder.uidvalidity, MOVE, list(states.SETTLED)],
        )
        return dict(cr.fetchall())

    @api.autovacuum
    def _gc_places(self):
        """Forget what was to be done about messages that are no longer in the log."""
        self.env.cr.execute(
            "DELETE FROM mail_postmaster_place WHERE message_id IS NULL AND todo = ANY(%s)",
            [[MARK, MOVE, FETCH]],
        )

from odoo import api, fields, models

from ...gateway import states
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
    todo = fields.Char(required=True)
    since = fields.Datetime(required=True)

    _place_unique = models.UniqueIndex("(folder_id, uidvalidity, number)")

    @api.model
    def _add(self, cr, folder, numbers, message_ids, todo):
        """Record mailbox entries.

        :param message_ids: as many as numbers, None for a message that is in no row of the log
        :param todo: what is to be done there, one for each
        """
        cr.execute(
            """
            INSERT INTO mail_postmaster_place
                (folder_id, uidvalidity, number, message_id, todo, since)
            SELECT %s, %s, number, message_id, todo, now() AT TIME ZONE 'UTC'
            FROM unnest(%s::text[], %s::int[], %s::text[]) AS mail (number, message_id, todo)
            ON CONFLICT (folder_id, uidvalidity, number) DO UPDATE SET
                message_id = EXCLUDED.message_id, todo = EXCLUDED.todo
            """,
            [folder.id, folder.uidvalidity, [str(number) for number in numbers], message_ids, todo],
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

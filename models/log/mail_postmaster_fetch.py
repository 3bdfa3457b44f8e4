"""Manually fetching a message that was left in its mailbox."""

import imaplib
import poplib

from odoo import models
from odoo.exceptions import UserError

from ...gateway import fingerprint
from ...gateway.mailbox.folder import Folder
from ...gateway.mailbox.run import NO_ROOM, TOO_LARGE, UNREADABLE
from ...gateway.mailbox.unique_ids import digest_of
from . import mail_postmaster_message  # noqa: F401  what is extended here
from .mail_postmaster_place import FETCH, LEAVE, MARK


class MailPostmasterMessage(models.Model):
    _inherit = "mail.postmaster.message"

    def _fetch_content(self):
        """Fetch the content of a message that is stored with its header only; else do nothing.

        :raises UserError: if it cannot be fetched
        """
        self.ensure_one()
        if self.raw_kept or self.reason_code not in (TOO_LARGE, UNREADABLE, NO_ROOM):
            return
        # No user has the right to read these records or passwords; the caller has checked access.
        mail = self.sudo()
        self.env.cr.execute(
            """
            SELECT folder.id, folder.name, place.uidvalidity, place.number, place.digest
            FROM mail_postmaster_place AS place
            JOIN mail_postmaster_folder AS folder ON folder.id = place.folder_id
            WHERE message_id = %s AND todo = %s
            """,
            [self.id, FETCH],
        )
        place = self.env.cr.fetchone()
        try:
            raw = place and mail._fetch_from(*place)
        except (OSError, imaplib.IMAP4.error, poplib.error_proto) as error:
            raise UserError(
                self.env._(
                    "The mailbox cannot be read: %s",
                    mail.fetchmail_server_id._error_text(error),
                )
            ) from None
        if not raw:
            raise UserError(
                self.env._(
                    "This message is no longer in its mailbox, or the server does not return it."
                )
            )
        pipeline = self.env["mail.postmaster.pipeline"].sudo()
        joins = pipeline._has_written()
        with pipeline._transaction(joins) as env:
            env[self._name]._keep_content(env.cr, self.id, raw, mail._is_from_imap())
        self.invalidate_recordset()

    def _fetch_from(self, folder_id, name, uidvalidity, number, digest):
        return self.fetchmail_server_id._fetch_one(
            Folder(id=folder_id, name=name),
            uidvalidity,
            int(number) if self._is_from_imap() else number,
            digest,
        )

    def _is_from_imap(self):
        return self.fetchmail_server_id._get_connection_type() == "imap"

    def _keep_content(self, cr, mail_id, raw, is_from_imap):
        """Store the content of a message whose header was stored before.

        The next fetch handles it in the mailbox like any other stored message.
        """
        self.env["mail.postmaster.raw"]._write_contents(cr, [(mail_id, raw)])
        mail_digest = fingerprint.digest(raw)
        cr.execute(
            """
            UPDATE mail_postmaster_message SET
                digest = %(digest)s, size = %(size)s, raw_kept = true,
                mail_key = CASE WHEN COALESCE(message_id, '') = '' THEN %(key)s ELSE mail_key END
            WHERE id = %(id)s;
            -- Another message may turn out to have had the same content.
            DELETE FROM mail_postmaster_place AS place USING mail_postmaster_place AS other
            WHERE place.message_id = %(id)s AND place.todo = %(todo)s AND other.id != place.id
                AND (other.folder_id, other.uidvalidity, other.number, other.digest)
                = (place.folder_id, place.uidvalidity, place.number, %(entry)s);
            UPDATE mail_postmaster_place SET todo = %(next)s, digest = %(entry)s
            WHERE message_id = %(id)s AND todo = %(todo)s
            """,
            {
                "id": mail_id,
                "digest": mail_digest,
                "size": len(raw),
                "todo": FETCH,
                "next": MARK if is_from_imap else LEAVE,
                "entry": "" if is_from_imap else digest_of(raw),
                "key": fingerprint.mail_key("", mail_digest),
            },
        )

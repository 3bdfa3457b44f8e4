from odoo import api, fields, models

from ...gateway.mailbox.folder import Folder
from ...gateway.mailbox.imap import INBOX
from . import mail_postmaster_exported  # noqa: F401  what is extended here
from .big_integer import BigInteger

PERCENT = 100


class MailPostmasterFolder(models.Model):
    """A folder of a mailbox, and how far it was read; see ``gateway/mailbox/folder.py``.

    Only ``fetching/server_run.py`` writes the numbers, in the transaction that stores the messages.
    """

    _name = "mail.postmaster.folder"
    _description = "Folder of an incoming mail server"
    _inherit = ["mail.postmaster.exported"]
    _order = "id"

    server_id = fields.Many2one(
        "fetchmail.server",
        required=True,
        index=True,
        ondelete="cascade",
    )
    name = fields.Char("Folder", required=True, default=INBOX)
    # 0 if the folder was never read.
    uidvalidity = BigInteger(readonly=True)
    next_uid = BigInteger(readonly=True, default=1)
    contact_uid = BigInteger(readonly=True, default=1)
    since = fields.Date("Messages since", readonly=True)
    is_asking = fields.Boolean("Waiting for a choice", readonly=True)
    last_success = fields.Datetime("Last read completely", readonly=True)
    problem = fields.Char(readonly=True)
    # The start of a fetch that has not ended.
    asked_at = fields.Datetime(readonly=True)
    progress = fields.Float("Existing messages", compute="_compute_progress")

    _name_unique = models.UniqueIndex("(server_id, name)")

    @api.depends("next_uid", "contact_uid", "is_asking", "uidvalidity")
    def _compute_progress(self):
        for folder in self:
            behind = max(folder.contact_uid - folder.next_uid, 0)
            folder.progress = (
                PERCENT * (1 - behind / folder.contact_uid)
                if folder.uidvalidity and not folder.is_asking and folder.contact_uid > 1
                else 0
            )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [{**vals, "name": (vals.get("name") or INBOX).strip()} for vals in vals_list]
        )

    def write(self, vals):
        if "name" in vals:
            # The numbers are those of another folder.
            vals = {**vals, **NEVER_READ}
        return super().write(vals)

    @api.model
    def _read_folders(self, cr, server_id):
        """Return the folders of a server as a list of :class:`gateway.mailbox.folder.Folder`.

        A server without any has its INBOX.

        :param cr: a cursor that sees what others have committed
        """
        cr.execute(
            """
            INSERT INTO mail_postmaster_folder
                (server_id, name, uidvalidity, next_uid, contact_uid, create_date)
            SELECT id, %s, 0, 1, 1, now() AT TIME ZONE 'UTC' FROM fetchmail_server
            WHERE id = %s AND NOT EXISTS (
                SELECT 1 FROM mail_postmaster_folder WHERE server_id = fetchmail_server.id
            )
            ON CONFLICT DO NOTHING;
            SELECT id, name, uidvalidity, next_uid, contact_uid, since, is_asking, last_success
            FROM mail_postmaster_folder WHERE server_id = %s ORDER BY id
            """,
            [INBOX, server_id, server_id],
        )
        return [
            Folder(
                id=row["id"],
                name=row["name"],
                uidvalidity=row["uidvalidity"] or None,
                next_uid=row["next_uid"] or 1,
                contact_uid=row["contact_uid"] or 1,
                since=row["since"],
                is_asking=bool(row["is_asking"]),
                last_success=row["last_success"] and row["last_success"].date(),
            )
            for row in cr.dictfetchall()
        ]

    @api.model
    def _write_state(self, cr, folder):
        """Write how far a folder was read."""
        cr.execute(
            """
            UPDATE mail_postmaster_folder SET
                uidvalidity = %s, next_uid = %s, contact_uid = %s, since = %s, is_asking = %s
            WHERE id = %s
            """,
            [
                folder.uidvalidity or 0,
                folder.next_uid,
                folder.contact_uid,
                folder.since,
                folder.is_asking,
                folder.id,
            ],
        )


NEVER_READ = {
    "uidvalidity": 0,
    "next_uid": 1,
    "contact_uid": 1,
    "since": False,
    "is_asking": False,
    "last_success": False,
    "problem": False,
}

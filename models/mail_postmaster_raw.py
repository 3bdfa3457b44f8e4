from odoo import fields, models


class MailPostmasterRaw(models.Model):
    """The bytes of received mails, one row a mail.

    Read and written with plain SQL: a binary field of the ORM would decode base64, and
    write the whole mail into the server's log when a statement fails.
    """

    _name = "mail.postmaster.raw"
    _description = "Received mail, raw"
    _log_access = False

    message_id = fields.Many2one("mail.postmaster.message", required=True, ondelete="cascade")

    _message_unique = models.UniqueIndex("(message_id)")

    def init(self):
        # Not compressed (EXTERNAL): mail is mostly base64, which compresses badly and slowly.
        self.env.cr.execute("""
            ALTER TABLE mail_postmaster_raw ADD COLUMN IF NOT EXISTS content bytea NOT NULL;
            ALTER TABLE mail_postmaster_raw ALTER COLUMN content SET STORAGE EXTERNAL;
        """)

    def _read_content(self, mail_id):
        """Return the bytes of a mail, or None when they were removed.

        :param int mail_id: id of the ``mail.postmaster.message``
        """
        self.env.cr.execute(
            "SELECT content FROM mail_postmaster_raw WHERE message_id = %s",
            [mail_id],
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        return bytes(row[0]) if row else None

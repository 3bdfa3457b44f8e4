from odoo import models

from ..gateway.retries import wait_for_server

# The context key by which core marks its own loop.
CORES_LOOP = "fetchmail_cron_running"


class FetchmailServer(models.Model):
    """Fetches that have begun and never ended, because their process was killed.

    Core records a fetch when it ends (``_fetch_mail`` of 19.0). A server at which each run is
    killed would be the first one in the next run too, and would be shown as working.
    """

    _inherit = "fetchmail.server"

    def _note_start(self, fetching):
        """Record, before connecting, that a fetch begins.

        It is recorded at the folders: the fetcher has locked the row of the server until the end.
        """
        self.ensure_one()
        folders = self.env["mail.postmaster.folder"]
        with self.env["mail.postmaster.pipeline"]._short_transaction(joins=False) as cr:
            folders._read_folders(cr, self.id)
            # In whole seconds, like the moments that it is compared with.
            cr.execute(
                """
                UPDATE mail_postmaster_folder
                SET asked_at = date_trunc('second', now() AT TIME ZONE 'UTC')
                WHERE server_id = %s
                """,
                [self.id],
            )
        fetching.is_noted = True

    def _note_end(self, fetching):
        """Record that a fetch has ended, with whatever outcome, if its start was recorded."""
        if not fetching.is_noted:
            return
        fetching.is_noted = False
        with self.env["mail.postmaster.pipeline"]._short_transaction(joins=False) as cr:
            cr.execute(
                "UPDATE mail_postmaster_folder SET asked_at = NULL WHERE server_id = %s",
                [self.id],
            )

    def _note_interrupted(self):
        """Record fetches whose process was killed as failures; those in progress are locked.

        Core commits before it contacts the first server (``_fetch_mail`` of 19.0).
        """
        self.env.cr.execute(
            """
            SELECT id, (
                SELECT max(asked_at) FROM mail_postmaster_folder WHERE server_id = server.id
            ) FROM fetchmail_server AS server
            WHERE id = ANY(%s) AND EXISTS (
                SELECT FROM mail_postmaster_folder
                WHERE server_id = server.id AND asked_at IS NOT NULL
            )
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            [self.ids],
        )
        for server_id, asked_at in self.env.cr.fetchall():
            self.browse(server_id)._record_interruption(asked_at)

    def _record_interruption(self, asked_at):
        """Record that a fetch which began at a moment never ended."""
        failures = self.failures + 1
        # The context: core would also enable or disable its scheduled action.
        self.with_context(**{CORES_LOOP: True}).write(
            {
                "date": asked_at,
                "failures": failures,
                "failing_since": self.failing_since or asked_at,
                "next_fetch": asked_at + wait_for_server(failures),
                "error_date": self.error_date or asked_at,
                "error_message": self.env._("The last fetch was stopped before it ended."),
            }
        )
        self.env.cr.execute(
            "UPDATE mail_postmaster_folder SET asked_at = NULL WHERE server_id = %s", [self.id]
        )

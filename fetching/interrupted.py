from odoo import models

from ..gateway.retries import wait_for_server
from ..pipeline.cursor_session import FRESH, CursorSession

# The context key by which core marks its own loop.
CORES_LOOP = "fetchmail_cron_running"


class FetchmailServer(models.Model):
    """Fetches that have begun and never ended, because their process was killed.

    Core records a fetch when it ends (``_fetch_mail`` of 19.0). A server at which each run is
    killed would be the first one in the next run too, and would be shown as working.
    """

    _inherit = "fetchmail.server"

    def _own_transaction(self):
        """Yield a cursor of its own.

        It is not the one of the messages in hand, which stays open between them: in tests, cursors
        must be closed in the reverse order in which they were opened.
        """
        return CursorSession().transaction(self.env.registry, FRESH)

    def _note_start(self):
        """Record, before connecting, that a fetch begins.

        It is recorded at the folders: the fetcher has locked the row of the server until the end.
        """
        self.ensure_one()
        folders = self.env["mail.postmaster.folder"]
        with self._own_transaction() as cr:
            folders._read_folders(cr, self.id)
            cr.execute(
                "UPDATE mail_postmaster_folder SET asked_at = now() AT TIME ZONE 'UTC' "
                "WHERE server_id = %s",
                [self.id],
            )

    def _note_end(self):
        """Record that a fetch has ended, with whatever outcome."""
        with self._own_transaction() as cr:
            cr.execute(
                "UPDATE mail_postmaster_folder SET asked_at = NULL WHERE server_id = %s",
                [self.id],
            )

    def _note_interrupted(self):
        """Record fetches whose process was killed as failures; those in progress are locked.

        :return: when these servers are to be asked again, by id; the caller's transaction may not
            see it yet
        """
        with self._own_transaction() as cr:
            servers = self.with_env(self.env(cr=cr))
            cr.execute(
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
            interrupted = servers.browse()
            for server_id, asked_at in cr.fetchall():
                server = servers.browse(server_id)
                server._record_interruption(asked_at)
                interrupted |= server
            servers.env.flush_all()
            return {server.id: server.next_fetch for server in interrupted}

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

import datetime
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_datetime

from ..context_keys import CURSOR_SESSION, FETCH_RUN
from ..gateway.mailbox import mailbox_class
from ..gateway.mailbox.folder import ALL, DATE, NOW
from ..gateway.mailbox.outage import UNASKED
from ..gateway.retries import wait_for_server
from ..models.log.mail_postmaster_folder import NEVER_READ
from ..pipeline.cursor_session import CursorSession
from ..policy.settings import OURS
from .interrupted import CORES_LOOP
from .server_run import BY_NUMBER, SHARE, Fetching, ServerRun

_logger = logging.getLogger(__name__)

UNSEEN = "unseen"
# Core fetches 50 messages and leaves the rest to the next run. Here a fetch ends after a time,
# and one commit stores a batch.
MOST_MAILS = 1000
# The seconds that each of several servers has before the next one has its turn.
TIME_SHARE = 10
LONGEST_LEAVE_DAYS = 3650
NEVER = datetime.datetime.min


class FetchmailServer(models.Model):
    """Which messages are new, in which folders, when a server is read, and with what outcome.

    Core's loop over servers and messages stays (``_fetch_mail`` of 19.0). It gets its servers in a
    different order, and connections that fetch and store many messages at once.
    """

    _inherit = "fetchmail.server"

    new_mail = fields.Selection(
        [
            (UNSEEN, "Unread messages, as in Odoo"),
            (BY_NUMBER, "Messages not fetched before (by UID)"),
        ],
        "Which messages are new",
        required=True,
        default=lambda self: self._default_new_mail(),
        help="Unread: a message read in webmail is not fetched, POP3 mailboxes are emptied, and a "
        "server that has been failing for five days is deactivated. Not fetched before: "
        "messages are recognised by the numbers the server assigns, whatever their flags, and "
        "a server that fails is retried at increasing intervals.",
    )
    start_from = fields.Selection(
        [
            (NOW, "Messages received after the first connection"),
            (DATE, "Messages since a date"),
            (ALL, "All messages"),
        ],
        "Existing messages",
        help="How to handle messages that are already in the mailbox.",
    )
    start_date = fields.Date("Messages since")
    folder_ids = fields.One2many("mail.postmaster.folder", "server_id", "Folders to read")
    delivered_folder = fields.Char(
        "Move delivered messages to",
        help="A folder of the mailbox. Empty: messages stay where they are.",
    )
    parked_folder = fields.Char("Move messages that need attention to")
    refused_folder = fields.Char("Move refused and ignored messages to")
    leave_days = fields.Integer(
        "Days to keep on the server",
        help="Stored messages are deleted from the POP3 mailbox after this number of days; 0 "
        "deletes them immediately.",
    )

    last_success = fields.Datetime("Last success", readonly=True, copy=False)
    failing_since = fields.Datetime(readonly=True, copy=False)
    failures = fields.Integer("Consecutive failures", readonly=True, copy=False)
    next_fetch = fields.Datetime("Next attempt", readonly=True, copy=False)
    fetch_state = fields.Selection(
        [
            ("asking", "Waiting for a choice"),
            ("failing", "Failing"),
            ("stopped", "Not fetched"),
            ("importing", "Importing"),
            ("working", "Working"),
        ],
        "Fetching",
        compute="_compute_fetch_state",
    )
    import_progress = fields.Float("Imported", compute="_compute_fetch_state")
    folder_problem = fields.Char("Folder problem", compute="_compute_fetch_state")
    failing_note = fields.Char("Failing since", compute="_compute_failing_note")

    @api.model
    def _default_new_mail(self):
        """Return which messages are new on a new server: core decides while its preset is in force.

        It is in force while the addon is being installed, so existing servers stay as they were.
        """
        return BY_NUMBER if self.env["mail.postmaster.policy"]._preset() in OURS else UNSEEN

    @api.depends(
        "folder_ids.is_asking",
        "folder_ids.progress",
        "folder_ids.asked_at",
        "failures",
        "last_success",
        "date",
        "state",
        "active",
    )
    def _compute_fetch_state(self):
        for server in self:
            folders = server.folder_ids
            importing = folders.filtered(lambda folder: 0 < folder.progress < 100)
            server.folder_problem = next(filter(None, folders.mapped("problem")), False)
            server.import_progress = min(importing.mapped("progress"), default=0)
            if any(folders.mapped("is_asking")) and not server.start_from:
                server.fetch_state = "asking"
            elif server.failures:
                server.fetch_state = "failing"
            elif server.last_success and server._outage() == UNASKED:
                server.fetch_state = "stopped"
            elif importing:
                server.fetch_state = "importing"
            else:
                server.fetch_state = "working" if server.last_success else False

    @api.depends("fetch_state", "failures", "failing_since", "next_fetch")
    @api.depends_context("tz", "lang")
    def _compute_failing_note(self):
        for server in self:
            if server.fetch_state == "stopped":
                server.failing_note = self.env._(
                    "Nothing has been fetched from this server since %s. Check that the scheduled "
                    "action that fetches messages is active, or that the mail daemon is running.",
                    self._readable(server._asked_at()),
                )
            elif not server.failing_since:
                server.failing_note = False
            elif server.next_fetch:
                server.failing_note = self.env._(
                    "Fetching has been failing since %(since)s (attempts: %(failures)s). The next "
                    "attempt is at %(again)s.",
                    since=self._readable(server.failing_since),
                    failures=server.failures,
                    again=self._readable(server.next_fetch),
                )
            else:
                server.failing_note = self.env._(
                    "Fetching has been failing since %(since)s (attempts: %(failures)s).",
                    since=self._readable(server.failing_since),
                    failures=server.failures,
                )

    def _readable(self, moment):
        """Return a moment as the current user reads it."""
        return format_datetime(self.env, moment, tz=self.env.context.get("tz"), dt_format="short")

    @api.constrains("start_from", "start_date", "server_type", "leave_days")
    def _check_start(self):
        for server in self:
            if server.start_from == DATE and not server.start_date:
                raise ValidationError(
                    self.env._("Enter the date from which messages are to be fetched.")
                )
            if server.start_from == DATE and server._get_connection_type() == "pop":
                raise ValidationError(
                    self.env._("A POP3 server does not report when a message was received.")
                )
            if not 0 <= server.leave_days <= LONGEST_LEAVE_DAYS:
                raise ValidationError(
                    self.env._(
                        "Messages can be kept on the server for 0 to %s days.",
                        LONGEST_LEAVE_DAYS,
                    )
                )

    def _forget_folders(self, vals):
        """Forget how far folders were read, which means nothing under a different rule."""
        if "new_mail" in vals:
            changed = self.filtered(lambda server: server.new_mail != vals["new_mail"])
            changed.folder_ids.write(NEVER_READ)

    def _with_outcome(self, vals):
        """Return the values that core writes at the end of a fetch, with the outcome."""
        if "date" in vals and FETCH_RUN in self.env.context:
            self._note_end(self.env.context[FETCH_RUN])
            return {**vals, **self._outcome_values(self.env.cr.now())}
        return vals

    def _outcome_values(self, now):
        """Return the outcome of a fetch that has just ended, as values for this server."""
        self.ensure_one()
        if not self.error_date:
            return {"failures": 0, "failing_since": False, "next_fetch": False, "last_success": now}
        failures = self.failures + 1
        return {
            "failures": failures,
            "failing_since": self.failing_since or now,
            "next_fetch": now + wait_for_server(failures),
        }

    def action_start_now(self):
        """Fetch only what arrived since the first contact with the mailbox."""
        self.write({"start_from": NOW})

    def action_start_all(self):
        """Fetch everything in the mailbox."""
        self.write({"start_from": ALL})

    # --- fetching ---------------------------------------------------------------------

    def _fetch_mail(self, batch_limit=MOST_MAILS):
        """Fetch into the log: a message is marked or deleted only when it is stored there.

        The server that was read longest ago comes first. The scheduled action skips a failing
        server for some time, and gives each of several servers a share of the time.

        :param int batch_limit: maximum number of messages to process for one server
        :return: core's result: the last exception, or None
        """
        if not self.env["mail.postmaster.policy"]._is_confirmed_database():
            _logger.info("Nothing is fetched: this database is an unconfirmed copy.")
            return UserError(
                self.env._(
                    "This database is a copy: fetching would take messages away from the "
                    "original. If this database should receive mail, confirm it in the Postmaster "
                    "settings."
                )
            )
        # The scheduled action may run as any user, and its messages still come from the server.
        self.sudo()._note_interrupted()
        servers = self.sudo().sorted(lambda server: server.date or NEVER)
        if self.env.context.get("cron_id"):
            now = self.env.cr.now()
            servers = servers.filtered(lambda server: (server.next_fetch or NEVER) <= now)
        with CursorSession() as session:
            context = {FETCH_RUN: Fetching(), CURSOR_SESSION: session}
            if len(servers) > 1:
                context[SHARE] = TIME_SHARE
            problem = super(FetchmailServer, servers.with_context(**context))._fetch_mail(
                batch_limit=batch_limit
            )
        return problem and servers._safe_error(problem)

    def _connect__(self, allow_archived=False):
        fetching = self.env.context.get(FETCH_RUN)
        if fetching and self.env.context.get(CORES_LOOP):
            self._note_start(fetching)
        if fetching and self.new_mail == BY_NUMBER and self.env.context.get(CORES_LOOP):
            # Core disables a server by the date of an error that was never reset. This server is
            # retried later; failing_since records how long it has been failing.
            self.error_date = False
        with self._safe_errors(), self._opening_with_tls():
            connection = super()._connect__(allow_archived=allow_archived)
        kind = mailbox_class(connection)
        if not fetching or not kind:
            return connection
        fetching.run = ServerRun(self)
        return kind(connection, fetching.run)

    def _fetch_one(self, folder, uidvalidity, number, digest):
        """Fetch a message that was left in the mailbox, whatever its size.

        :param folder: a :class:`gateway.mailbox.folder.Folder`
        :param digest: POP3: what tells it from others with the same unique id
        :return: its bytes, or None if it no longer exists
        """
        self.ensure_one()
        fetching = Fetching()
        mailbox = self.with_context(**{FETCH_RUN: fetching})._connect__()
        try:
            return mailbox.fetch_one(folder, uidvalidity, number, digest)
        finally:
            mailbox.disconnect()

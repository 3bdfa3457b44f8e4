import logging
from datetime import timedelta

from odoo import api, models

from ..context_keys import CURSOR_SESSION
from ..gateway import states
from ..rules.verdict import Reason
from .attempt import Attempt
from .cursor_session import CursorSession
from .mail import Mail
from .submission import STORED, Submission
from .work import AWAY, is_away

_logger = logging.getLogger(__name__)

# A message that stops its process this often is not processed again.
MOST_CRASHES = 3
# How long the scheduled action rests when the database is away, or its disk is full.
AWAY_PAUSE = timedelta(minutes=1)


class MailPostmasterQueue(models.AbstractModel):
    """Later processing of a stored message: by the scheduled action, or on a user's request."""

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _cron_process(self):
        """Process the messages whose next attempt is due, oldest first."""
        if hold := self.env["mail.postmaster.policy"]._on_hold():
            _logger.info("Stored messages wait (%s).", hold)
            return
        with CursorSession() as session:
            try:
                self.with_context(**{CURSOR_SESSION: session})._process_due()
            except AWAY as error:
                # On a full disk, a claim may still fit where an outcome does not. If nothing fits,
                # core reports the error.
                _logger.warning(
                    "Stored messages wait: the database is not available (%s).",
                    type(error).__name__,
                )
                self._wake_up(self.env.cr.now() + AWAY_PAUSE)

    def _process_due(self):
        cron = self.env["ir.cron"]
        mail_id = None
        while mail_id := self._claim_next(after=mail_id):
            self._process_claimed(mail_id)
            if not cron._commit_progress(1):
                self._wake_up(self.env.cr.now())
                break

    @api.model
    def _process_claimed(self, mail_id):
        """Make an attempt for a claimed message, whose failure must not delay the next one.

        :raises psycopg2.OperationalError: or another of :data:`AWAY`, if the database is away
        """
        try:
            self._process_stored(mail_id)
        except Exception as error:
            if isinstance(error, AWAY):
                raise
            # The attempt is counted. The message is due again soon, and held if it keeps failing.
            _logger.error(
                "Message %s: no attempt could be recorded (%s)", mail_id, type(error).__name__
            )

    @api.model
    def _hand_over_now(self, mail_ids):
        """Let the scheduled action process messages that the storing process leaves to it."""
        with self._short_transaction(joins=False) as cr:
            cr.execute(
                """
                UPDATE mail_postmaster_message SET next_attempt = now() AT TIME ZONE 'UTC'
                WHERE id IN (
                    SELECT id FROM mail_postmaster_message
                    WHERE id = ANY(%s) AND state = %s FOR UPDATE SKIP LOCKED
                )
                """,
                [mail_ids, states.RECEIVED],
            )
        with self._transaction(joins=False) as env:
            env[self._name]._wake_up(env.cr.now())

    @api.model
    def _process_stored(self, mail_id, joins=False, is_last=False):
        """Make an attempt for a stored message.

        :param int mail_id: id of the ``mail.postmaster.message``
        :param bool joins: share the caller's transaction
        :param bool is_last: hold the message if the attempt fails
        :raises psycopg2.OperationalError: or another of :data:`AWAY`, if the database could not
        record the outcome; the attempt does not count
        """
        try:
            self._attempt_stored(mail_id, joins, is_last)
        except AWAY as error:
            if is_away(error) and not joins:
                self._give_back(mail_id)
            raise

    def _attempt_stored(self, mail_id, joins, is_last):
        with self._transaction(joins) as env:
            pipeline = env[self._name]
            row = pipeline._read_row(mail_id)
            raw = env["mail.postmaster.raw"]._read_content(mail_id)
        if not row:
            return
        options = row.pop("options") or {}
        options |= options.pop("release", {})
        submission = Submission(
            raw=raw or b"",
            entry_model=options.pop("door", "mail.thread"),
            source=STORED,
            server_id=row.pop("fetchmail_server_id"),
            addressed_to=options.pop("addressed_to", None),
            is_last=is_last,
            accepted_targets=frozenset(options.pop("accepted_targets", ())),
            is_sender_accepted=options.pop("sender_accepted", False),
            recipients=tuple(options.pop("envelope", ())),
            company_id=options.pop("company_id", None),
            is_quiet=options.pop("is_quiet", False),
            options=options,
        )
        thread = self._thread_of(submission, row.pop("user_id"))
        pipeline = thread.env[self._name]
        crashes = row.pop("attempts") - 1 - row.pop("failures")
        attempt = Attempt(Mail.of(row, submission, joins))
        if raw is None:
            pipeline._park(attempt, Reason(states.PARKED, "raw_missing"))
        elif crashes >= MOST_CRASHES:
            pipeline._park(attempt, Reason(states.PARKED, "crashed", {"count": crashes}))
        else:
            _result, failure = pipeline._work(thread, submission, row, joins)
            if failure and failure.unrecorded:
                raise failure.unrecorded

    def _read_row(self, mail_id):
        self.env.cr.execute(
            """
            SELECT id, mail_key, digest, recipients, released, options, fetchmail_server_id,
                user_id, attempts, failures, authentication_results
            FROM mail_postmaster_message WHERE id = %s
            """,
            [mail_id],
        )
        return self.env.cr.dictfetchone()

    def _thread_of(self, submission, user_id):
        """Return the recordset to process a stored message on, as the user who submitted it."""
        user = self.env["res.users"].browse(user_id or api.SUPERUSER_ID).exists()
        env = self._environment_of(submission, user.id or api.SUPERUSER_ID)
        return env[submission.entry_model if submission.entry_model in env else "mail.thread"]

    def _park(self, attempt, reason):
        with self._transaction(attempt.mail.is_joined) as env:
            pipeline = env[self._name]
            if (failures := pipeline._failures(attempt.mail.id)) is not None:
                pipeline._settle(attempt, reason, failures, error=None)

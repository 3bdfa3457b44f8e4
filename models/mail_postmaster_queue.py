import logging

from psycopg2.extras import Json

from odoo import api, fields, models

from ..gateway import states
from ..pipeline.attempt import Attempt
from ..pipeline.cursor_session import CURSOR_SESSION, CursorSession
from ..pipeline.mail import Mail
from ..pipeline.submission import STORED, Submission
from ..rules.verdict import Reason
from .mail_postmaster_pipeline import LEASE
from .reasons import MESSAGE, REPEAT, SENDER, TARGET

_logger = logging.getLogger(__name__)

# A message that stops its process this often is not processed again.
MOST_CRASHES = 3


class MailPostmasterQueue(models.AbstractModel):
    """Later processing of a stored message: by the scheduled action, or on a user's request."""

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _cron_process(self):
        """Process the messages whose next attempt is due, oldest first."""
        if not self.env["mail.postmaster.policy"]._is_confirmed_database():
            _logger.info("Stored messages wait: this database is an unconfirmed copy.")
            return
        with CursorSession() as session:
            self.with_context(**{CURSOR_SESSION: session})._process_due()

    def _process_due(self):
        cron = self.env["ir.cron"]
        mail_id = None
        while mail_id := self._claim_next(after=mail_id):
            try:
                self._process_stored(mail_id)
            except Exception as error:  # noqa: BLE001  it must not delay the messages behind it
                # The attempt is counted, due again soon, and the message is held if this continues.
                _logger.error(
                    "Message %s: no attempt could be made (%s)", mail_id, type(error).__name__
                )
            if not cron._commit_progress(1):
                self._wake_up(fields.Datetime.now())
                break

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
            env[self._name]._wake_up(fields.Datetime.now())

    @api.model
    def _process_stored(self, mail_id, joins=False, is_last=False):
        """Make an attempt for a stored message.

        :param int mail_id: id of the ``mail.postmaster.message``
        :param bool joins: share the caller's transaction
        :param bool is_last: hold the message if the attempt fails
        """
        with self._transaction(joins) as env:
            pipeline = env[self._name]
            row = pipeline._read_row(mail_id)
            raw = env["mail.postmaster.raw"]._read_content(mail_id)
        if not row:
            return
        options = row.pop("options") or {}
        options |= options.pop("release", {})
        # Versions before 19.0.1.2 stored it as "door".
        entry_model = options.pop("door", None) or options.pop("entry_model", None)
        submission = Submission(
            raw=raw or b"",
            entry_model=entry_model or "mail.thread",
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
            pipeline._work(thread, submission, row, joins)

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

    @api.model
    def _offer_again(self, mail_id, joins):
        """Reset a refused message, under the same rules; return False if it is not refused."""
        with self._transaction(joins) as env:
            env.cr.execute(
                """
                UPDATE mail_postmaster_message SET
                    state = 'received', reason_code = 'waiting', reason_params = NULL,
                    attempts = 1, failures = 0,
                    next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                WHERE id = %(id)s AND state = 'refused'
                """,
                {"id": mail_id, "lease": LEASE},
            )
            return bool(env.cr.rowcount)

    @api.model
    def _release(self, mail_id, joins, changes):
        """Reset a settled message on request; return False if it is not settled.

        A refused or ignored message is then accepted, whatever core's checks say. If a message
        waits at some of its targets, these are accepted, and the decisions about the others stay. A
        repeated message gets a new key: releasing it means that it is wanted a second time.

        :param changes: dict of options that a user changed, in place of those changed at an earlier
        release; None to keep them
        """
        codes = self.env["mail.postmaster.reason"]._codes
        with self._transaction(joins) as env:
            env.cr.execute(
                """
                UPDATE mail_postmaster_message SET
                    state = 'received', reason_code = 'waiting', reason_params = NULL,
                    attempts = 1, failures = 0,
                    options = options || %(changes)s::jsonb || jsonb_build_object(
                        'accepted_targets', (
                            SELECT COALESCE(jsonb_agg(target), '[]') FROM mail_postmaster_delivery
                            WHERE mail_key = mail_postmaster_message.mail_key
                                AND reason_code = ANY(%(accepts_target)s)
                        ),
                        'sender_accepted',
                        COALESCE((options->'sender_accepted')::boolean, false) OR EXISTS (
                            SELECT 1 FROM mail_postmaster_delivery
                            WHERE mail_id = mail_postmaster_message.id
                                AND reason_code = ANY(%(accepts_sender)s)
                        )
                    ),
                    released = COALESCE(released, false) OR state = ANY(%(turned_down)s)
                        OR reason_code = ANY(%(accepts_message)s),
                    mail_key = CASE WHEN reason_code = ANY(%(repeats)s)
                        THEN mail_key || '#' || id ELSE mail_key END,
                    next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                WHERE id = %(id)s AND state = ANY(%(states)s)
                """,
                {
                    "id": mail_id,
                    "states": list(states.RELEASABLE),
                    "lease": LEASE,
                    "repeats": codes(lambda known: known.release == REPEAT),
                    "accepts_message": codes(lambda known: MESSAGE in known.accepts),
                    "accepts_target": codes(lambda known: TARGET in known.accepts),
                    "accepts_sender": codes(lambda known: SENDER in known.accepts),
                    "turned_down": [states.REFUSED, states.IGNORED],
                    "changes": Json({"release": changes} if changes else {}),
                },
            )
            return bool(env.cr.rowcount)

    @api.model
    def _process_again(self, mail_id, changes=None):
        """Release a message and make an attempt at once, for a user who waits for it.

        If the attempt fails, the message is held again, where the user finds it, and not retried
        hours later.

        :param dict changes: ``addressed_to``: list of addresses in place of those of the header,
        empty to use ``model`` and ``thread_id`` (and ``custom_values``)
        """
        _is_enabled, joins = self._read_switches()
        if self._release(mail_id, joins, changes):
            self._process_stored(mail_id, joins, is_last=True)

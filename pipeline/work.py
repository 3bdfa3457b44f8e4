import logging
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..context_keys import ATTEMPT, CURSOR_SESSION, STORE_ONLY
from ..gateway import states
from ..policy.guard import COPY, OFF
from . import applying, declined, same_id
from .attempt import Attempt, Stage
from .cursor_session import FRESH, STABLE, CursorSession
from .log_without_values import without_values
from .mail import Mail
from .submission import FETCHED, SUBMITTED, Submission, to_bytes

_logger = logging.getLogger(__name__)

# The database, or the connection to it, is not there, or cannot write: its disk may be full.
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError)
# Errors of the same classes that may be due to one message: it is too large, or takes too long.
TOO_MUCH = (psycopg2.errors.ProgramLimitExceeded, psycopg2.errors.QueryCanceled)
CONFLICTS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
# Most conflicts are resolved by a second attempt; core's own retries sleep up to 16 s.
IMMEDIATE_TRIES = 2
# How long a stored message belongs to the process that stored it. The lock on its row protects
# the work; the lease only covers the moment before.
LEASE = timedelta(minutes=1)
# The claim of another worker may, for some milliseconds, lock a message that it can no longer take.
# An attempt that holds the lock for longer is processing the message.
LOOKS, SECONDS_BETWEEN_LOOKS = 6, 0.02


def is_away(error: Exception) -> bool:
    """Return whether an error is about the database, and not about the message in hand."""
    return isinstance(error, AWAY) and not isinstance(error, TOO_MUCH)


class MailPostmasterPipeline(models.AbstractModel):
    """The path of a message: stored and committed, then processed, then its outcome recorded.

    A transport has written nothing in its transaction, so the steps use separate transactions. A
    caller that has written something shares its transaction with the message, as in core: a
    separate cursor would wait for that caller forever.

    It runs in superuser mode: ``message_process``, the actions of the log and the scheduled action
    check access, and messages are received for all users.

    This file contains access checks and one attempt. The intake is in
    ``pipeline/intake.py``, recording an attempt in ``pipeline/outcome.py``, and later
    processing in ``pipeline/queue.py``.
    """

    _name = "mail.postmaster.pipeline"
    _description = "Processing of received messages"

    # --- who may ---------------------------------------------------------------------

    @api.model
    def _check_may_submit(self):
        """Refuse callers that are not a gateway: ``message_process`` is a public method.

        :raises AccessError: naming the group
        """
        if self.env.su or self.env.user.has_group("mail_postmaster.group_gateway"):
            return
        _logger.warning(
            "User %s is not allowed to submit messages: the group Mail Gateway is missing.",
            self.env.uid,
        )
        raise AccessError(
            self.env._("Only members of the group Mail Gateway are allowed to submit messages.")
        )

    @api.model
    def _has_written(self):
        """Return whether the caller has written in its transaction, which a message then joins."""
        self.env.flush_all()
        self.env.cr.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
        return self.env.cr.fetchone()[0]

    # --- the way ---------------------------------------------------------------------

    @api.model
    def _submit(self, thread, message, options, core):
        """Store a message that ``message_process`` was called with, and process it.

        :param thread: the recordset it was called on
        :param dict options: its other arguments
        :param core: function of a thread, a message and options: the overrides and core's method
        :return: what core returns, and False where core returns None, which XML-RPC cannot carry
        """
        thread = self._entry_for_caller(thread, options)
        pipeline = thread.env[self._name]
        hold = pipeline.env["mail.postmaster.policy"]._on_hold()
        if hold == OFF:
            # What the connection had stored before the switch was set waits in the log.
            is_stored = pipeline._row_in_hand(joins=False)
            pipeline._acknowledge()
            return not is_stored and core(thread, message, **options) or False
        server_id = thread.env.context.get("default_fetchmail_server_id")
        submission = Submission(
            raw=to_bytes(message),
            entry_model=thread._name,
            source=FETCHED if server_id else SUBMITTED,
            server_id=server_id,
            options=options,
        )
        return pipeline._process_unless(hold, thread, submission, core) or False

    @api.model
    def _hand_over(self, submission):
        """Store a message from a transport that is part of this addon, and process it.

        :return: what core returns
        :raises ValueError: core's, for a message without route whose sender is to be refused
        """
        thread = self._environment_of(submission, self.env.uid)[submission.entry_model]
        hold = self.env["mail.postmaster.policy"]._on_hold()
        if hold == OFF:
            # The entry point passes it on to core.
            options = dict(submission.options)
            return thread.message_process(options.pop("model", None), submission.raw, **options)
        return thread.env[self._name]._process_unless(hold, thread, submission)

    def _process_unless(self, hold, thread, submission, core=None):
        """Store a message and process it; on a copy it waits, because core may refuse it.

        A caller that has written decides for itself, and gets what it asks for.

        :param core: see :meth:`_process`
        """
        pipeline = self.with_context(**{STORE_ONLY: True}) if hold == COPY else self
        return pipeline._process(thread, submission, self._has_written(), core)

    def _environment_of(self, submission, user_id):
        """Return the environment to process a message in: of a user, bypassing their rights.

        :param submission: the :class:`Submission`
        :param int user_id: id of the user who submitted it
        """
        context = {}
        if session := self.env.context.get(CURSOR_SESSION):
            context[CURSOR_SESSION] = session
        if submission.server_id:
            context["default_fetchmail_server_id"] = submission.server_id
        if submission.company_id:
            context["allowed_company_ids"] = [submission.company_id]
        return api.Environment(self.env.cr, user_id, context, su=True)

    @api.model
    @without_values
    def _process(self, thread, submission, joins, core=None):
        """Store a message, then make the first attempt.

        :param thread: the recordset ``message_process`` was called on
        :param bool joins: share the caller's transaction
        :param core: see :meth:`_submit`; None to call ``message_process`` from its beginning
        :return: what core returns
        :raises ValueError: core's, for a message without route whose caller can refuse it
        :raises NoRoom: if it was not stored, see ``pipeline/room.py``
        """
        if not joins and not self.env.context.get(CURSOR_SESSION):
            with CursorSession() as session:
                pipeline = self.with_context(**{CURSOR_SESSION: session})
                return pipeline._process(thread, submission, joins, core)
        row = self._row_in_hand(joins)
        if not row:
            # What reads a mailbox in another way may not leave there what it cannot submit.
            if submission.source != FETCHED:
                self._check_room(submission)
            row = self._take_in(submission, joins)
        if not joins:
            self._acknowledge()
        if self._is_for_workers(joins):
            return False
        if not row["is_new"] and not self._is_offered_again(row, submission, joins):
            return False
        result, failure = self._work(thread, submission, row, joins, core)
        if failure and failure.unrecorded and not joins:
            # The message is stored and waits, so no caller may refuse it.
            self._give_back(row["id"])
            return False
        if failure and (joins or failure.reason.state == states.REFUSED):
            raise failure.error
        return result

    def _acknowledge(self):
        """Tell the connection, if there is one, that the current message is safe."""
        if run := self._fetch_run():
            run.acknowledge()

    def _is_offered_again(self, row, submission, joins):
        """Return whether the same bytes are a new chance: the sender was refused before."""
        if row["state"] != states.REFUSED or not submission.can_refuse:
            return False
        return self._offer_again(row["id"], joins)

    # --- work ------------------------------------------------------------------------

    @without_values
    def _work(self, thread, submission, row, joins, core=None):
        """Make an attempt, a second one at once after a conflict, and record the outcome.

        :param core: see :meth:`_process`
        :return: ``(what core returned, None)`` or ``(False, Failure)``
        """
        attempt = error = found = None
        for _try in range(IMMEDIATE_TRIES):
            try:
                # Before the transaction is opened: DNS may be slow.
                found = found or self.env["mail.postmaster.authentication"]._find(
                    submission,
                    row,
                    joins,
                )
                with self._transaction(joins) as env:
                    locked = env[self._name]._lock(row, states.WAITING)
                    if not locked:
                        return False, None
                    attempt = self._begin(env, submission, row, joins, locked)
                    attempt.found.policies = env["mail.postmaster.policy"]._in_force()
                    attempt.found.authentication = found
                    if not joins:
                        # A caller that shares the transaction has usually read them before.
                        attempt.found.alias_domains_version = env["res.users"]._read_together()
                    result = self._call_core(env, thread, submission, attempt, core)
                    env[self._name]._record_outcome(attempt)
                self._share_changes(joins)
                return result, None
            except CONFLICTS as conflict:
                if joins:
                    raise
                error = conflict
            except Exception as exception:  # noqa: BLE001  recorded on the message
                error = exception
                break
            finally:
                self._discard_changes(joins, error)
        attempt = attempt or Attempt(Mail.of(row, submission, joins))
        return False, self._end_badly(attempt, error)

    def _begin(self, env, submission, row, joins, locked):
        """Return the :class:`Attempt` for a message whose row is locked.

        :param locked: as from :meth:`_lock`
        """
        key, namesakes = row["mail_key"], None
        if locked["is_known"]:
            key, namesakes = same_id.told_apart(env, row, submission.raw)
        attempt = Attempt(Mail.of({**row, "mail_key": key}, submission, joins, **locked))
        if namesakes:
            attempt.found.namesakes = namesakes
        return attempt

    def _call_core(self, env, thread, submission, attempt, core):
        attempt.found.addressing = env["mail.postmaster.addressing"]._prepare(
            submission, attempt.ledger.trace
        )
        attempt.found.identity = env["mail.postmaster.authentication"]._identify(attempt)
        reason = not attempt.mail.is_released and applying.turned_down(env, attempt)
        if reason:
            attempt.reach(Stage.ROUTED)
            attempt.ledger.decide(reason.state, reason.code, **reason.params)
            return False
        options = dict(submission.options)
        thread = thread.with_env(env).with_context(**{ATTEMPT: attempt})
        model = options.pop("model", None)
        if core:
            # What stands before the intake was called by the caller, with this message.
            result = core(thread, submission.raw, model=model, **options)
        else:
            attempt.expect_call()
            result = thread.message_process(model, submission.raw, **options)
        declined.note_kept(env, attempt, thread._name)
        declined.note_dropped(env, attempt)
        return result

    def _own_transaction(self, level):
        """Yield a cursor separate from the caller's, see :meth:`CursorSession.transaction`."""
        session = self.env.context.get(CURSOR_SESSION) or CursorSession()
        return session.transaction(self.env.registry, level)

    @contextmanager
    def _short_transaction(self, joins):
        """Yield a cursor whose statements see what others have just committed.

        Another process may be writing the same row. At Odoo's isolation level this is an error; at
        this level the statement waits and sees the new row.
        """
        if joins:
            with self.env.cr.savepoint(flush=False):
                yield self.env.cr
        else:
            with self._own_transaction(FRESH) as cr:
                yield cr

    @contextmanager
    def _transaction(self, joins):
        """Yield an environment whose changes are kept only if the block succeeds."""
        if joins:
            with self.env.cr.savepoint():
                yield self.env
        else:
            with self._own_transaction(STABLE) as cr:
                yield self.env(cr=cr)

    def _share_changes(self, joins):
        if not joins:
            self.env.registry.signal_changes()

    def _discard_changes(self, joins, error):
        if error and not joins:
            self.env.registry.reset_changes()

    @api.model
    def _lock(self, row, expected_states):
        """Lock the row of a message that is in one of these states.

        :return: None if another process has locked or finished it, else ``is_known`` and
        ``failures`` of an :class:`Attempt`
        """
        for _look in range(LOOKS):
            locked = self._lock_at_once(row, expected_states)
            if locked or not self._is_in_state(row, expected_states):
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return locked

    def _lock_at_once(self, row, expected_states):
        self.env.cr.execute(
            """
            SELECT failures, COALESCE(released, false) OR EXISTS (
                SELECT 1 FROM mail_postmaster_delivery WHERE mail_key = mail.mail_key
            ) AS is_known
            FROM mail_postmaster_message AS mail
            WHERE id = %(id)s AND state = ANY(%(states)s)
            FOR UPDATE OF mail SKIP LOCKED
            """,
            {
                "id": row["id"],
                "states": list(expected_states),
            },
        )
        return self.env.cr.dictfetchone()

    def _is_in_state(self, row, expected_states):
        self.env.cr.execute(
            "SELECT FROM mail_postmaster_message WHERE id = %s AND state = ANY(%s)",
            [row["id"], list(expected_states)],
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _claim(self, attempt, targets, state=states.RECEIVED):
        """Reserve targets for a message in this transaction and return those it got.

        A target to which this message or a copy of it was delivered is not given again. A target
        that a copy has claimed without being delivered there is taken over. Two simultaneous copies
        conflict, and the later one is retried with a new snapshot.
        """
        if attempt.mail.is_known:
            self._take_over(attempt, targets)
        self.env.cr.execute(
            """
            INSERT INTO mail_postmaster_delivery AS delivery
                (mail_id, mail_key, target, state)
            SELECT %(mail)s, %(key)s, target, %(state)s
            FROM unnest(%(targets)s) AS target
            ON CONFLICT (mail_key, target) DO UPDATE SET state = EXCLUDED.state
                WHERE delivery.mail_id = EXCLUDED.mail_id AND delivery.state <> 'delivered'
            RETURNING target
            """,
            {"mail": attempt.mail.id, "key": attempt.mail.key, "targets": targets, "state": state},
        )
        claimed = {target for (target,) in self.env.cr.fetchall()}
        return [target for target in targets if target in claimed]

    def _take_over(self, attempt, targets):
        self.env.cr.execute(
            """
            WITH held AS (
                SELECT id, mail_id FROM mail_postmaster_delivery
                WHERE mail_key = %(key)s AND target = ANY(%(targets)s)
                    AND mail_id <> %(mail)s AND state <> 'delivered'
                FOR UPDATE
            )
            UPDATE mail_postmaster_delivery AS delivery SET mail_id = %(mail)s
            FROM held WHERE delivery.id = held.id
            RETURNING held.mail_id
            """,
            {"key": attempt.mail.key, "targets": targets, "mail": attempt.mail.id},
        )
        attempt.ledger.superseded_ids += [mail_id for (mail_id,) in self.env.cr.fetchall()]

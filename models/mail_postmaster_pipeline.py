import logging
import traceback
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..gateway import envelope, identity, retries, states
from .attempt import ATTEMPT, Attempt, Reason, UnreadableMail
from .mail_postmaster_policy import ENABLED
from .submission import STORED, Submission

_logger = logging.getLogger(__name__)

FETCH_RUN = "mail_postmaster_fetch_run"

CONFLICTS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
# Passing conflicts mostly end with a second look; core's own retrying sleeps up to 16 s.
IMMEDIATE_TRIES = 2
# A mail that stops its process this often is not given another one.
MOST_CRASHES = 3
# How long a stored mail belongs to the process that took it in. The lock on its row
# protects the work; this only keeps others from looking at it in the moment before.
LEASE = timedelta(minutes=1)
LONGEST_TRACEBACK = 8000
# How many recipients the trace explains, and how often a worker looks for a free mail.
MOST_EXPLAINED = 10
MOST_CLAIMS = 5
# Reasons of a mail that repeats one that is here.
REPEATS = ("duplicate", "duplicate_message")
# Reasons behind which an exception stands that an administrator wants to see.
UNEXPECTED = ("conflict", "failed", "alias_failed", "unreadable")


class MailPostmasterPipeline(models.AbstractModel):
    """The way of a mail: taken in and committed, then processed, then its outcome recorded.

    A transport has written nothing in its transaction, so the steps use transactions of
    their own. A caller that has written something shares its transaction with the mail,
    as in core: a cursor of our own would wait for that caller for ever.
    """

    _name = "mail.postmaster.pipeline"
    _description = "Processing of received mail"

    # --- who may ---------------------------------------------------------------------

    @api.model
    def _check_may_submit(self):
        """Refuse callers that are no gateway: the door is a public method.

        :raises AccessError: naming the group
        """
        if self.env.su or self.env.user.has_group("mail_postmaster.group_gateway"):
            return
        _logger.warning(
            "User %s may not submit mail: the group Mail Gateway is missing.", self.env.uid
        )
        raise AccessError(self.env._("Only members of the group Mail Gateway may submit mail."))

    @api.model
    def _read_switches(self):
        """Return ``(is enabled, the caller has written)`` with one statement.

        The switch is read past the cache, so that it also works when it is set with SQL.
        """
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT (SELECT value FROM ir_config_parameter WHERE key = %s), "
            "pg_current_xact_id_if_assigned() IS NOT NULL",
            [ENABLED],
        )
        enabled, has_written = self.env.cr.fetchone()
        return (enabled or "true").strip().lower() not in ("false", "0", "off", "no"), has_written

    # --- the way ---------------------------------------------------------------------

    @api.model
    def _process(self, door, submission, joins):
        """Take a mail in, then make the first attempt.

        :param door: the recordset ``message_process`` was called on
        :param bool joins: share the caller's transaction
        :return: what core returns
        :raises ValueError: core's, for a mail without route whose caller can refuse it
        """
        row = self._take_in(submission, joins)
        if not joins:
            self._acknowledge()
        if not row["is_new"] and not self._is_offered_again(row, submission, joins):
            return False
        result, failure = self._work(door, submission, row, joins)
        if failure and (joins or failure.reason.state == states.REFUSED):
            raise failure.error
        return result

    def _acknowledge(self):
        """Tell the connection, when there is one, that the mail in hand is safe."""
        if run := self.env.context.get(FETCH_RUN):
            run.acknowledge()

    def _is_offered_again(self, row, submission, joins):
        """Tell whether the same bytes are a new chance: their sender was told no before."""
        if row["state"] != states.REFUSED or not submission.can_refuse:
            return False
        return self._release(row["id"], joins)

    # --- intake ----------------------------------------------------------------------

    def _take_in(self, submission, joins):
        """Store a mail, once for the same bytes from the same place.

        :return: dict with id, mail_key, digest, recipients, state, is_new
        """
        if joins:
            # A caller in the middle of its work hands over on purpose, not after a crash.
            return self._insert(self.env.cr, submission, occasion=uuid.uuid4().hex)
        with self.env.registry.cursor() as cr:
            # Another process may store the same bytes at this moment. Odoo's isolation level
            # would answer with an error; this one waits for it and sees its row.
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
            return self._insert(cr, submission)

    def _insert(self, cr, submission, occasion=""):
        raw = submission.raw
        head = envelope.read_envelope(raw)
        mail_digest = identity.digest(raw)
        key = identity.intake_key(raw, submission.origin + occasion)
        cr.execute(
            """
            WITH durable AS (
                SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                    WHEN 'off' THEN 'on' WHEN 'local' THEN 'on'
                    ELSE current_setting('synchronous_commit') END, true)
            ), stored AS (
                INSERT INTO mail_postmaster_message (
                    create_uid, create_date, write_uid, write_date, intake_key, message_id,
                    mail_key, digest, email_from, email_normalized, recipients, subject, date,
                    size, source, fetchmail_server_id, user_id, options, state, reason_code,
                    attempts, failures, received_count, raw_kept, next_attempt
                )
                SELECT %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC',
                    %(intake_key)s, %(message_id)s, %(mail_key)s, %(digest)s, %(email_from)s,
                    %(email_normalized)s, %(recipients)s, %(subject)s, %(date)s::timestamp, %(size)s,
                    %(source)s, %(server_id)s, %(uid)s, %(options)s::jsonb, 'received', 'waiting',
                    1, 0, 1, true, now() AT TIME ZONE 'UTC' + %(lease)s
                FROM durable
                ON CONFLICT (intake_key) DO NOTHING
                RETURNING id, mail_key, digest, recipients, state
            ), raw AS (
                INSERT INTO mail_postmaster_raw (message_id, content)
                SELECT id, %(raw)s::bytea FROM stored
            )
            SELECT id, mail_key, digest, recipients, state, true AS is_new FROM stored
            """,
            {
                "uid": self.env.uid,
                "intake_key": key,
                "message_id": head.message_id,
                "mail_key": identity.mail_key(head.message_id, mail_digest),
                "digest": mail_digest,
                "email_from": head.sender,
                "email_normalized": head.sender_address,
                "recipients": ", ".join(head.recipients),
                "subject": head.subject,
                "date": head.date,
                "size": len(raw),
                "source": submission.source,
                "server_id": submission.server_id,
                "options": submission.stored_options(self.env.su),
                "lease": LEASE,
                "raw": psycopg2.Binary(raw),
            },
            # A statement that fails is logged with its parameters: the mail.
            log_exceptions=False,
        )
        return cr.dictfetchone() or self._count_again(cr, key)

    def _count_again(self, cr, intake_key):
        """Return the row of a mail that was stored before, counting it as handed over again.

        A mail that is being processed is not touched: its worker would meet a conflict.
        """
        cr.execute(
            """
            UPDATE mail_postmaster_message SET received_count = received_count + 1
            WHERE intake_key = %(key)s AND state = ANY(%(settled)s);
            SELECT id, mail_key, digest, recipients, state, false AS is_new
            FROM mail_postmaster_message WHERE intake_key = %(key)s
            """,
            {"key": intake_key, "settled": list(states.SETTLED)},
        )
        return cr.dictfetchone()

    # --- work ------------------------------------------------------------------------

    def _work(self, door, submission, row, joins):
        """Make an attempt, a second one at once after a conflict, and record how it ended.

        :return: ``(what core returned, None)`` or ``(False, Failure)``
        """
        attempt = error = None
        for _try in range(IMMEDIATE_TRIES):
            try:
                with self._transaction(joins) as env:
                    known = self._lock(env.cr, row, states.WAITING)
                    if known is None:
                        return False, None
                    attempt = Attempt(row, submission, joins, known)
                    result = self._call_core(env, door, submission, attempt)
                    env[self._name]._record_outcome(attempt)
                self._share_changes(joins)
                return result, None
            except CONFLICTS as conflict:
                if joins:
                    raise
                error = conflict
            except Exception as exception:  # noqa: BLE001  recorded on the mail
                error = exception
                break
            finally:
                self._discard_changes(joins, error)
        attempt = attempt or Attempt(row, submission, joins, known=False)
        return False, self._end_badly(attempt, error)

    def _call_core(self, env, door, submission, attempt):
        options = dict(submission.options)
        thread = door.with_env(env).with_context(**{ATTEMPT: attempt})
        return thread.message_process(options.pop("model", None), submission.raw, **options)

    @contextmanager
    def _transaction(self, joins):
        """Give an environment whose changes are kept only when the block ends well."""
        if joins:
            with self.env.cr.savepoint():
                yield self.env
        else:
            with self.env.registry.cursor() as cr:
                yield self.env(cr=cr)

    def _share_changes(self, joins):
        if not joins:
            self.env.registry.signal_changes()

    def _discard_changes(self, joins, error):
        if error and not joins:
            self.env.registry.reset_changes()

    @api.model
    def _lock(self, cr, row, expected_states):
        """Lock the row of a mail that is in one of these states.

        :return: None when somebody else has it or is done with it, else whether a target
            of the same mail was claimed before
        """
        cr.execute(
            """
            SELECT COALESCE(released, false) OR EXISTS (
                SELECT 1 FROM mail_postmaster_delivery WHERE mail_key = mail.mail_key
            )
            FROM mail_postmaster_message AS mail
            WHERE id = %s AND state = ANY(%s)
            FOR UPDATE OF mail SKIP LOCKED
            """,
            [row["id"], list(expected_states)],
        )
        found = cr.fetchone()
        return bool(found[0]) if found else None

    @api.model
    def _claim(self, attempt, targets):
        """Reserve targets for a mail in this transaction and return those it got.

        A target that another copy has, or that this mail was delivered to before, is not
        given again. Two copies at the same moment conflict, and the later one is tried
        again with a new snapshot.
        """
        self.env.cr.execute(
            """
            INSERT INTO mail_postmaster_delivery AS delivery
                (mail_id, mail_key, target, state, create_uid, create_date)
            SELECT %(mail)s, %(key)s, target, 'received', %(uid)s, now() AT TIME ZONE 'UTC'
            FROM unnest(%(targets)s) AS target
            ON CONFLICT (mail_key, target) DO UPDATE SET state = 'received'
                WHERE delivery.mail_id = EXCLUDED.mail_id AND delivery.state <> 'delivered'
            RETURNING target
            """,
            {"mail": attempt.mail_id, "key": attempt.mail_key, "uid": self.env.uid,
             "targets": targets},
        )
        claimed = {target for (target,) in self.env.cr.fetchall()}
        return [target for target in targets if target in claimed]

    # --- outcome ---------------------------------------------------------------------

    def _record_outcome(self, attempt):
        """Write what became of a mail, in the transaction that made its records."""
        self.env.flush_all()
        reason, failures = attempt.verdict, 0
        if reason.state == states.RETRY:
            failures = self._failures(attempt.mail_id) + 1
        self._settle(attempt, reason, failures, attempt.error)

    def _end_badly(self, attempt, error):
        """Record an attempt whose changes were undone.

        :return: the :class:`Failure`, or None when the mail was settled after all
        """
        reason = self._explain(attempt, error)
        _logger.info("Mail %s: %s, %s", attempt.mail_id, reason.code, type(error).__name__)
        try:
            with self._transaction(attempt.joined) as env:
                pipeline = env[self._name].sudo()  # The outcome is written for every user.
                failures = pipeline._failures(attempt.mail_id)
                if failures is None:
                    # The commit had gone through although it reported an error.
                    return None
                attempt.fail_results(reason)
                if reason.code in ("no_route", "no_route_refused"):
                    pipeline._trace_missing_route(attempt)
                pipeline._settle(attempt, reason, failures + 1, error)
        except psycopg2.Error as second_error:
            if attempt.joined:
                raise
            # The mail is stored and waiting; the scheduled action takes it from here.
            _logger.error(
                "Mail %s: how it failed could not be recorded (%s)",
                attempt.mail_id, type(second_error).__name__,
            )
        return Failure(reason, error)

    def _failures(self, mail_id):
        """Lock a waiting mail and return how often it has failed, None when it is settled."""
        self.env.cr.execute(
            "SELECT failures FROM mail_postmaster_message "
            "WHERE id = %s AND state = ANY(%s) FOR UPDATE",
            [mail_id, list(states.WAITING)],
        )
        row = self.env.cr.fetchone()
        return row[0] if row else None

    def _explain(self, attempt, error):
        """Return the :class:`Reason` of an attempt that ended with an exception."""
        if isinstance(error, CONFLICTS):
            return Reason(states.RETRY, "conflict")
        if isinstance(error, ValueError) and attempt.reason and attempt.reason.state == states.PARKED:
            if attempt.can_refuse:
                return Reason(states.REFUSED, f"{attempt.reason.code}_refused", attempt.reason.params)
            return attempt.reason
        if isinstance(error, UnreadableMail):
            return Reason(states.PARKED, "unreadable", {"error": str(error)})
        if not attempt.is_parsed and not isinstance(error, psycopg2.Error):
            return Reason(states.PARKED, "unreadable", {"error": _short(error)})
        if attempt.alias_failures:
            alias = self.env["mail.alias"].sudo().browse(attempt.alias_failures[0][0])
            params = {"alias": alias.display_name, "error": type(error).__name__}
            return Reason(states.RETRY, "alias_failed", params)
        return Reason(states.RETRY, "failed", {"error": type(error).__name__})

    def _settle(self, attempt, reason, failures, error):
        """Write state and reason of a mail and its deliveries; plan or give up another attempt."""
        next_attempt = None
        if reason.state == states.RETRY:
            delay = retries.delay_after(failures, self.env["mail.postmaster.policy"]._retry_schedule())
            if delay is None or attempt.joined:
                reason = Reason(states.PARKED, reason.code, reason.params)
                attempt.give_up()
            else:
                next_attempt = fields.Datetime.now() + delay
                self._wake_up(next_attempt)
        if reason.state == states.PARKED:
            self._tell_senders_of_broken_aliases(attempt)
        self._write_deliveries(attempt)
        self._write_message(attempt, reason, next_attempt, failures, error)
        if reason.state == states.PARKED:
            self.env["mail.postmaster.message"].sudo().browse(attempt.mail_id)._call_for_attention()

    def _tell_senders_of_broken_aliases(self, attempt):
        """Do what core does at the first exception: mark the alias, answer the sender."""
        attempt.is_over = True
        aliases = self.env["mail.alias"].sudo().with_context(**{ATTEMPT: attempt})
        for alias_id, message, message_dict in attempt.alias_failures:
            aliases.browse(alias_id)._alias_bounce_incoming_email(message, message_dict, set_invalid=True)
        self.env.flush_all()

    def _wake_up(self, at):
        # The scheduled action belongs to the administrators, mail arrives for all.
        self.env.ref("mail_postmaster.ir_cron_process").sudo()._trigger(at=at)

    def _write_deliveries(self, attempt):
        for result in attempt.results:
            self.env.cr.execute(
                """
                INSERT INTO mail_postmaster_delivery AS delivery (
                    mail_id, mail_key, target, state, reason_code, reason_params, alias_id,
                    model, res_id, mail_message_id, create_uid, create_date
                ) VALUES (
                    %(mail)s, %(key)s, %(target)s, %(state)s, %(code)s, %(params)s, %(alias)s,
                    %(model)s, %(res_id)s, %(message)s, %(uid)s, now() AT TIME ZONE 'UTC'
                )
                ON CONFLICT (mail_key, target) DO UPDATE SET
                    state = EXCLUDED.state, reason_code = EXCLUDED.reason_code,
                    reason_params = EXCLUDED.reason_params, alias_id = EXCLUDED.alias_id,
                    model = EXCLUDED.model, res_id = EXCLUDED.res_id,
                    mail_message_id = EXCLUDED.mail_message_id
                WHERE delivery.mail_id = EXCLUDED.mail_id
                """,
                {
                    "mail": attempt.mail_id, "key": attempt.mail_key, "uid": self.env.uid,
                    "target": result.target, "state": result.reason.state,
                    "code": result.reason.code, "params": Json(result.reason.params),
                    "alias": result.alias_id, "model": result.model, "res_id": result.res_id,
                    "message": result.message_id,
                },
            )

    def _write_message(self, attempt, reason, next_attempt, failures, error):
        self.env.cr.execute(
            """
            UPDATE mail_postmaster_message SET
                state = %(state)s, reason_code = %(code)s, reason_params = %(params)s,
                trace = %(trace)s, company_id = %(company)s, next_attempt = %(next)s,
                error = %(error)s, failures = %(failures)s,
                settled_at = now() AT TIME ZONE 'UTC', write_date = now() AT TIME ZONE 'UTC'
            WHERE id = %(id)s
            """,
            {
                "id": attempt.mail_id, "state": reason.state, "code": reason.code,
                "params": Json(reason.params), "trace": Json(attempt.trace.steps),
                "company": self._company_id(attempt), "next": next_attempt,
                "error": _describe(error) if reason.code in UNEXPECTED else None,
                "failures": failures,
            },
        )

    def _company_id(self, attempt):
        """Return the id of the company a mail belongs to.

        The company of the alias's owner or defaults; else of its domain, when one company
        alone has that domain; else of the user who runs the gateway.
        """
        alias_ids = [result.alias_id for result in attempt.results if result.alias_id]
        if alias_ids:
            # Who receives mail does not depend on what the gateway's user may read.
            company = self.env["mail.alias"].sudo().browse(alias_ids[0])._gateway_company()
        else:
            company = self.env["mail.alias.domain"].sudo()._gateway_company(attempt.recipients)
        return (company or self.env.company).id

    def _trace_missing_route(self, attempt):
        """Add to the trace why each recipient is nobody's address."""
        aliases = self.env["mail.alias"].sudo()
        known_domains = {domain.name.lower() for domain in self.env["mail.alias.domain"].sudo().search([])}
        addresses = envelope.split_addresses(attempt.recipients)[:MOST_EXPLAINED]
        local_parts = {address.partition("@")[0] for address in addresses}
        by_name = aliases.search([("alias_name", "in", sorted(local_parts))]).grouped("alias_name")
        for address in addresses:
            local_part, _at, domain = address.partition("@")
            if domain not in known_domains:
                attempt.trace.miss("domain_unknown", domain=domain)
            if elsewhere := by_name.get(local_part):
                attempt.trace.miss("alias_elsewhere", address=address, alias=elsewhere[0].display_name)
            else:
                attempt.trace.miss("alias_unknown", address=address)

    @api.model
    def _reason_not_to_answer(self):
        """Return why this database may not answer mail, or an empty text."""
        if not self.env["mail.postmaster.policy"]._is_confirmed_database():
            return self.env._("this database is a copy that was not confirmed")
        return ""

    # --- later -----------------------------------------------------------------------

    @api.model
    def _cron_process(self):
        """Process the mails whose next attempt is due, oldest first."""
        if not self.env["mail.postmaster.policy"]._is_confirmed_database():
            _logger.info("Stored mail waits: this database is a copy that was not confirmed.")
            return
        cron = self.env["ir.cron"]
        while mail_id := self._claim_next():
            self._process_stored(mail_id)
            if not cron._commit_progress(1):
                self._wake_up(fields.Datetime.now())
                break

    @api.model
    def _claim_next(self):
        """Count an attempt for the next mail that is due and return its id, or None.

        Counted in a commit before the work: a mail that stops its process is known by it.
        """
        for _try in range(MOST_CLAIMS):
            try:
                with self.env.registry.cursor() as cr:
                    cr.execute(
                        """
                        UPDATE mail_postmaster_message SET
                            attempts = attempts + 1,
                            next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                        WHERE id = (
                            SELECT id FROM mail_postmaster_message
                            WHERE state IN ('received', 'retry')
                                AND next_attempt <= now() AT TIME ZONE 'UTC'
                            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
                        )
                        RETURNING id
                        """,
                        {"lease": LEASE},
                    )
                    row = cr.fetchone()
                    return row[0] if row else None
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another worker took that row between our snapshot and the lock.
                continue
        return None

    @api.model
    def _process_stored(self, mail_id, joins=False):
        """Make an attempt for a mail that is stored.

        :param int mail_id: id of the ``mail.postmaster.message``
        :param bool joins: share the caller's transaction
        """
        with self._transaction(joins) as env:
            pipeline = env[self._name]
            row = pipeline._read_row(mail_id)
            raw = env["mail.postmaster.raw"]._read_content(mail_id)
        if not row:
            return
        options = row.pop("options") or {}
        is_superuser = options.pop("su", True)
        submission = Submission(
            raw=raw or b"", door=options.pop("door", "mail.thread"), source=STORED,
            server_id=row.pop("fetchmail_server_id"),
            addressed_to=options.pop("addressed_to", None), options=options,
        )
        door = self._door_of(submission, row.pop("user_id"), is_superuser)
        pipeline = door.env[self._name]
        crashes = row.pop("attempts") - 1 - row.pop("failures")
        attempt = Attempt(row, submission, joins, known=False)
        if raw is None:
            pipeline._park(attempt, Reason(states.PARKED, "raw_missing"))
        elif crashes >= MOST_CRASHES:
            pipeline._park(attempt, Reason(states.PARKED, "crashed", {"count": crashes}))
        else:
            pipeline._work(door, submission, row, joins)

    def _read_row(self, mail_id):
        self.env.cr.execute(
            """
            SELECT id, mail_key, digest, recipients, options, fetchmail_server_id, user_id,
                attempts, failures
            FROM mail_postmaster_message WHERE id = %s
            """,
            [mail_id],
        )
        return self.env.cr.dictfetchone()

    def _door_of(self, submission, user_id, su):
        """Return the recordset to process a stored mail on: as the one who handed it over."""
        user = self.env["res.users"].sudo().browse(user_id or api.SUPERUSER_ID).exists()
        context = {}
        if submission.server_id:
            context["default_fetchmail_server_id"] = submission.server_id
        env = api.Environment(self.env.cr, user.id or api.SUPERUSER_ID, context, su=su)
        return env[submission.door if submission.door in env else "mail.thread"]

    def _park(self, attempt, reason):
        with self._transaction(attempt.joined) as env:
            pipeline = env[self._name].sudo()  # The outcome is written for every user.
            if (failures := pipeline._failures(attempt.mail_id)) is not None:
                pipeline._settle(attempt, reason, failures, error=None)

    @api.model
    def _release(self, mail_id, joins, changes=None):
        """Give a settled mail a fresh start; return False when it is not settled.

        A repeated mail gets a key of its own: whoever releases it wants it a second time.

        :param dict changes: options of the mail that a person changed
        """
        with self._transaction(joins) as env:
            env.cr.execute(
                """
                UPDATE mail_postmaster_message SET
                    state = 'received', reason_code = 'waiting', reason_params = NULL,
                    attempts = 1, failures = 0, options = options || %(changes)s::jsonb,
                    released = COALESCE(released, false) OR reason_code = ANY(%(repeats)s),
                    mail_key = CASE WHEN reason_code = ANY(%(repeats)s)
                        THEN mail_key || '#' || id ELSE mail_key END,
                    next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                WHERE id = %(id)s AND state = ANY(%(states)s)
                """,
                {"id": mail_id, "states": list(states.RELEASABLE), "lease": LEASE,
                 "repeats": list(REPEATS), "changes": Json(changes or {})},
            )
            return bool(env.cr.rowcount)

    @api.model
    def _process_again(self, mail_id, changes=None):
        """Release a mail and make an attempt at once; for a person who waits for it.

        :param dict changes: ``addressed_to``: list of addresses in place of those of the
            header, empty to use ``model`` and ``thread_id`` (and ``custom_values``)
        """
        _is_enabled, joins = self._read_switches()
        if self._release(mail_id, joins, changes):
            self._process_stored(mail_id, joins)


@dataclass(frozen=True)
class Failure:
    """An attempt that was undone.

    :param Reason reason: what was recorded
    :param Exception error: what happened
    """

    reason: Reason
    error: Exception


def _short(error):
    return f"{type(error).__name__}: {error}"[:300].replace("\0", "")


def _describe(error):
    """Return the end of a traceback for the administrator, or None."""
    if error is None:
        return None
    text = "".join(traceback.format_exception(error))
    return text[-LONGEST_TRACEBACK:].replace("\0", "")

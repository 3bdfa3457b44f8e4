import logging

import psycopg2
from psycopg2.extras import Json

from odoo import api, models

from ..context_keys import ATTEMPT
from ..gateway import error_text, retries, states
from ..gateway.authentication import to_json
from ..gateway.trace import bounded
from ..rules.reasons import REPEAT
from ..rules.verdict import Reason
from .attempt import Stage, UnreadableMail
from .ledger import Failure
from .notices import hold_untold
from .work import CONFLICTS, is_away

_logger = logging.getLogger(__name__)

LONGEST_TRACEBACK = 8000
# The number of recipients that the trace explains.
MOST_EXPLAINED = 10
# A target to which a message was delivered keeps its outcome.
OUTCOME = """
    WITH result AS (
        INSERT INTO mail_postmaster_delivery AS delivery (
            mail_id, mail_key, target, state, reason_code, reason_params, alias_id,
            model, res_id, mail_message_id
        )
        SELECT %(id)s, %(key)s, target, state, code, params, alias_id, model, res_id, message_id
        FROM jsonb_to_recordset(%(results)s) AS result (
            target text, state text, code text, params jsonb, alias_id integer,
            model text, res_id integer, message_id integer
        )
        ON CONFLICT (mail_key, target) DO UPDATE SET
            state = EXCLUDED.state, reason_code = EXCLUDED.reason_code,
            reason_params = EXCLUDED.reason_params, alias_id = EXCLUDED.alias_id,
            model = EXCLUDED.model, res_id = EXCLUDED.res_id,
            mail_message_id = EXCLUDED.mail_message_id
        WHERE delivery.mail_id = EXCLUDED.mail_id AND delivery.state <> 'delivered'
    )
    UPDATE mail_postmaster_message SET
        state = %(state)s, reason_code = %(code)s, reason_params = %(params)s,
        trace = %(trace)s, company_id = %(company)s, next_attempt = %(next)s,
        error = %(error)s, failures = %(failures)s,
        authentication = COALESCE(%(authentication)s, authentication),
        authentication_results = COALESCE(%(found)s, authentication_results),
        settled_at = now() AT TIME ZONE 'UTC'
    WHERE id = %(id)s
"""


class MailPostmasterOutcome(models.AbstractModel):
    """How an attempt is recorded: state, reason, trace, deliveries, the next attempt."""

    _inherit = "mail.postmaster.pipeline"

    def _record_outcome(self, attempt):
        """Write the outcome of a message, in the transaction that created its records."""
        self.env.flush_all()
        hold_untold(self.env, attempt)
        reason = attempt.verdict
        has_failed = attempt.ledger.error or reason.state == states.RETRY
        failures = attempt.mail.failures + 1 if has_failed else 0
        if self.env["mail.postmaster.reason"]._release_of(reason.code) == REPEAT:
            reason = self._explain_repeat(attempt, reason)
        self._settle(attempt, reason, failures, attempt.ledger.error)

    def _explain_repeat(self, attempt, reason):
        """Return what a message repeats: the same content, other content, or our own message."""
        self.env.cr.execute(
            """
            SELECT bool_or(other.digest = mail.digest), mail.message_id
            FROM mail_postmaster_message AS mail
            LEFT JOIN mail_postmaster_delivery AS delivery
                ON delivery.mail_key = %s AND delivery.state = 'delivered'
            LEFT JOIN mail_postmaster_message AS other
                ON other.id = delivery.mail_id AND other.id <> mail.id
            WHERE mail.id = %s GROUP BY mail.id
            """,
            [attempt.mail.key, attempt.mail.id],
        )
        is_same_content, message_id = self.env.cr.fetchone()
        if is_same_content is False:
            return Reason(states.IGNORED, "duplicate_other_content")
        if is_same_content is None and message_id:
            original = self.env["mail.message"].search([("message_id", "=", message_id)], limit=1)
            if original and original.message_type != "email":
                return Reason(
                    states.IGNORED,
                    "own_message",
                    {
                        "model": original.model or "mail.message",
                        "res_id": original.res_id or original.id,
                    },
                )
        return reason

    def _end_badly(self, attempt, error):
        """Record an attempt whose changes were rolled back.

        :return: the :class:`Failure`, or None if the message was settled after all
        """
        unrecorded = None
        reason = self._explain(attempt, error)
        _logger.info("Message %s: %s, %s", attempt.mail.id, reason.code, type(error).__name__)
        for record in (self._record_failure, self._record_barely):
            try:
                with self._transaction(attempt.mail.is_joined) as env:
                    is_recorded = record(env[self._name], attempt, reason, error)
            except Exception as second_error:  # noqa: BLE001  the message is stored and waiting
                _logger.error(
                    "Message %s: the failure could not be recorded (%s)",
                    attempt.mail.id,
                    type(second_error).__name__,
                )
                unrecorded = second_error if is_away(second_error) else None
            else:
                return Failure(reason, error) if is_recorded else None
        # The scheduled action continues from here.
        return Failure(reason, error, unrecorded)

    @staticmethod
    def _record_failure(pipeline, attempt, reason, error):
        """Record a failure with everything that belongs to it; return False if there is none."""
        if pipeline._failures(attempt.mail.id) != attempt.mail.failures:
            # The commit succeeded although it reported an error.
            return False
        attempt.ledger.fail_results(reason)
        if reason.code in ("no_route", "no_route_refused"):
            pipeline._trace_missing_route(attempt)
        pipeline._settle(attempt, reason, attempt.mail.failures + 1, error)
        return True

    @staticmethod
    def _record_barely(pipeline, attempt, reason, error):
        """Record a failure without what could itself fail: company, notices, activities."""
        if pipeline._failures(attempt.mail.id) != attempt.mail.failures:
            return False
        reason, next_attempt = pipeline._plan(attempt, reason, attempt.mail.failures + 1)
        pipeline._write_outcome(
            attempt, (), reason, next_attempt, attempt.mail.failures + 1, error, company_id=None
        )
        return True

    def _failures(self, mail_id):
        """Lock a waiting message and return its number of failures, None if it is settled."""
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
        if (
            isinstance(error, ValueError)
            and attempt.ledger.reason
            and attempt.ledger.reason.state == states.PARKED
        ):
            if attempt.mail.can_refuse:
                return Reason(
                    states.REFUSED,
                    f"{attempt.ledger.reason.code}_refused",
                    attempt.ledger.reason.params,
                )
            return attempt.ledger.reason
        if isinstance(error, UnreadableMail):
            return Reason(states.PARKED, "unreadable", {"error": str(error)})
        if attempt.is_being_read and not isinstance(error, psycopg2.Error):
            return Reason(states.PARKED, "unreadable", {"error": _short(error)})
        return attempt.ledger.failure_reason(error)

    def _settle(self, attempt, reason, failures, error):
        """Write state and reason of a message and its deliveries; schedule a retry or give up."""
        reason, next_attempt = self._plan(attempt, reason, failures)
        if reason.state == states.PARKED and reason.code != "conflict":
            self._tell_senders_of_broken_aliases(attempt)
        self._forget_plans(attempt)
        self._write_outcome(
            attempt,
            attempt.ledger.results,
            reason,
            next_attempt,
            failures,
            error,
            self._company_id(attempt),
        )
        self._settle_superseded(attempt)
        if reason.state == states.PARKED and not attempt.mail.is_quiet:
            self.env["mail.postmaster.message"].browse(attempt.mail.id)._call_for_attention()

    def _plan(self, attempt, reason, failures):
        """Return ``(reason, time of the next attempt)``: without one the message is held."""
        if reason.state != states.RETRY:
            return reason, None
        delay = retries.delay_after(
            failures, self.env["mail.postmaster.policy"]._in_force().retry_schedule
        )
        # A conflict resolves itself; any other failure is left to the user who is looking at it.
        is_last = attempt.mail.is_last and reason.code != "conflict"
        if delay is None or attempt.mail.is_joined or is_last:
            attempt.ledger.give_up()
            return Reason(states.PARKED, reason.code, reason.params), None
        next_attempt = self.env.cr.now() + delay
        self._wake_up(next_attempt)
        return reason, next_attempt

    def _tell_senders_of_broken_aliases(self, attempt):
        """Do what core does at the first exception: mark the alias, notify the sender."""
        attempt.reach(Stage.GIVEN_UP)
        aliases = self.env["mail.alias"].with_context(**{ATTEMPT: attempt})
        for alias_id, message, message_dict in attempt.ledger.alias_failures:
            try:
                with self.env.cr.savepoint():
                    aliases.browse(alias_id)._alias_bounce_incoming_email(
                        message,
                        message_dict,
                        set_invalid=True,
                    )
            except Exception as error:  # noqa: BLE001  a failed notice must not lose the outcome
                attempt.ledger.miss("answer", why="failed", error=type(error).__name__)
                _logger.warning(
                    "Message %s: its sender could not be notified (%s)",
                    attempt.mail.id,
                    type(error).__name__,
                )

    def _settle_superseded(self, attempt):
        """Settle the copies that wait for a target to which this message was delivered."""
        if not attempt.ledger.superseded_ids:
            return
        self.env.cr.execute(
            """
            UPDATE mail_postmaster_message AS mail SET
                state = 'ignored', reason_code = 'superseded', next_attempt = NULL
            WHERE id = ANY(%s) AND state IN ('retry', 'parked') AND NOT EXISTS (
                SELECT 1 FROM mail_postmaster_delivery
                WHERE mail_id = mail.id AND state <> 'delivered'
            )
            """,
            [attempt.ledger.superseded_ids],
        )

    def _wake_up(self, at):
        self.env.ref("mail_postmaster.ir_cron_process")._trigger(at=at)

    def _forget_plans(self, attempt):
        """Forget the deliveries that an earlier attempt planned and this one did not."""
        if attempt.mail.is_known:
            self.env.cr.execute(
                "DELETE FROM mail_postmaster_delivery "
                "WHERE mail_id = %s AND state <> 'delivered' AND target <> ALL(%s)",
                [attempt.mail.id, [result.target for result in attempt.ledger.results]],
            )

    def _write_outcome(self, attempt, results, reason, next_attempt, failures, error, company_id):
        """Write the outcome of a message and of its targets, with one statement.

        :param results: the :class:`RouteResult` of each target
        """
        self.env.cr.execute(
            OUTCOME,
            {
                "id": attempt.mail.id,
                "key": attempt.mail.key,
                "results": Json(_rows_of(results)),
                "state": reason.state,
                "code": reason.code,
                "params": Json(bounded(reason.params)),
                "trace": Json(attempt.ledger.trace.steps),
                "company": company_id,
                "next": next_attempt,
                "error": _describe(error) if self._is_unexpected(reason) else None,
                "failures": failures,
                **_found(attempt),
            },
            # The content of a message does not belong in the server's log.
            log_exceptions=False,
        )

    def _is_unexpected(self, reason):
        known = self.env["mail.postmaster.reason"]._definitions().get(reason.code)
        return bool(known and known.is_unexpected)

    def _company_id(self, attempt):
        """Return the id of the company that a message belongs to.

        This is the company of the alias's owner or defaults; else of its domain, if only one
        company has that domain; else of the user who runs the gateway.
        """
        alias_ids = [result.alias_id for result in attempt.ledger.results if result.alias_id]
        return self._company_of(attempt, self.env["mail.alias"].browse(alias_ids[:1])).id

    @api.model
    def _company_of(self, attempt, alias):
        """Return the company of a message for an alias, or for none."""
        if alias:
            company = alias._gateway_company()
        else:
            known = attempt.found.addressing and attempt.found.addressing.addresses
            company = self.env["mail.alias.domain"]._gateway_company(known or attempt.addresses)
        return company or self.env.company

    def _trace_missing_route(self, attempt):
        """Add to the trace why each recipient is unknown."""
        aliases = self.env["mail.alias"]
        known_domains = {domain.name.lower() for domain in self.env["mail.alias.domain"].search([])}
        addresses = attempt.addresses[:MOST_EXPLAINED]
        local_parts = {address.partition("@")[0] for address in addresses}
        by_name = aliases.search([("alias_name", "in", sorted(local_parts))]).grouped("alias_name")
        for address in addresses:
            local_part, _at, domain = address.partition("@")
            if domain not in known_domains:
                attempt.ledger.miss("domain_unknown", domain=domain)
            if elsewhere := by_name.get(local_part):
                attempt.ledger.miss(
                    "alias_elsewhere", address=address, alias=elsewhere[0].display_name
                )
            else:
                attempt.ledger.miss("alias_unknown", address=address)


def _rows_of(results):
    """Return the columns of each target once: its delivery, else the last outcome."""
    by_target = {}
    for result in results:
        before = by_target.get(result.target)
        if not before or before.reason.state != states.DELIVERED:
            by_target[result.target] = result
    return [
        {
            "target": result.target,
            "state": result.reason.state,
            "code": result.reason.code,
            "params": bounded(result.reason.params),
            "alias_id": result.alias_id,
            "model": result.model,
            "res_id": result.res_id,
            "message_id": result.message_id,
        }
        for result in by_target.values()
    ]


def _found(attempt):
    """Return the columns about the sender's authentication; None for unknown values."""
    if attempt.found.identity is None:
        return {"authentication": None, "found": None}
    results = attempt.found.authentication
    return {
        "authentication": attempt.found.identity.verdict.outcome,
        "found": results and Json(to_json(results)),
    }


def _short(error):
    return error_text.sentence(error)[:300].replace("\0", "")


def _describe(error):
    """Return the end of a traceback for the administrator, or None."""
    if error is None:
        return None
    return error_text.report(error)[-LONGEST_TRACEBACK:].replace("\0", "")

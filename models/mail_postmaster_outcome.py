import logging
import traceback

import psycopg2
from psycopg2.extras import Json

from odoo import api, fields, models

from ..gateway import envelope, retries, states
from .attempt import ATTEMPT, Failure, Reason, UnreadableMail
from .mail_postmaster_pipeline import CONFLICTS

_logger = logging.getLogger(__name__)

LONGEST_TRACEBACK = 8000
# How many recipients the trace explains.
MOST_EXPLAINED = 10
# Reasons behind which an exception stands that an administrator wants to see.
UNEXPECTED = ("conflict", "failed", "alias_failed", "unreadable")


class MailPostmasterOutcome(models.AbstractModel):
    """How an attempt is written down: state, reason, trace, deliveries, the next attempt."""

    _inherit = "mail.postmaster.pipeline"

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
                pipeline = env[self._name]
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
            alias = self.env["mail.alias"].browse(attempt.alias_failures[0][0])
            params = {"alias": alias.display_name, "error": type(error).__name__}
            return Reason(states.RETRY, "alias_failed", params)
        return Reason(states.RETRY, "failed", {"error": type(error).__name__})

    def _settle(self, attempt, reason, failures, error):
        """Write state and reason of a mail and its deliveries; plan or give up another attempt."""
        next_attempt = None
        if reason.state == states.RETRY:
            delay = retries.delay_after(failures, self.env["mail.postmaster.policy"]._retry_schedule())
            # A conflict passes by itself; anything else waits for whoever looks at it now.
            if delay is None or attempt.joined or (attempt.is_last and reason.code != "conflict"):
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
            self.env["mail.postmaster.message"].browse(attempt.mail_id)._call_for_attention()

    def _tell_senders_of_broken_aliases(self, attempt):
        """Do what core does at the first exception: mark the alias, answer the sender."""
        attempt.is_over = True
        aliases = self.env["mail.alias"].with_context(**{ATTEMPT: attempt})
        for alias_id, message, message_dict in attempt.alias_failures:
            aliases.browse(alias_id)._alias_bounce_incoming_email(message, message_dict, set_invalid=True)
        self.env.flush_all()

    def _wake_up(self, at):
        self.env.ref("mail_postmaster.ir_cron_process")._trigger(at=at)

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
            company = self.env["mail.alias"].browse(alias_ids[0])._gateway_company()
        else:
            company = self.env["mail.alias.domain"]._gateway_company(attempt.recipients)
        return (company or self.env.company).id

    def _trace_missing_route(self, attempt):
        """Add to the trace why each recipient is nobody's address."""
        aliases = self.env["mail.alias"]
        known_domains = {domain.name.lower() for domain in self.env["mail.alias.domain"].search([])}
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


def _short(error):
    return f"{type(error).__name__}: {error}"[:300].replace("\0", "")


def _describe(error):
    """Return the end of a traceback for the administrator, or None."""
    if error is None:
        return None
    text = "".join(traceback.format_exception(error))
    return text[-LONGEST_TRACEBACK:].replace("\0", "")

"""The handling of reports: bounces, receipts and complaints about our messages."""

from dataclasses import dataclass, field, replace

from odoo import api, models
from odoo.tools import email_normalize
from odoo.tools.mail import email_split

from ..gateway import states
from ..gateway.address_list import first_address
from ..gateway.automatic import AUTO_REPLY, HUMAN
from ..gateway.reports.enhanced_status import explain
from ..policy.settings import LOOPS
from ..rules.verdict import Reason
from ..words.report_sentences import COMPLAINT, FEEDBACK, RECEIPT, encode_outcomes
from .delivering import claim_targets
from .ledger import RouteResult
from .report_recipients import SentTo, message_ids

TARGET = "report"
MAILER_DAEMON = "mailer-daemon"
# Core reads every record with a failed address, so a forged report that names a thousand foreign
# addresses would take long. Recipients of the message itself are always checked.
MOST_STRANGERS = 20
# The number of recipients that the trace explains.
MOST_EXPLAINED = 10


@dataclass
class Outcome:
    """What a report says about one recipient, and which of our recipients that is.

    :param kind: ``hard``, ``soft``, ``success``, ``unknown``, ``receipt`` or ``complaint``
    :param code: why, a key of ``report_sentences.WHY``
    :param params: address, server, status and diagnostic of
    :func:`gateway.reports.enhanced_status.explain`
    :param candidates: the addresses it may be known by, canonical
    :param notification: the ``mail.notification`` of that recipient, or an empty recordset
    :param recipient: which address of the message's recipients that is, canonical, or ``""``
    :param is_guess: whether it may be about another address, so that no list counts it
    """

    kind: str
    code: str
    params: dict = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    notification: models.BaseModel | None = None
    recipient: str = ""
    is_guess: bool = False

    @property
    def is_matched(self) -> bool:
        """Whether it is about a recipient of the message."""
        return bool(self.notification or self.recipient)

    @property
    def address(self) -> str:
        return self.params.get("address", "")

    @property
    def content(self) -> dict:
        """What a notification keeps of it."""
        return {"kind": self.kind, "code": self.code, **self.params}


@dataclass
class Reported:
    """What a report says about a message and its recipients.

    :param original: the ``mail.message`` that it is about, or an empty recordset
    :param recipients: the :class:`SentTo` of that message
    :param outcomes: the :class:`Outcome` of each recipient that the report names
    :param first: the first outcome that core counts as a failure, or None
    :param first_values: the values of that failure for core, empty without one
    """

    original: models.BaseModel
    recipients: SentTo
    outcomes: list[Outcome]
    first: Outcome | None = None
    first_values: dict = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Whether it is about a message that was sent from here, to these recipients."""
        is_matched = any(outcome.is_matched for outcome in self.outcomes)
        return self.recipients.is_ours and (is_matched or not self.outcomes)


class MailPostmasterReport(models.AbstractModel):
    """Reports, from ``gateway.reports``, connected to core's handling of bounces.

    Core takes every ``multipart/report`` for a failure of its first recipient. Here the report is
    parsed, and core is called once for each recipient that has failed permanently. Everything else
    a report says is written on the notification of that recipient, and changes no counter. This
    applies under every preset. If core decides on loops, core also decides which messages are
    reports.
    """

    _name = "mail.postmaster.report"
    _description = "Reports about sent messages"

    # --- what is a report -----------------------------------------------------------

    @api.model
    def _is_report(self, attempt, message_dict, says_core):
        """Return whether a message is to be handled as a report, and not to be routed.

        :param dict message_dict: with the recipients as core knows them
        :param bool says_core: the result of ``mail.thread._detect_is_bounce``
        """
        if self._leaves_to_core():
            return says_core
        if attempt.mail.report:
            return True
        return says_core and self._is_addressed_as_report(attempt, message_dict)

    def _is_addressed_as_report(self, attempt, message_dict):
        """Return whether a non-report has an address that only reports should use.

        A type alone, such as that of a TLS report, does not keep a message from its alias.
        """
        if attempt.mail.is_released:
            # A user has read it and wants it to be delivered where possible.
            return False
        if _local_part(message_dict["email_from"]) == MAILER_DAEMON:
            return True
        if not self._is_to_bounce_address(message_dict):
            return False
        if attempt.found.addressing and attempt.found.addressing.alias_ids:
            return False
        # Out-of-office replies go to the return path (RFC 3834 section 4), and belong in their
        # conversation if their policy says so.
        return not (attempt.mail.automatic.kind == AUTO_REPLY and message_dict.get("parent_id"))

    def _is_to_bounce_address(self, message_dict):
        written_to = {email_normalize(to) or to for to in email_split(message_dict["to"])}
        bounce_addresses = self.env["mail.postmaster.addressing"]._bounce_addresses()
        return not bounce_addresses.isdisjoint(written_to)

    # --- which message it is about --------------------------------------------------

    @api.model
    def _bounce_values(self, attempt, message_dict):
        """Return the values of a bounce for ``mail.thread._message_parse_extract_bounce``.

        They are those of the first recipient that has failed, because overrides of other addons
        read them before core handles the report, wherever they stand. Core gets the other
        recipients one by one.
        """
        values = {"is_bounce": True, **self._no_failure()}
        if not attempt.mail.report:
            return {**values, "bounced_message": self.env["mail.message"].sudo()}
        reported = self._read(attempt, message_dict)
        values["bounced_message"] = reported.original
        # A delivery that failed in the past says nothing about an address today.
        return values if attempt.mail.is_quiet else {**values, **reported.first_values}

    @api.model
    def _withdraw_handled(self, attempt, message_dict):
        """Take the failure out of a copy of a report that was handled: it must not count again."""
        handled = [
            ("mail_key", "=", attempt.mail.key),
            ("target", "=", TARGET),
            ("state", "=", states.DELIVERED),
        ]
        # A caller's own transaction claims nothing, see _handle.
        if attempt.mail.is_callers or not attempt.mail.report:
            return
        if self.env["mail.postmaster.delivery"].search_count(handled, limit=1):
            message_dict.update(self._no_failure())

    def _no_failure(self):
        return {
            "bounced_email": False,
            "bounced_partner": self.env["res.partner"].sudo(),
            # Overrides of other addons would take them for failed, whatever the report says.
            "bounced_msg_ids": [],
        }

    def _read(self, attempt, message_dict):
        """Return what the report of an attempt says, as :class:`Reported`; it is read once."""
        if attempt.found.reported is None:
            original = self._original(attempt, attempt.mail.report)
            recipients = SentTo(
                original,
                message_ids(attempt.mail.report),
                bool(original & self._proven(attempt)),
                as_core=self._leaves_to_core(),
            )
            outcomes = self._outcomes(attempt.mail.report, message_dict, recipients)
            reported = Reported(original, recipients, outcomes)
            attempt.found.reported = reported
            failures = (
                (one, self._failure(attempt, reported, one)) for one in _countable(outcomes)
            )
            reported.first, reported.first_values = next(
                (failure for failure in failures if failure[1]), (None, {})
            )
        return attempt.found.reported

    def _original(self, attempt, report):
        """Return the ``mail.message`` that a report is about, or an empty recordset."""
        messages = self.env["mail.message"].sudo()
        # The token cannot be forged, whereas anyone may know a Message-Id.
        if message := self._proven(attempt):
            attempt.ledger.hit(
                "report_original",
                reference=message.message_id,
                source="return path",
            )
            return message
        ids = message_ids(report)
        found = messages.search([("message_id", "in", ids)], order="id") if ids else messages
        # The latest, if several have the same Message-Id.
        if not self._leaves_to_core():
            found = found.filtered(_was_sent)
        by_id = {message.message_id: message for message in found}
        for original in report.original_ids:
            if original.message_id in by_id:
                attempt.ledger.hit(
                    "report_original",
                    reference=original.message_id,
                    source=original.source,
                )
                return by_id[original.message_id]
        attempt.ledger.miss("report_original", references=", ".join(ids))
        return messages

    def _proven(self, attempt):
        """Return the message whose signed return path the report came to, or none."""
        return self.env["mail.postmaster.return_path"]._message(attempt.addresses)

    # --- what is done ---------------------------------------------------------------

    @api.model
    def _handle(self, attempt, email_message, message_dict, core):
        """Record a report, once for all its copies.

        :param core: ``mail.thread._routing_handle_bounce`` of core and other addons
        """
        if not attempt.mail.report and not self._leaves_to_core():
            self._note_no_report(attempt, message_dict)
            return
        result = RouteResult(TARGET, Reason(states.IGNORED, "report_unmatched"))
        if attempt.mail.is_callers:
            attempt.ledger.results.append(result)
        elif not claim_targets(self.env, attempt, {TARGET: result}):
            # A second copy of the report must not count as a second bounce.
            return
        if not attempt.mail.report:
            core(email_message, message_dict)
            return
        reported = self._read(attempt, message_dict)
        attempt.is_applying_report = True
        try:
            for outcome in _countable(reported.outcomes):
                self._apply(attempt, email_message, message_dict, outcome, core)
        finally:
            attempt.is_applying_report = False
        # Their authors see it without reloading the page.
        reported.original._notify_message_notification_update()
        self._note_outcomes(attempt, reported, result)

    def _leaves_to_core(self):
        return self.env["mail.postmaster.policy"]._in_force().choice(LOOPS) == "odoo"

    def _note_no_report(self, attempt, message_dict):
        """Ignore an unreadable message of a program; hold one that a person may have written.

        A subject or an unsubscribe link alone does not distinguish a person from a program.
        """
        automatic = attempt.mail.automatic
        is_proven = automatic.is_strong or _local_part(message_dict["email_from"]) == MAILER_DAEMON
        if automatic.kind == HUMAN or not is_proven:
            attempt.ledger.decide(states.PARKED, "bounce_address_person")
        else:
            attempt.ledger.decide(states.IGNORED, "report_unreadable", proof=automatic.proof)

    def _outcomes(self, report, message_dict, recipients):
        """Return the :class:`Outcome` of each recipient that a report names.

        :param SentTo recipients: the recipients of the message
        """
        if report.disposition:
            return [self._receipt(report.disposition, message_dict, recipients)]
        if report.feedback:
            return self._complaints(report.feedback, recipients)
        return self._delivery_outcomes(report.recipients, recipients)

    def _delivery_outcomes(self, statuses, recipients):
        outcomes = {}
        if self._leaves_to_core():
            # Core does not search for addresses in the human-readable part.
            statuses = [
                replace(status, address="", original_recipient="")
                if status.is_from_text
                else status
                for status in statuses
            ]
        for status in statuses:
            code, params = explain(status)
            outcome = Outcome(
                status.outcome,
                code,
                params,
                status.candidates,
                *self._match(recipients, status.candidates, is_alone=len(statuses) == 1),
            )
            # A server that lists an address twice does not report two failures.
            key = outcome.notification or outcome.recipient or status.candidates
            outcomes.setdefault(key, outcome)
        return list(outcomes.values())

    def _receipt(self, disposition, message_dict, recipients):
        candidates = tuple(
            filter(
                None,
                (
                    disposition.recipient,
                    first_address(message_dict["email_from"] or ""),
                ),
            )
        )
        return Outcome(
            RECEIPT,
            f"receipt_{disposition.type or 'unknown'}",
            {"address": next(iter(candidates), "")},
            candidates,
            *self._match(recipients, candidates, is_alone=True),
        )

    def _complaints(self, feedback, recipients):
        code = f"complaint_{feedback.type}" if feedback.is_complaint else FEEDBACK
        addresses = feedback.addresses or ("",)
        # With several recipients, the returned message does not tell which of them complained.
        is_unclear = feedback.source == "returned" and len(addresses) > 1
        outcomes = []
        for address in addresses:
            outcome = Outcome(
                COMPLAINT,
                code,
                {"address": address, "type": feedback.type},
                (address,),
                *self._match(recipients, (address,), is_alone=len(addresses) == 1),
            )
            outcome.is_guess |= is_unclear
            outcomes.append(outcome)
        return outcomes

    def _match(self, recipients, candidates, is_alone):
        """Return the values of an :class:`Outcome` that identify its recipient."""
        address, notification, is_guess = recipients.find(candidates, is_alone)
        return notification, address, is_guess

    def _note_outcomes(self, attempt, reported, result):
        """Write into the log what the report says, and about which message."""
        original, outcomes = reported.original, reported.outcomes
        for outcome in outcomes[:MOST_EXPLAINED]:
            step = attempt.ledger.hit if outcome.is_matched else attempt.ledger.miss
            step("report_outcome", outcomes=encode_outcomes([outcome]))
        params = {"outcomes": encode_outcomes(outcomes)}
        if not reported.is_ours:
            result.reason = Reason(states.IGNORED, "report_unmatched", params)
            return
        kinds = {outcome.kind for outcome in outcomes}
        code = next(
            (f"{kind}_recorded" for kind in (RECEIPT, COMPLAINT) if kind in kinds),
            "report_recorded",
        )
        result.reason = Reason(states.DELIVERED, code, params)
        if original.model and original.res_id:
            result.model, result.res_id = original.model, original.res_id
        result.message_id = original.id or None


def _countable(outcomes):
    """Yield all outcomes but those of too many addresses that the message was not sent to."""
    strangers = 0
    for outcome in outcomes:
        strangers += not outcome.is_matched
        if outcome.is_matched or strangers <= MOST_STRANGERS:
            yield outcome


def _local_part(email_from):
    return (email_split(email_from or "") or [""])[0].partition("@")[0].lower()


def _was_sent(message):
    """Return whether a message was sent from here: a received one has a foreign Message-Id."""
    return message.message_type != "email" or "email" in message.notification_ids.mapped(
        "notification_type"
    )

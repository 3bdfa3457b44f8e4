"""The state of one attempt to process one message.

A single plain object under one context key, created for each attempt. The overrides of core's
decision points find it there and record what core decided.
"""

import uuid
from dataclasses import dataclass
from functools import cached_property

from ..gateway import fingerprint, states
from ..gateway.automatic import classify
from ..gateway.envelope import decode_field, read_fields, split_addresses
from ..gateway.reports import read_report
from ..gateway.sender import sender_of
from ..gateway.trace import Trace
from ..rules.verdict import Reason
from .submission import STORED

ATTEMPT = "mail_postmaster_attempt"


class UnreadableMail(Exception):
    """Core cannot store the content of this message; the text names the reason."""


@dataclass(frozen=True)
class Failure:
    """An attempt that was rolled back.

    :param Reason reason: what was recorded
    :param Exception error: what happened
    """

    reason: Reason
    error: Exception


@dataclass
class RouteResult:
    """The outcome of a message at one target."""

    target: str
    reason: Reason
    alias_id: int | None = None
    model: str | None = None
    res_id: int | None = None
    message_id: int | None = None


def target_of(route, server_id):
    """Return the text that identifies the target of one of core's routes.

    :param route: ``(model, thread id, custom values, user id, alias)``
    :param server_id: id of the incoming server whose fallback this may be, or None
    """
    model, thread_id, _values, _user_id, alias = route
    if thread_id:
        return f"thread:{model},{thread_id}"
    if alias:
        return f"alias:{alias.id}"
    return f"fallback:{model},{server_id or ''}"


class Attempt:
    """What is known and recorded during one attempt.

    :param dict row: of the message in the log: id, mail_key, digest, recipients, released
    :param submission: the :class:`Submission` that contained the message
    :param bool joined: whether the attempt runs in the caller's transaction and shares its outcome
    :param bool is_known: whether an earlier attempt or a copy of this message has claimed a target
    :param int failures: how often the message had failed before this attempt
    """

    def __init__(self, row, submission, joined, is_known=False, failures=0):
        self.mail_id = row["id"]
        self.mail_key = row["mail_key"]
        self.digest = row["digest"]
        self.recipients = row["recipients"] or ""
        self.server_id = submission.server_id
        self.can_refuse = submission.can_refuse
        # Releasing a refused message overrides what core would check again.
        self.is_released = bool(row.get("released"))
        # A Python caller in the middle of a transaction gets core's exceptions and return values.
        self.is_last = submission.is_last
        self.is_callers = joined and submission.source != STORED
        # Send no notifications: the message was read elsewhere long ago.
        self.is_quiet = submission.is_quiet
        self.addressed_to = submission.addressed_to
        self.accepted_targets = submission.accepted_targets
        self.joined = joined
        self.is_known = is_known
        # Core ignores a message whose Message-Id is known or (newer 19.0) locked by another
        # transaction. Until the message is routed, core sees an id that no other attempt has.
        self._private_suffix = f".{uuid.uuid4().hex}"
        self.failures = failures
        # Messages that had claimed a target of this one without being delivered there.
        self.superseded_ids = []
        # The policy.snapshot.Policies in force, read in the transaction of the attempt.
        self.policies = None
        # The Addressing of the message, unless core alone decides on recipients.
        self.addressing = None
        # The gateway.authentication Results for the sender of the message, and the Identity that it
        # may act as; None if sender authentication is not configured.
        self.authentication = None
        self.identity = None
        # Canonical addresses that core takes as the sender.
        self.senders_read = frozenset()
        # Whether the message claims to come from one of our users; None until this is first asked.
        self.claims_us = None
        # A user has seen that the sender is unauthenticated, and has accepted the message.
        self.is_sender_accepted = submission.is_sender_accepted
        # For the current route: the forms of the sender's address that no lookup may match, and the
        # remarks to post beside the message.
        self.withheld = frozenset()
        self.mark = None
        self.raw = submission.raw
        self.header = fingerprint.split_header(submission.raw)[0]
        # {target: how to treat automatic messages there}, see gateway.treatments.
        self.treatments = {}
        # For the current route.
        self.treatment = None
        self.trace = Trace()
        self.results = []
        self.reason = None
        self.message_ids = []
        self.alias_failures = []
        self.error = None
        # Code of the reason that a notice of core is about.
        self.answers_about = None
        # Minutes within which the notice is sent once, if not a day.
        self.answer_window = None
        # The judgment of a reply in a conversation, see mail_postmaster_reply.
        self.reply = None
        # Version of all alias domains, as this transaction sees them; None until it is read.
        self.alias_domains_version = None
        # See shortcuts/memoize.py.
        self.answers = {}
        # What core has read of the message.
        self.message_dict = None
        # Whether Python's parser has split the message into parts.
        self.is_divided = False
        self.is_parsed = False
        self.is_routed = False
        self.in_route = False
        # Whether the chain of overrides is called again, for one more recipient of a report.
        self.handles_bounce = False
        self.is_over = False
        self._is_entered = False

    @cached_property
    def automatic(self):
        """Who wrote the message, as a :class:`gateway.automatic.Automatic`."""
        return classify(self.header)

    @cached_property
    def report(self):
        """What the message reports about another, a :class:`gateway.reports.Report`, or None."""
        return read_report(self.raw)

    @property
    def origin(self):
        """Where the message comes from, as a :class:`gateway.sender.Sender`."""
        return sender_of(self.header, self.message_dict["email_from"] or "")

    def field(self, name):
        """Return the decoded text of a header field, the topmost of its name; empty for none."""
        values = read_fields(self.header, decode_field).get(name.lower(), [])
        return next(iter(values), "")

    @property
    def is_being_read(self):
        """Whether core has the message and has not read all of it: an error concerns its form."""
        return self._is_entered and not self.is_parsed

    def enter(self):
        """Return True once: for the call that this attempt was made for, not for nested calls."""
        first, self._is_entered = not self._is_entered, True
        return first

    @property
    def addresses(self):
        """The recipients: by the evidence, or by the header if core alone decides."""
        if self.addressing:
            return self.addressing.recipients.addresses
        return split_addresses(self.recipients)

    def note_repairs(self, repairs):
        """Record what was changed to read the message, each a :class:`gateway.repair.Repair`."""
        for repaired in repairs:
            self.trace.hit(f"repaired_{repaired.code}", **repaired.params)

    def hide_message_id(self, values):
        values["message_id"] += self._private_suffix

    def show_message_id(self, values):
        values["message_id"] = values["message_id"].removesuffix(self._private_suffix)

    def decide(self, state, code, **params):
        """Record a decision of core about the whole message; the first one counts."""
        self.reason = self.reason or Reason(state, code, params)

    def note_served_route(self, target, model, res_id, message_ids):
        """Record the record and the message that a target got."""
        result = next(result for result in self.results if result.target == target)
        if not res_id and not message_ids:
            # Whether another addon has processed the route is not known.
            result.reason = Reason(states.RETRY, "made_nothing", {"target": target})
            self.trace.miss("made_nothing", target=target)
            return
        result.model, result.res_id = model, res_id or None
        result.message_id = message_ids[0] if message_ids else None
        self.trace.hit("record", model=model, res_id=res_id, target=target)

    def note_failed_route(self, target, error):
        """Record that a target failed while others succeeded."""
        result = next(result for result in self.results if result.target == target)
        result.reason = self.failure_reason(error, result)
        result.model = result.res_id = None
        self.error = error
        self.trace.miss("record", target=target, error=type(error).__name__)

    @staticmethod
    def failure_reason(error, result=None):
        """Return the :class:`Reason` for an exception; it names the alias, if there is one."""
        params = {"error": type(error).__name__}
        if result and result.alias_id:
            alias = result.reason.params.get("alias", "")
            return Reason(states.RETRY, "alias_failed", {**params, "alias": alias})
        return Reason(states.RETRY, "failed", params)

    @property
    def failed_result(self):
        """The :class:`RouteResult` of the first alias that failed to create its record, or None."""
        failed_ids = {alias_id for alias_id, _message, _values in self.alias_failures}
        return next((result for result in self.results if result.alias_id in failed_ids), None)

    def fail_results(self, reason):
        """Give this reason to every target of an attempt that was rolled back."""
        for result in self.results:
            result.reason = reason
            result.message_id = None

    def give_up(self):
        """Mark the targets that would be retried as needing attention."""
        for result in self.results:
            if result.reason.state == states.RETRY:
                result.reason = Reason(states.PARKED, result.reason.code, result.reason.params)

    @property
    def verdict(self):
        """The :class:`Reason` for the whole message: the worst one of its targets."""
        reasons = [result.reason for result in self.results]
        if reasons:
            worst = states.worst(reason.state for reason in reasons)
            return next(reason for reason in reasons if reason.state == worst)
        if self.reason:
            return self.reason
        # An unknown outcome is not a decision: retry the message, then hold it for review.
        return Reason(states.RETRY, "not_routed" if self.is_routed else "left_before_routing")

"""The state of one attempt at processing one mail.

One plain object under one context key, new for each attempt: the overrides of core's
decision points find it there and note what core decided.
"""

import uuid
from dataclasses import dataclass, field
from functools import cached_property

from ..gateway import identity, states
from ..gateway.automatic import classify
from ..gateway.envelope import split_addresses
from ..gateway.origin import read_origin
from ..gateway.reports import read_report
from ..gateway.trace import Trace
from .submission import STORED

ATTEMPT = "mail_postmaster_attempt"


class UnreadableMail(Exception):
    """Core can not store what is in this mail; the text says what."""


@dataclass(frozen=True)
class Reason:
    """Why a mail is in its state.

    :param state: see :mod:`gateway.states`
    :param code: key of the sentence, see ``models/sentences.py``
    :param params: what the sentence names
    """

    state: str
    code: str
    params: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """An attempt that was undone.

    :param Reason reason: what was recorded
    :param Exception error: what happened
    """

    reason: Reason
    error: Exception


@dataclass
class RouteResult:
    """What became of one target of a mail."""

    target: str
    reason: Reason
    alias_id: int | None = None
    model: str | None = None
    res_id: int | None = None
    message_id: int | None = None


def target_of(route, server_id):
    """Return the text that names the target of one of core's routes.

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
    """What is known and noted during one attempt.

    :param dict row: of the mail's row in the log: id, mail_key, digest, recipients, released
    :param submission: the :class:`Submission` it came with
    :param bool joined: inside the caller's transaction, whose fate it shares
    :param bool is_known: an attempt or a copy of this mail has claimed a target before
    :param int failures: how often the mail had failed before this attempt
    """

    def __init__(self, row, submission, joined, is_known=False, failures=0):
        self.mail_id = row["id"]
        self.mail_key = row["mail_key"]
        self.digest = row["digest"]
        self.recipients = row["recipients"] or ""
        self.server_id = submission.server_id
        self.can_refuse = submission.can_refuse
        # Whoever releases a refused mail has decided what core would check again.
        self.is_released = bool(row.get("released"))
        # A Python caller in the middle of its work gets core's exceptions and core's answers.
        self.is_last = submission.is_last
        self.is_callers = joined and submission.source != STORED
        # Nobody is to hear of it: it was read elsewhere long ago.
        self.is_quiet = submission.is_quiet
        self.addressed_to = submission.addressed_to
        self.accepted_targets = submission.accepted_targets
        self.joined = joined
        self.is_known = is_known
        # Core ignores a message whose Message-Id is known, or (newer 19.0) locked by another
        # transaction. It sees an id that no other attempt has, until the message is routed.
        self._private_suffix = f".{uuid.uuid4().hex}"
        self.failures = failures
        # Mails that had claimed a target of this one and not been delivered there.
        self.superseded_ids = []
        # The Addressing of the mail, where that is not core's alone.
        self.addressing = None
        # The gateway.authentication Results on who wrote the mail, and the Identity that it may
        # act as; None where nothing is set up.
        self.authentication = None
        self.identity = None
        # Canonical addresses that core takes for the sender.
        self.senders_read = frozenset()
        # Whether the mail says that it is of one of us, once somebody has asked.
        self.claims_us = None
        # A person has seen that the sender is not proved, and accepted the mail.
        self.is_sender_accepted = submission.is_sender_accepted
        # Of the route in hand: the forms of a sender whom nobody is to be found by, and what is
        # said beside the message.
        self.withheld = frozenset()
        self.mark = None
        self.raw = submission.raw
        self.header = identity.split_header(submission.raw)[0]
        # {target: what becomes of automatic mail there}, see gateway.screening.
        self.treatments = {}
        # Of the route in hand.
        self.treatment = None
        self.trace = Trace()
        self.results = []
        self.reason = None
        self.message_ids = []
        self.alias_failures = []
        self.error = None
        # Code of the reason that an answer of core is about.
        self.answers_about = None
        # Minutes in which it is given once, where that is not a day.
        self.answer_window = None
        # An answer to a conversation, as it was judged, see mail_postmaster_reply.
        self.reply = None
        # Of all alias domains, as this transaction sees them; None where that was not asked.
        self.alias_domains_version = None
        # See shortcuts/memoize.py.
        self.answers = {}
        # What core has read of the mail.
        self.message_dict = None
        # Python's parser has divided it into parts.
        self.is_divided = False
        self.is_parsed = False
        self.is_routed = False
        self.in_route = False
        # The chain of overrides is called again, for one more recipient of a report.
        self.handles_bounce = False
        self.is_over = False
        self._is_entered = False

    @cached_property
    def automatic(self):
        """Who wrote the mail, as an :class:`gateway.automatic.Automatic`."""
        return classify(self.header)

    @cached_property
    def report(self):
        """What the mail tells about another mail, a :class:`gateway.reports.Report`, or None."""
        return read_report(self.raw)

    @property
    def origin(self):
        """Where the mail comes from, as a :class:`gateway.origin.Origin`."""
        return read_origin(self.header, self.message_dict["email_from"] or "")

    def enter(self):
        """Return True once: for the call this attempt was made for, not for calls inside it."""
        first, self._is_entered = not self._is_entered, True
        return first

    @property
    def addresses(self):
        """Who the mail is for: by the evidence, or by its header where that is core's alone."""
        if self.addressing:
            return self.addressing.recipients.addresses
        return split_addresses(self.recipients)

    def note_repairs(self, repairs):
        """Note what was changed to read the mail, each a :class:`gateway.repair.Repair`."""
        for repaired in repairs:
            self.trace.hit(f"repaired_{repaired.code}", **repaired.params)

    def hide_message_id(self, values):
        values["message_id"] += self._private_suffix

    def show_message_id(self, values):
        values["message_id"] = values["message_id"].removesuffix(self._private_suffix)

    def decide(self, state, code, **params):
        """Note a decision of core about the whole mail; the first one counts."""
        self.reason = self.reason or Reason(state, code, params)

    def note_served_route(self, target, model, res_id, message_ids):
        """Note the record and the message that a target got."""
        result = next(result for result in self.results if result.target == target)
        if not res_id and not message_ids:
            # What another addon made of it, if anything, is not known.
            result.reason = Reason(states.RETRY, "made_nothing", {"target": target})
            self.trace.miss("made_nothing", target=target)
            return
        result.model, result.res_id = model, res_id or None
        result.message_id = message_ids[0] if message_ids else None
        self.trace.hit("record", model=model, res_id=res_id, target=target)

    def note_failed_route(self, target, error):
        """Note that a target failed while others were served."""
        result = next(result for result in self.results if result.target == target)
        result.reason = self.failure_reason(error, result)
        result.model = result.res_id = None
        self.error = error
        self.trace.miss("record", target=target, error=type(error).__name__)

    @staticmethod
    def failure_reason(error, result=None):
        """Return the :class:`Reason` for an exception, which names the alias where there is one."""
        params = {"error": type(error).__name__}
        if result and result.alias_id:
            alias = result.reason.params.get("alias", "")
            return Reason(states.RETRY, "alias_failed", {**params, "alias": alias})
        return Reason(states.RETRY, "failed", params)

    @property
    def failed_result(self):
        """The :class:`RouteResult` of the first alias that could not make its record, or None."""
        failed_ids = {alias_id for alias_id, _message, _values in self.alias_failures}
        return next((result for result in self.results if result.alias_id in failed_ids), None)

    def fail_results(self, reason):
        """Give every target of an attempt that was undone the reason for that."""
        for result in self.results:
            result.reason = reason
            result.message_id = None

    def give_up(self):
        """Turn the targets that would be tried again into ones that need a person."""
        for result in self.results:
            if result.reason.state == states.RETRY:
                result.reason = Reason(states.PARKED, result.reason.code, result.reason.params)

    @property
    def verdict(self):
        """The :class:`Reason` of the whole mail: the worst of its targets."""
        reasons = [result.reason for result in self.results]
        if reasons:
            worst = states.worst(reason.state for reason in reasons)
            return next(reason for reason in reasons if reason.state == worst)
        if self.reason:
            return self.reason
        # What is not understood is no decision: it is tried again, then left to a person.
        return Reason(states.RETRY, "not_routed" if self.is_routed else "left_before_routing")


def attempt_of(env):
    """Return the :class:`Attempt` that is being made in an environment, or None."""
    return env.context.get(ATTEMPT)

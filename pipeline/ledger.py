"""The results of an attempt: what was decided, at which targets, and the trace."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ..gateway import states
from ..gateway.repair import Repair
from ..gateway.trace import Trace
from ..rules.notice import UNTOLD
from ..rules.verdict import Reason


@dataclass(frozen=True)
class Failure:
    """An attempt that was rolled back.

    :ivar reason: what was recorded
    :ivar error: what happened
    :ivar unrecorded: why the database could not record it; None if it did, or for another error
    """

    reason: Reason
    error: Exception
    unrecorded: Exception | None = None


@dataclass
class RouteResult:
    """The outcome of a message at one target."""

    target: str
    reason: Reason
    alias_id: int | None = None
    model: str | None = None
    res_id: int | None = None
    message_id: int | None = None


class Ledger:
    """What one attempt has decided and done.

    :ivar trace: the :class:`gateway.trace.Trace`
    :ivar results: the :class:`RouteResult` of each target, in the order of the decisions
    :ivar reason: the :class:`Reason` for the whole message, where core decided that; or None
    :ivar treatments: ``{target: how to treat the message there}``, see ``gateway/treatments.py``
    :ivar message_ids: ids of the ``mail.message`` that were created
    :ivar alias_failures: ``(alias id, message, message values)`` of aliases that failed
    :ivar offered: ``{target: route}`` of the routes that core has found
    :ivar checked_alias_ids: of the aliases whose route core has checked
    :ivar served: targets to which a copy of the message was delivered
    :ivar withheld: ``{what a notice is about: the Reason why it was withheld, None if the sender
    knows}``
    :ivar has_told_sender: another addon has sent the sender a notice
    :ivar superseded_ids: messages that had claimed a target of this one without being delivered
    :ivar error: the exception of a target that failed while others succeeded, or None
    """

    def __init__(self) -> None:
        self.trace = Trace()
        self.results = []
        self.reason = None
        self.treatments = {}
        self.message_ids = []
        self.alias_failures = []
        self.offered = {}
        self.checked_alias_ids = set()
        self.served = set()
        self.withheld = {}
        self.has_told_sender = False
        self.superseded_ids = []
        self.error = None

    def hit(self, step: str, **params: object) -> None:
        """Add a line to the trace: a step that applied."""
        self.trace.hit(step, **params)

    def miss(self, step: str, **params: object) -> None:
        """Add a line to the trace: a step that did not apply."""
        self.trace.miss(step, **params)

    def note_repairs(self, repairs: Iterable[Repair]) -> None:
        """Record what was changed to read the message."""
        for repaired in repairs:
            self.hit(f"repaired_{repaired.code}", **repaired.params)

    def decide(self, state: str, code: str, **params: object) -> None:
        """Record a decision of core about the whole message; the first one counts."""
        self.reason = self.reason or Reason(state, code, params)

    def note_served_route(
        self, target: str, model: str, res_id: int | Literal[False], message_ids: list[int]
    ) -> None:
        """Record the record and the message that a target got."""
        result = self._result_of(target)
        result.model, result.res_id = model, res_id or None
        result.message_id = message_ids[0] if message_ids else None
        self.hit("record", model=model, res_id=res_id, target=target)

    def note_nothing(self, target: str, reason: Reason) -> None:
        """Record that a target got neither a record nor a message."""
        self._result_of(target).reason = reason

    def note_failed_route(self, target: str, error: Exception) -> None:
        """Record that a target failed while others succeeded."""
        result = self._result_of(target)
        result.reason = failure_reason(error, result)
        result.model = result.res_id = None
        self.error = error
        self.miss("record", target=target, error=type(error).__name__)

    def _result_of(self, target):
        return next(result for result in self.results if result.target == target)

    def failure_reason(self, error: Exception) -> Reason:
        """Return the :class:`Reason` of an attempt that an exception has ended."""
        failed_ids = {alias_id for alias_id, _message, _values in self.alias_failures}
        failed = (result for result in self.results if result.alias_id in failed_ids)
        return failure_reason(error, next(failed, None))

    def fail_results(self, reason: Reason) -> None:
        """Give this reason to every target of an attempt that was rolled back."""
        for result in self.results:
            result.reason = reason
            result.message_id = None

    def revise(self, revised: Callable[[Reason, int | None], Reason]) -> None:
        """Replace the reasons of the message and of its targets.

        :param revised: function of a reason and the id of its alias, or None
        """
        for result in self.results:
            result.reason = revised(result.reason, result.alias_id)
        if self.reason:
            self.reason = revised(self.reason, None)

    def give_up(self) -> None:
        """Mark the targets that would be retried as needing attention."""
        for result in self.results:
            if result.reason.state == states.RETRY:
                result.reason = Reason(states.PARKED, result.reason.code, result.reason.params)

    @property
    def verdict(self) -> Reason | None:
        """The :class:`Reason` for the whole message: the worst one of its targets."""
        reasons = [result.reason for result in self.results]
        if not reasons:
            return self.reason
        worst = states.worst(reason.state for reason in reasons)
        found = [reason for reason in reasons if reason.state == worst]
        # What is held for another reason is kept until it is released.
        return next((reason for reason in found if UNTOLD not in reason.params), found[0])


def failure_reason(error: Exception, result: RouteResult | None) -> Reason:
    """Return the :class:`Reason` for an exception at a target; it names the alias, if any."""
    params = {"error": type(error).__name__}
    if result and result.alias_id:
        alias = result.reason.params.get("alias", "")
        return Reason(states.RETRY, "alias_failed", {**params, "alias": alias})
    return Reason(states.RETRY, "failed", params)

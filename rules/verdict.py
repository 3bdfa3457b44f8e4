"""What a rule says about a message, or about one of its targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..gateway.treatments import NOTE, REVIEW, SILENT

# A later rule replaces the treatment that an earlier one asked for only by a stronger one.
STRENGTH = (SILENT, REVIEW, NOTE)


@dataclass(frozen=True)
class Reason:
    """Why a message is in its state.

    :param state: see :mod:`gateway.states`
    :param code: key of ``mail.postmaster.reason``
    :param params: the values that the sentence names
    """

    state: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A line of the trace, see ``gateway.trace``.

    :param code: key of the sentence
    :param is_hit: which of its two sentences
    :param params: the values that the sentence names
    """

    code: str
    is_hit: bool = True
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Slot:
    """One rate slot.

    :param target: what is limited
    :param limit: number of slots within the window
    :param minutes: length of the window
    :param sender: whose messages are counted, canonical; empty for those of all senders
    """

    target: str
    limit: int
    minutes: int
    sender: str = ""


@dataclass(frozen=True)
class Verdict:
    """What follows from a rule. The first verdict with a reason decides.

    :param step: a line of the trace, or None
    :param reason: the :class:`Reason` to turn the message down, or None to accept it
    :param treatment: how the message is accepted, one of :data:`STRENGTH`, or None
    :param slot: the :class:`Slot` that this verdict depends on, or None
    :param when_full: the :class:`Verdict` that applies in its place if there is no such slot
    """

    step: Step | None = None
    reason: Reason | None = None
    treatment: str | None = None
    slot: Slot | None = None
    when_full: "Verdict | None" = None


def stronger(treatment: str | None, other: str | None) -> str | None:
    """Return the stronger one of two treatments; each can be None."""
    known = [one for one in (treatment, other) if one]
    return max(known, key=STRENGTH.index, default=None)

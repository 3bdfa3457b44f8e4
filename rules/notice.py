"""Whether the sender of a message gets a notice; the first rule that applies withholds it.

The rules of :data:`OURS` follow RFC 3834 section 2 and apply where notices are ours: no notice for
automatic messages, for a null sender, or repeatedly. Their codes are the parameter ``why`` of the
trace.
"""

from datetime import timedelta

from ..gateway import states
from ..policy.settings import ANSWER_HOURS, LOOP_MINUTES
from .verdict import Reason, Slot, Step, Verdict

DAY = 24 * 60
# The subject of a notice that says that a sender has reached the limit.
LOOP_LIMIT = "loop_limit"


def imported(message) -> Verdict | None:
    return _withheld("imported") if message.is_quiet else None


def unconfirmed_copy(message) -> Verdict | None:
    return None if message.is_confirmed_database else _withheld("unconfirmed_copy")


def unauthenticated(message) -> Verdict | None:
    return _withheld("unauthenticated") if message.is_sender_doubted else None


def repeated_text(message) -> Verdict | None:
    return _withheld("repeated_text") if message.is_repeated_to_catchall else None


def automatic(message) -> Verdict | None:
    field = message.automatic.forbidding
    return _withheld("automatic", field=field) if field else None


def old(message) -> Verdict | None:
    hours = message.policies.number(ANSWER_HOURS)
    is_old = message.sent_at and message.sent_at < message.now - timedelta(hours=hours)
    return _withheld("old", hours=hours) if is_old else None


def other_address(message) -> Verdict | None:
    return None if message.notice_address else _withheld("other_address")


def own_address(message) -> Verdict | None:
    return _withheld("own_address") if message.is_own_address else None


def limit_told(message) -> Verdict | None:
    """A sender of that many messages may be a program that replies to everything."""
    is_about_another = message.about != LOOP_LIMIT
    return _withheld("limit_told") if is_about_another and message.is_limit_told else None


def told(message) -> Verdict | None:
    window = message.window or message.policies.number(LOOP_MINUTES)
    minutes = window if message.about == LOOP_LIMIT else DAY
    slot = Slot(f"answer:{message.about}", 1, minutes, message.notice_address)
    return Verdict(slot=slot, when_full=_withheld("told"))


ALWAYS = (imported, unconfirmed_copy, unauthenticated)
OURS = (repeated_text, automatic, old, other_address, own_address, limit_told, told)


def _withheld(code, **params):
    step = Step("answer", False, {"why": code, **params})
    return Verdict(step, Reason(states.IGNORED, code, params))

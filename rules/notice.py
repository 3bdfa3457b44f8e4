"""Whether the sender of a message gets a notice; the first rule that applies withholds it.

The rules of :data:`OURS` follow RFC 3834 section 2 and apply where notices are ours: no notice for
automatic messages, for a null sender, or repeatedly. Their codes are the parameter ``why`` of the
trace. A message that is refused although its sender does not hear of it is held for review
(:func:`unless_told`).
"""

from datetime import timedelta

from ..gateway import states
from ..policy.settings import ANSWER_HOURS, ANSWER_LIMIT, LOOP_MINUTES
from .verdict import Reason, Slot, Step, Verdict

HOUR = 60
DAY = 24 * HOUR
# The subject of a notice that says that a sender has reached the limit.
LOOP_LIMIT = "loop_limit"
# The subject of a notice that another addon sends.
OTHER = "other"
# The notices that one mailbox gets within a day, whatever they are about: a forged message to many
# aliases must not become as many notices.
MOST_PER_MAILBOX = 5
# Why there is no notice although the refusal is known: to the sender, within a day, or to the user
# who imports the message.
KNOWN = ("told", "limit_told", "imported")
# The parameter of a reason that says why the sender was not notified; and the code for a refusal
# about which no notice was tried.
UNTOLD = "untold"
UNSENT = "unsent"


def subject_of(code: str, alias_id: int | None = None) -> str:
    """Return what the notice about a refusal is about; each alias has a separate text.

    :param code: of the reason
    """
    if code == "sender_limit":
        return LOOP_LIMIT
    if code.startswith("alias_") and alias_id:
        return f"{code}:{alias_id}"
    return code if code in ("catchall", LOOP_LIMIT) else OTHER


def unless_told(reason: Reason, withheld: Reason | None) -> Reason:
    """Return the reason of a refusal: held for review if its sender does not know of it.

    :param withheld: why the sender got no notice; None if the sender knows
    """
    if withheld is None:
        return reason
    params = {**withheld.params, **reason.params, UNTOLD: withheld.code}
    return Reason(states.PARKED, reason.code, params)


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
    minutes = limit_window(message) if message.about == LOOP_LIMIT else DAY
    slot = Slot(f"answer:{message.about}", 1, minutes, message.notice_mailbox)
    return Verdict(slot=slot, when_full=_withheld("told"))


def mailbox_limit(message) -> Verdict | None:
    slot = Slot("answers", MOST_PER_MAILBOX, DAY, message.notice_mailbox)
    return Verdict(slot=slot, when_full=_withheld("mailbox_limit", notices=MOST_PER_MAILBOX))


def hourly_limit(message) -> Verdict | None:
    """An outsider who writes as others must not make many notices."""
    most = message.policies.number(ANSWER_LIMIT)
    slot = Slot("answers", most, HOUR)
    return Verdict(slot=slot, when_full=_withheld("hourly_limit", notices=most))


def limit_window(message) -> int:
    """Return the minutes within which a sender is told once that the limit is reached.

    At most a day: the sender of a message that is refused without a notice was told within a day.
    """
    return min(message.window or message.policies.number(LOOP_MINUTES), DAY)


ALWAYS = (imported, unconfirmed_copy, unauthenticated)
OURS = (
    repeated_text,
    automatic,
    old,
    other_address,
    own_address,
    limit_told,
    told,
    mailbox_limit,
    hourly_limit,
)


def _withheld(code, **params):
    step = Step("answer", False, {"why": code, **params})
    return Verdict(step, Reason(states.IGNORED, code, params))

"""An alias that does not accept messages."""

from ..gateway import states
from .verdict import Reason, Step, Verdict

ACCEPT, HOLD, REFUSE, CLOSED = "accept", "hold", "refuse", "closed"


def alias_mode(target) -> Verdict | None:
    reason = target.alias and _reason(target)
    if not reason:
        return None
    params = {"alias": target.alias_name, "mode": target.alias.alias_mode}
    return Verdict(Step("alias_mode", False, params), reason)


def _reason(target):
    mode, since = target.alias.alias_mode, target.alias.alias_closed_since
    params = {"alias": target.alias_name}
    if mode == HOLD:
        return Reason(states.PARKED, "alias_held", params)
    # Replies in existing conversations are accepted.
    if target.is_reply or mode not in (REFUSE, CLOSED):
        return None
    if mode == REFUSE or not since:
        return Reason(states.REFUSED, "alias_refuses", params)
    if since > target.today:
        return None
    return Reason(states.REFUSED, "alias_closed", {**params, "since": since.isoformat()})

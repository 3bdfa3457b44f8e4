"""Loop protection: what was accepted from exactly this sender for exactly this target."""

from ..gateway import states
from ..gateway.treatments import SILENT
from ..policy.settings import LOOP_REPLIES, LOOPS
from .verdict import Reason, Slot, Step, Verdict


def sender_limit(target) -> Verdict | None:
    if target.is_quiet or target.policies.choice(LOOPS) == "odoo":
        return None
    # An unauthenticated message does not get the exemption of an allowed sender.
    if not target.is_sender_withheld and target.is_sender_exempt:
        return Verdict(Step("loop_allowed", True, {"sender": target.sender}))
    limit, minutes = target.setting("loop_threshold"), target.setting("loop_minutes")
    params = {
        "sender": target.sender_key,
        "count": limit.value,
        "minutes": minutes.value,
        "origin": limit.origin,
    }
    step = Step("sender_limit", True, params)
    if target.is_reply and target.policies.choice(LOOP_REPLIES) == "silent":
        when_full = Verdict(step, treatment=SILENT)
    else:
        when_full = Verdict(step, Reason(states.REFUSED, "sender_limit", params))
    return Verdict(
        Step("sender_limit", False, params),
        slot=Slot(target.name, limit.value, minutes.value, target.sender_key),
        when_full=when_full,
    )

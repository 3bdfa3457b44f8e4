"""Mail loops that show in the header."""

from ..gateway import hops as gateway_hops
from ..gateway import states
from ..policy.settings import LOOPS, MOST_HOPS
from .verdict import Reason, Step, Verdict


def hops(message) -> Verdict | None:
    if message.policies.choice(LOOPS) == "odoo":
        return None
    counted = gateway_hops.count_hops(message.header, message.notice_suffix)
    loop = gateway_hops.loop_reason(counted, message.policies.number(MOST_HOPS))
    if not loop:
        return None
    params = {"count": loop.count, "most": loop.most}
    return Verdict(Step("hops", True, params), Reason(states.PARKED, loop.reason, params))

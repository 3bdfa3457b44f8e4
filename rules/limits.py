"""Messages that core could not parse within seconds are held before core starts."""

from ..gateway import limits as gateway_limits
from ..gateway import states
from ..policy.settings import LIMITS
from .verdict import Reason, Step, Verdict


def limits(message) -> Verdict | None:
    excess = gateway_limits.exceeded(
        message.raw, {name: message.policies.number(key) for name, key in LIMITS.items()}
    )
    if not excess:
        return None
    params = {"count": excess.count, "most": excess.most, "parameter": LIMITS[excess.name]}
    return Verdict(Step("limits", True, params), Reason(states.PARKED, excess.reason, params))

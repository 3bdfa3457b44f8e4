"""Messages that their sender did not write, as far as sender authentication shows."""

from ..gateway import states
from ..gateway.treatments import PARK, REFUSE
from .verdict import Reason, Step, Verdict


def sender_identity(target) -> Verdict | None:
    policy = target.identity_policy
    if policy.value not in (PARK, REFUSE) or target.is_sender_accepted:
        return None
    params = {**target.finding, "origin": policy.origin}
    step = Step("identity", True, {"target": target.name, "treatment": policy.value, **params})
    if policy.value == PARK:
        return Verdict(step, Reason(states.PARKED, "identity_parked", params))
    # No notice is sent: the address in From is not the author's.
    return Verdict(step, Reason(states.REFUSED, "identity_refused", params))

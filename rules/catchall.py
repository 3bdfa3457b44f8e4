"""Messages to the catchall address: a repeated text is refused once."""

import hashlib

from ..gateway import states
from ..policy.settings import LOOP_MINUTES, LOOPS
from .verdict import Reason, Slot, Verdict

REFUSED = Reason(states.REFUSED, "catchall")
REPEATED = Reason(states.IGNORED, "catchall_repeated")


def catchall(message) -> Verdict:
    if message.policies.choice(LOOPS) == "odoo":
        return Verdict(reason=REFUSED)
    digest = hashlib.sha256(message.text.encode("utf-8", "replace")).hexdigest()
    minutes = message.policies.number(LOOP_MINUTES)
    return Verdict(
        reason=REFUSED,
        slot=Slot(f"catchall:{digest}", 1, minutes, message.rate_key),
        when_full=Verdict(reason=REPEATED),
    )

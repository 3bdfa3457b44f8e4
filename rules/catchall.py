"""Messages to the catchall address: a repeated text is refused once."""

from ..gateway import states
from ..gateway.fingerprint import text_digest
from ..policy.settings import LOOP_MINUTES, LOOPS
from .verdict import Reason, Slot, Verdict

REFUSED = Reason(states.REFUSED, "catchall")
REPEATED = Reason(states.IGNORED, "catchall_repeated")


def catchall(message) -> Verdict:
    if message.policies.choice(LOOPS) == "odoo":
        return Verdict(reason=REFUSED)
    minutes = message.policies.number(LOOP_MINUTES)
    return Verdict(
        reason=REFUSED,
        slot=Slot(f"catchall:{text_digest(message.text)}", 1, minutes, message.rate_key),
        when_full=Verdict(reason=REPEATED),
    )

"""The same text of the same sender to the same record: a program that repeats itself.

Messages that say that they are automatic are left to the policies for those. They repeat themselves
on purpose, as a monitoring system does, and nothing replies to them.
"""

from ..gateway import states
from ..gateway.automatic import HUMAN
from ..gateway.fingerprint import text_digest
from ..policy.settings import LOOPS
from .verdict import Reason, Slot, Step, Verdict


def repeated_reply(target) -> Verdict | None:
    if target.is_quiet or not target.is_reply or target.policies.choice(LOOPS) == "odoo":
        return None
    if target.automatic.kind != HUMAN:
        return None
    # An unauthenticated message does not get the exemption of an allowed sender.
    if not target.is_sender_withheld and target.is_sender_exempt:
        return None
    minutes = target.setting("loop_minutes").value
    params = {"sender": target.sender_key, "minutes": minutes}
    return Verdict(
        slot=Slot(f"text:{text_digest(target.text)}:{target.name}", 1, minutes, target.sender_key),
        when_full=Verdict(
            Step("repeated_reply", True, {**params, "target": target.name}),
            Reason(states.IGNORED, "reply_repeated", params),
        ),
    )

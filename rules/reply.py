"""Replies from non-participants of a conversation."""

from ..gateway import states, treatments
from .verdict import Reason, Verdict


def reply(target) -> Verdict | None:
    found = target.reply
    # The user who imports old messages has decided that they belong here.
    if target.is_quiet or not found or not found.policy or found.target != target.name:
        return None
    if found.policy.value == treatments.PARK:
        code = "reply_parked_private" if found.is_private else "reply_parked"
        params = {"sender": target.sender, "target": target.name, "origin": found.policy.origin}
        return Verdict(reason=Reason(states.PARKED, code, params))
    if found.policy.value == treatments.NOTE:
        return Verdict(treatment=treatments.REVIEW)
    return None

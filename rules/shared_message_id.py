"""A message with the Message-Id of another message that its recipient already has."""

from ..gateway import states
from ..policy.settings import OTHER_CONTENT
from .verdict import Reason, Step, Verdict


def shared_message_id(target) -> Verdict | None:
    policy = target.policies.choice(OTHER_CONTENT)
    if policy == "deliver" or not target.namesake:
        return None
    params = {"sender": target.namesake, "target": target.name}
    state = states.PARKED if policy == "park" else states.IGNORED
    return Verdict(
        Step("shared_message_id", True, params), Reason(state, "shared_message_id", params)
    )

"""Auto-replies and other automatic messages."""

from ..gateway import screening, states, treatments
from .verdict import Reason, Step, Verdict


def automatic_mail(target) -> Verdict | None:
    name = screening.policy_name(target.automatic)
    if not name:
        return None
    policy = target.setting(f"{name}_policy")
    treatment = screening.treatment(policy.value, target.is_reply)
    params = {"proof": target.automatic.proof, "target": target.name, "origin": policy.origin}
    step = Step(name, True, {"treatment": treatment, **params})
    if treatment == treatments.PARK:
        return Verdict(step, Reason(states.PARKED, f"{name}_parked", params))
    if treatment == treatments.IGNORE:
        return Verdict(step, Reason(states.IGNORED, f"{name}_ignored", params))
    accepted = treatment if treatment in (treatments.SILENT, treatments.NOTE) else None
    return Verdict(step, treatment=accepted)

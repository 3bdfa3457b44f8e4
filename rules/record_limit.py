"""The records that one alias creates, regardless of the sender."""

from ..gateway import states
from ..policy.settings import RECORD_MINUTES
from .verdict import Reason, Slot, Step, Verdict


def record_limit(target) -> Verdict | None:
    limit = target.setting("record_limit")
    if target.is_quiet or not (target.alias and target.makes_record and limit.value):
        return None
    # An alias may have a limit if the database has none, and so no period either.
    minutes = target.setting("record_limit_minutes").value or target.policies.number(RECORD_MINUTES)
    params = {
        "alias": target.alias_name,
        "count": limit.value,
        "minutes": minutes,
        "origin": limit.origin,
    }
    return Verdict(
        slot=Slot(f"records:{target.alias.id}", limit.value, minutes),
        when_full=Verdict(
            Step("record_limit", True, params), Reason(states.PARKED, "record_limit", params)
        ),
    )

"""A notification of this database that comes back under another Message-Id."""

from ..gateway import states
from ..gateway.own_mail import own_address
from ..policy.settings import LOOPS
from .verdict import Reason, Step, Verdict


def own_message(message) -> Verdict | None:
    if message.policies.choice(LOOPS) == "odoo":
        return None
    marks = message.own_marks
    proof = message.own_reference
    # Databases of one organization may have the same addresses.
    if not proof and not message.is_of_another_database:
        proof = own_address(marks, message.own_addresses)
    # A mail server may write its reports from the bounce address.
    if not proof or message.is_report:
        return None
    params = {"proof": proof}
    return Verdict(
        Step("own_message", True, params), Reason(states.IGNORED, "own_notification", params)
    )

"""How automatic mail and messages above a limit are handled by the policy in force.

Not done here: classifying a message (``automatic``) and finding the policy.
"""

from .automatic import AUTO_REPLY, HUMAN, Automatic
from .treatments import ACCEPT, IGNORE, NOTE, PARK, SILENT

# Allowed policies for automatic mail.
POLICIES = (ACCEPT, SILENT, NOTE, IGNORE, PARK)


def policy_name(automatic: Automatic) -> str | None:
    """Return the policy that applies to a message, ``auto_reply`` or ``automatic_mail``, or None.

    A subject alone is not enough to treat what may come from a person as automatic.
    """
    if automatic.kind == HUMAN:
        return None
    if automatic.kind == AUTO_REPLY:
        return "auto_reply" if automatic.is_strong else None
    return "automatic_mail"


def treatment(policy: str, is_reply: bool) -> str:
    """Return how automatic mail is handled at one target.

    A note belongs in an existing conversation; a record that consists only of a note is useless.

    :param policy: one of :data:`POLICIES`
    :param is_reply: whether it replies in an existing conversation
    :return: one of :data:`POLICIES`
    """
    if policy == NOTE and not is_reply:
        return IGNORE
    return policy

"""What becomes of automatic mail and of mail above a limit, by the policy in force.

What this does not do: say who wrote a mail (``automatic``), or find the policy.
"""

from .automatic import AUTO_REPLY, HUMAN

# What a policy for automatic mail may be.
ACCEPT = "accept"
SILENT = "silent"
NOTE = "note"
IGNORE = "ignore"
PARK = "park"
# No policy: what becomes of a note that somebody in the house should read.
REVIEW = "review"
POLICIES = (ACCEPT, SILENT, NOTE, IGNORE, PARK)


def policy_name(automatic):
    """Return which policy is asked for a mail, ``auto_reply`` or ``automatic_mail``, or None.

    A subject alone is no reason to treat what a person may have written as automatic.

    :param automatic: an :class:`~.automatic.Automatic`
    """
    if automatic.kind == HUMAN:
        return None
    if automatic.kind == AUTO_REPLY:
        return "auto_reply" if automatic.is_strong else None
    return "automatic_mail"


def treatment(policy, is_reply):
    """Return what becomes of an automatic mail at one target.

    A note has its place in a conversation that exists; a record that consists of nothing
    else helps nobody.

    :param str policy: one of :data:`POLICIES`
    :param bool is_reply: it answers in a conversation that exists
    :return: one of :data:`POLICIES`
    """
    if policy == NOTE and not is_reply:
        return IGNORE
    return policy

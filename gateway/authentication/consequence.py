"""What becomes of a mail by whom it says it is from, and by the policy in force.

The first line that applies decides:

=================================== ======================================================
what is known                       what becomes of the mail
=================================== ======================================================
the policy is ``off``               as in core
authentication fails                as the policy says
another sender is read              it is accepted without its sender, or marked
From names nobody                   the same
it claims to be one of us, came     the same
from outside, and nothing proves it
From is odd                         it is marked
otherwise                           as in core: it passes, or nothing is known of it
=================================== ======================================================

What this does not do: find the policy, or know who is one of us.
"""

from .alignment import FAIL, PASS
from .results import OWN

OFF = "off"
MARK = "mark"
WITHHOLD = "withhold"
PARK = "park"
REFUSE = "refuse"
POLICIES = (OFF, MARK, WITHHOLD, PARK, REFUSE)
# Where a mail that gets through all the same may not act as its sender.
WITHHOLDING = (WITHHOLD, PARK, REFUSE)


def consequence(policy, identity, results, claims_us=False, is_read_otherwise=False):
    """Return what becomes of a mail, one of :data:`POLICIES`.

    A mail that nothing speaks against is not turned down for want of proof: many senders
    have none to give. It may not act as one of us, whose servers have.

    :param str policy: one of :data:`POLICIES`
    :param identity: the :class:`~.sender.Identity` of the mail
    :param results: the :class:`~.results.Results` it was found with
    :param bool claims_us: whether it says that it is of an own domain or of an own user
    :param bool is_read_otherwise: whether the sender that the mail will act as is not the one
        that was checked
    """
    if policy == OFF:
        return OFF
    verdict = identity.verdict
    if verdict.outcome == FAIL:
        return policy
    lacks_proof = verdict.outcome != PASS and claims_us and came_from_outside(results)
    if is_read_otherwise or verdict.reason == "no_from" or lacks_proof:
        return MARK if policy == MARK else WITHHOLD
    return MARK if identity.oddities else OFF


def came_from_outside(results):
    """Tell whether a mail has passed the border of the own mail server, as far as that says.

    A server checks SPF for mail that another server hands over, and not for what its own
    users submit; Microsoft 365 writes results without SPF into the latter.
    """
    return results.source == OWN or results.spf is not None

"""How a message is handled by the sender it claims and the policy in force.

The first line that applies decides:

=================================== ======================================================
condition                           result
=================================== ======================================================
the policy is ``off``               as in core
nothing checks senders              accepted without its sender, or marked, if it claims to be
                                    one of us; otherwise as in core
authentication fails                as the policy says
another sender is read              accepted without its sender, or marked
From names no address               the same
it claims to be one of us, came     the same
from outside, and lacks a pass
From is unusual                     marked
otherwise                           as in core: it passes, or the verdict is none
=================================== ======================================================

Not done here: finding the policy and knowing which senders are ours.
"""

from ..treatments import MARK, OFF, PARK, REFUSE, WITHHOLD
from .alignment import FAIL, PASS
from .results import OWN, Results
from .sender import Identity

POLICIES = (OFF, MARK, WITHHOLD, PARK, REFUSE)
# The policies under which an accepted message may not act as its sender.
WITHHOLDING = (WITHHOLD, PARK, REFUSE)


def consequence(
    policy: str,
    identity: Identity,
    results: Results | None,
    claims_us: bool = False,
    is_read_otherwise: bool = False,
) -> str:
    """Return how to handle a message, one of :data:`POLICIES`.

    A message without a failing result is not refused for lack of a pass: many senders have no
    authentication set up. But it may not act as one of us, whose servers have.

    :param policy: one of :data:`POLICIES`
    :param identity: the :class:`~.sender.Identity` of the message
    :param results: the :class:`~.results.Results` behind it; None if nothing checks senders: then
        only messages from outside have an identity
    :param claims_us: whether it claims to be from one of our domains or users
    :param is_read_otherwise: whether the message will act as another sender than the one
        that was checked
    """
    if policy == OFF or results is None and not claims_us:
        return OFF
    doubted = MARK if policy == MARK else WITHHOLD
    if results is None:
        return doubted
    verdict = identity.verdict
    if verdict.outcome == FAIL:
        return policy
    lacks_proof = verdict.outcome != PASS and claims_us and came_from_outside(identity, results)
    if is_read_otherwise or verdict.reason == "no_from" or lacks_proof:
        return doubted
    return MARK if identity.oddities else OFF


def came_from_outside(identity: Identity, results: Results) -> bool:
    """Return whether a message crossed the border of our mail server, as far as is known.

    A server checks SPF for messages from other servers, but not for what its own users submit;
    for the latter, Microsoft 365 writes results without SPF. Our own check knows no border but the
    hop at which a user has logged in.
    """
    if results.source == OWN:
        return not identity.is_submitted
    return results.spf is not None

"""The states of a message and of each of its deliveries.

============= =============================================== =====================
state         meaning                                         set by
============= =============================================== =====================
``received``  stored, not processed yet                       intake, a release
``retry``     unexpected error; a next attempt is scheduled   a failed attempt
``delivered`` on a record, or handled as a delivery report    an attempt
``ignored``   nothing to do, by a rule                        an attempt, a person
``refused``   not accepted, by a rule; the sender was told    an attempt
``parked``    needs attention                                 an attempt
============= =============================================== =====================
"""

from collections.abc import Iterable

RECEIVED = "received"
RETRY = "retry"
DELIVERED = "delivered"
IGNORED = "ignored"
REFUSED = "refused"
PARKED = "parked"

WAITING = (RECEIVED, RETRY)
# No decision has been made about these.
OPEN = (RECEIVED, RETRY, PARKED)
SETTLED = (DELIVERED, IGNORED, REFUSED, PARKED)
RELEASABLE = (RETRY, IGNORED, REFUSED, PARKED)

TRANSITIONS = {
    RECEIVED: frozenset({RETRY, DELIVERED, IGNORED, REFUSED, PARKED}),
    RETRY: frozenset({RECEIVED, RETRY, DELIVERED, IGNORED, REFUSED, PARKED}),
    PARKED: frozenset({RECEIVED, IGNORED, DELIVERED}),
    REFUSED: frozenset({RECEIVED, IGNORED, DELIVERED}),
    IGNORED: frozenset({RECEIVED, DELIVERED}),
    DELIVERED: frozenset(),
}

_WORST_FIRST = (PARKED, RETRY, REFUSED, RECEIVED, DELIVERED, IGNORED)


def can_move(state: str, new_state: str) -> bool:
    """Return whether a message may change from one state to another."""
    return new_state in TRANSITIONS[state]


def worst(states: Iterable[str]) -> str:
    """Return the state of a message whose deliveries are in these states.

    :param states: a non-empty iterable of states
    :raises ValueError: if it is empty
    """
    return min(states, key=_WORST_FIRST.index)

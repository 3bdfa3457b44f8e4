"""The states of a mail and of each of its deliveries.

============= =============================================== =====================
state         meaning                                         set by
============= =============================================== =====================
``received``  stored, not processed yet                       intake, a release
``retry``     an unexpected error; has a next attempt         a failed attempt
``delivered`` on a record, or handled as a delivery report    an attempt
``ignored``   nothing to do, by a rule                        an attempt, a person
``refused``   not accepted, by a rule; the sender knows       an attempt
``parked``    needs a person                                  an attempt
============= =============================================== =====================
"""

RECEIVED = "received"
RETRY = "retry"
DELIVERED = "delivered"
IGNORED = "ignored"
REFUSED = "refused"
PARKED = "parked"

WAITING = (RECEIVED, RETRY)
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


def can_move(state, new_state):
    """Tell whether a mail may go from one state to another."""
    return new_state in TRANSITIONS[state]


def worst(states):
    """Return the state a mail shows when its deliveries are in these states.

    :param states: a non-empty iterable of states
    :raises ValueError: when there is none
    """
    return min(states, key=_WORST_FIRST.index)

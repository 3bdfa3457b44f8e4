"""When to retry after an unexpected error."""

from collections.abc import Sequence
from datetime import timedelta

DEFAULT_SCHEDULE = "1, 5, 15, 60, 240"
LONGEST_MINUTES = 7 * 24 * 60
MOST_STEPS = 20


def parse_schedule(text: str) -> tuple[timedelta, ...]:
    """Read a back-off schedule such as ``"1, 5, 15"``.

    :param text: minutes to wait after the first, second, ... failure
    :raises ValueError: with a sentence that names the error
    """
    steps = [step.strip() for step in text.split(",")]
    if not 1 <= len(steps) <= MOST_STEPS:
        raise ValueError(f"Give between 1 and {MOST_STEPS} waiting times.")
    for step in steps:
        if not step.isascii() or not step.isdigit() or not 1 <= int(step) <= LONGEST_MINUTES:
            raise ValueError(
                f"{step!r} is not a number of minutes between 1 and {LONGEST_MINUTES}."
            )
    return tuple(timedelta(minutes=int(step)) for step in steps)


def delay_after(failures: int, schedule: Sequence[timedelta]) -> timedelta | None:
    """Return how long to wait after this many failures, or None after the last attempt.

    :param failures: failures so far, at least 1
    :param schedule: see :func:`parse_schedule`
    """
    return schedule[failures - 1] if failures <= len(schedule) else None


# Minutes before a server is contacted again after so many consecutive failures; the first may be
# retried in the next run of the scheduled action.
_SERVER_WAITS = (0, 5, 15, 30, 60)


def wait_for_server(failures: int) -> timedelta:
    """Return how long to wait before contacting an unreachable server again.

    :param failures: consecutive failures, at least 1
    """
    return timedelta(minutes=_SERVER_WAITS[min(failures, len(_SERVER_WAITS)) - 1])

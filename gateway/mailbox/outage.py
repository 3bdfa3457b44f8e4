"""When a mailbox that is not read is an outage, and when it is only slow."""

from datetime import datetime, timedelta

FAILING, UNASKED = "failing", "unasked"


def outage(
    now: datetime,
    patience: timedelta,
    failing_since: datetime | None,
    asked_at: datetime | None,
) -> str | None:
    """Return why nothing comes from a mailbox, or None.

    A mailbox whose import takes days is neither: each fetch ends without an error, and the next one
    begins.

    :param patience: how long a mailbox may be without success
    :param failing_since: when the first of its consecutive failures was, None if the last fetch
        ended without an error
    :param asked_at: when it was last contacted or set up, None if unknown
    :return: :data:`FAILING`, :data:`UNASKED` or None
    """
    if failing_since and now - failing_since >= patience:
        return FAILING
    if asked_at and now - asked_at >= patience and not failing_since:
        return UNASKED
    return None

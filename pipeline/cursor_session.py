"""What consecutively processed messages share: a cursor, and calls to core."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ

from odoo.modules.registry import Registry
from odoo.sql_db import BaseCursor

_logger = logging.getLogger(__name__)

# Statements see what others have just committed; Odoo's own level keeps one snapshot.
FRESH, STABLE = ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ
# Core starts a process of PostgreSQL to wake up the workers of scheduled actions.
WAKE_UP_SECONDS = 1.0
# After a longer pause the connection may be lost, which Odoo's pool handles.
LONGEST_IDLE_SECONDS = 0.2


class CursorSession:
    """A context manager for processing one or more messages.

    Odoo resets a connection each time it is borrowed, which costs more than many statements.
    The transactions of a session use the same cursor, one after the other. A transaction opened
    inside another has a separate cursor, as has one that is opened after the session.
    """

    def __init__(self) -> None:
        self._cr = None
        self._used_at = 0.0
        self._is_open = False
        self._is_lent = False
        self._wake_up_again = None
        self._next_wake_up = 0.0

    def __enter__(self):
        self._is_open = True
        return self

    def __exit__(self, *_exception):
        self._is_open = False
        self.rest()

    def __deepcopy__(self, _memo):
        # Some code copies a context with all its values.
        return self

    @contextmanager
    def transaction(self, registry: Registry, level: int) -> Iterator[BaseCursor]:
        """Yield a cursor whose changes are committed if the block succeeds.

        :param level: the isolation level
        """
        if self._is_lent or not self._is_open:
            with registry.cursor() as cr:
                cr.connection.set_isolation_level(level)
                yield cr
            return
        self._is_lent = True
        try:
            cr = self._cursor(registry)
            cr.connection.set_isolation_level(level)
            yield cr
            # The cursor is opened here and passed to no other code, so its transaction ends here.
            cr.commit()  # pylint: disable=invalid-commit
            self._forget_transaction(cr)
        except BaseException:
            self._close()
            raise
        finally:
            self._is_lent = False
        self._call_if_due()

    def _cursor(self, registry):
        if time.monotonic() - self._used_at > LONGEST_IDLE_SECONDS:
            self._close()
        self._cr = self._cr or registry.cursor()
        return self._cr

    def _forget_transaction(self, cr):
        """Let the next transaction start as on a new cursor, of the registry then in use."""
        # Roll back what a post-commit hook did, as closing a cursor does.
        cr.rollback()
        cr.cache.clear()
        cr.transaction = None
        self._used_at = time.monotonic()

    # --- core's workers ---------------------------------------------------------------

    def wake_up(self, notify: Callable[[], object]) -> None:
        """Wake up the workers of scheduled actions: now, or when a second has passed.

        :param notify: the function that wakes them up
        """
        if not self._is_open or time.monotonic() >= self._next_wake_up:
            self._call(notify)
        else:
            self._wake_up_again = notify

    def _call(self, notify):
        self._next_wake_up = time.monotonic() + WAKE_UP_SECONDS
        self._wake_up_again = None
        notify()

    def _call_if_due(self):
        if self._wake_up_again and time.monotonic() >= self._next_wake_up:
            self._call_again()

    def _call_again(self):
        try:
            self._call(self._wake_up_again)
        except psycopg2.Error as error:
            # The workers check for themselves once a minute.
            _logger.warning("Scheduled actions were not called (%s)", type(error).__name__)

    def rest(self) -> None:
        """Return the cursor and do what was postponed: there are no messages at the moment."""
        try:
            self._close()
        finally:
            if self._wake_up_again:
                self._call_again()

    def _close(self):
        cr, self._cr = self._cr, None
        if cr:
            cr.close()

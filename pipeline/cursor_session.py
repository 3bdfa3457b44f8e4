"""What mails that are processed one after the other share: a cursor, and calls to core."""

import logging
import time
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ

_logger = logging.getLogger(__name__)

# Key of the context.
CURSOR_SESSION = "mail_postmaster_cursor_session"
# Statements see what others have just committed; Odoo's own level keeps to one moment.
FRESH, STABLE = ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ
# Core starts a process of PostgreSQL to wake up the workers of scheduled actions.
WAKE_UP_SECONDS = 1.0
# After a longer rest the connection may be gone, which Odoo's pool looks after.
LONGEST_IDLE_SECONDS = 0.2


class CursorSession:
    """One mail or several, used in a ``with`` statement.

    Odoo resets a connection each time it is borrowed, which costs more than many a statement.
    The transactions of a session have the same cursor, one after the other. One that is opened
    inside another has a cursor of its own, as has one that is opened after the end.
    """

    def __init__(self):
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
        # Some copy a context with all that is in it.
        return self

    @contextmanager
    def transaction(self, registry, level):
        """Give a cursor whose changes are committed when the block ends well.

        :param int level: of isolation
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
            # The cursor is opened here and given to no other, so its transaction ends here.
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
        """Let the next one begin as with a new cursor, of the registry that is then in use."""
        # What was done in a hook after the commit is undone, as when a cursor is closed.
        cr.rollback()
        cr.cache.clear()
        cr.transaction = None
        self._used_at = time.monotonic()

    # --- core's workers ---------------------------------------------------------------

    def wake_up(self, notify):
        """Wake up the workers of scheduled actions: now, or when a second is over.

        :param notify: function that does it
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
            # They look for themselves once a minute.
            _logger.warning("Scheduled actions were not called (%s)", type(error).__name__)

    def rest(self):
        """Give back the cursor and do what was put off: there is no mail for the moment."""
        try:
            self._close()
        finally:
            if self._wake_up_again:
                self._call_again()

    def _close(self):
        cr, self._cr = self._cr, None
        if cr:
            cr.close()

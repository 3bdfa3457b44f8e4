"""What mails that are processed one after the other share: a cursor, and calls to core."""

import logging
import time
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ

_logger = logging.getLogger(__name__)

# Key of the context.
SERIES = "mail_postmaster_series"
# Statements see what others have just committed; Odoo's own level keeps to one moment.
FRESH, STABLE = ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ
# Core starts a process of PostgreSQL to wake up the workers of scheduled actions.
WAKE_UP_SECONDS = 1.0


class Series:
    """One mail or several, used in a ``with`` statement.

    Odoo resets a connection each time it is borrowed, which costs more than many a statement.
    The transactions of a series have the same cursor, one after the other. One that is opened
    inside another has a cursor of its own, as has one that is opened after the end.
    """

    def __init__(self):
        self._cr = None
        self._is_free = False
        self._wake_up_again = None
        self._next_wake_up = 0.0

    def __enter__(self):
        self._is_free = True
        return self

    def __exit__(self, *_exception):
        self._is_free = False
        self.rest()

    @contextmanager
    def transaction(self, registry, level):
        """Give a cursor whose changes are committed when the block ends well.

        :param int level: of isolation
        """
        if not self._is_free:
            with registry.cursor() as cr:
                cr.connection.set_isolation_level(level)
                yield cr
            return
        self._is_free = False
        try:
            self._cr = self._cr or registry.cursor()
            self._cr.connection.set_isolation_level(level)
            yield self._cr
            self._cr.commit()
            # The next one begins as if it had a new cursor, of the registry that is then in use.
            self._cr.cache.clear()
            self._cr.transaction = None
        except BaseException:
            self._close()
            raise
        finally:
            self._is_free = True

    def wake_up(self, notify):
        """Wake up the workers of scheduled actions: now, or when a second is over.

        :param notify: function that does it
        """
        now = time.monotonic()
        if now >= self._next_wake_up:
            self._next_wake_up = now + WAKE_UP_SECONDS
            self._wake_up_again = None
            notify()
        else:
            self._wake_up_again = notify

    def rest(self):
        """Give back the cursor and do what was put off: there is no mail for the moment."""
        self._close()
        notify, self._wake_up_again = self._wake_up_again, None
        if notify:
            try:
                notify()
            except psycopg2.Error as error:
                # They look for themselves once a minute.
                _logger.warning("Scheduled actions were not called (%s)", type(error).__name__)

    def _close(self):
        cr, self._cr = self._cr, None
        if cr:
            cr.close()

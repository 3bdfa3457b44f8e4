"""Processes stored messages one at a time, the oldest first, until none is due."""

import logging
import os
import time
from datetime import timedelta

from odoo import sql_db

from ..context_keys import CURSOR_SESSION
from ..pipeline.cursor_session import CursorSession
from ..pipeline.work import AWAY
from .calls import Calls
from .process import Child

_logger = logging.getLogger(__name__)

# How often a worker polls: for lost notifications, and for messages of workers that died.
POLL_SECONDS = 2.0
AWAY_SECONDS = 1.0
# Messages that have waited longer are the backlog of an outage, and are paced.
LONG_WAIT = timedelta(minutes=10)


class Worker(Child):
    """A worker process.

    :param int number: the number of this worker on its host
    """

    def __init__(self, settings, life, number):
        super().__init__(settings, life)
        self.name = f"Worker {number + 1}"
        self._calls = None
        self._pace = Pace(settings.pace / max(settings.workers, 1))
        self._session = CursorSession()
        self._processed = None

    def run(self):
        """Work until the process is asked to end, then finish the current message."""
        _logger.info("%s: process %s", self.name, os.getpid())
        with self._session:
            while not self.is_ending:
                self._work_or_rest()

    def _work_or_rest(self):
        try:
            pause = self._work_or_wait()
        except AWAY as error:
            _logger.warning(
                "%s: the database is not available (%s)", self.name, type(error).__name__
            )
            self._forget_connections()
            pause = AWAY_SECONDS
        if pause:
            self._session.rest()
        self.wait(pause)

    def _work_or_wait(self):
        """Process a message or, if none is due, wait for one. Return how long to rest."""
        self._calls = self._calls or Calls(self.settings.database)
        with self.env(**{CURSOR_SESSION: self._session}) as env:
            # This comes before the claim, so that a notification during it is not lost.
            self._calls.hear()
            pipeline = env["mail.postmaster.pipeline"]
            mail_id = pipeline._claim_next(after=self._processed)
            self._processed = mail_id
            if mail_id:
                return self._process(env, pipeline, mail_id)
            until_due = pipeline._seconds_until_due()
        self._session.rest()
        seconds = POLL_SECONDS if until_due is None else min(max(until_due, 0.1), POLL_SECONDS)
        self.wait(seconds, self._calls)
        return 0

    def _process(self, env, pipeline, mail_id):
        has_waited = _waited(env, mail_id) > LONG_WAIT
        pipeline._process_claimed(mail_id)
        return self._pace.rest(time.monotonic()) if has_waited else 0

    def _forget_connections(self):
        self._session.rest()
        if self._calls:
            self._calls.close()
        self._calls = None
        sql_db.close_all()


class Pace:
    """How fast a worker processes messages that have waited long.

    :param float rate: messages per second, 0 for no limit
    """

    def __init__(self, rate):
        self._interval = 1 / rate if rate else 0
        self._next = 0.0

    def rest(self, now):
        """Return how many seconds to rest after a message that was finished ``now``."""
        self._next = max(self._next + self._interval, now)
        return self._next - now


def _waited(env, mail_id):
    """Return how long a message has waited for its first attempt, since it was sent."""
    env.cr.execute(
        "SELECT now() AT TIME ZONE 'UTC' - LEAST(create_date, date) FROM mail_postmaster_message "
        "WHERE id = %s AND failures = 0",
        [mail_id],
    )
    row = env.cr.fetchone()
    # The connection must not stay in a transaction while the message is processed.
    env.cr.rollback()
    return row[0] if row else timedelta()

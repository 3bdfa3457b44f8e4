"""Processes with a loaded Odoo that can be killed at any moment.

The registry is loaded once; a fork inherits it without the seconds of loading. No connection
crosses the fork: each process opens its own.
"""

import multiprocessing
import os
import signal
import traceback

from odoo import sql_db

_context = multiprocessing.get_context("fork")


def barrier(parties):
    """Return a barrier that forked processes can wait at together."""
    return _context.Barrier(parties)


class Fork:
    """A process that runs a function on a database until it ends or is killed.

    :param database: an ``OdooDatabase`` whose registry is loaded
    :param function: called with the database and the arguments
    """

    def __init__(self, database, function, *arguments):
        # Loaded before the fork, and without a connection that two processes would share.
        assert database.registry
        sql_db.close_all()
        self._process = _context.Process(target=_run, args=(function, database, *arguments))
        self._process.start()

    def kill(self):
        """Kill the process at once, like a power cut."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()

    def wait(self, seconds=300):
        """Wait for the end and return whether the function succeeded."""
        self._process.join(seconds)
        if self._process.is_alive():
            self.kill()
            return False
        return self._process.exitcode == 0

    def is_running(self):
        return self._process.is_alive()


def _run(function, database, *arguments):
    try:
        function(database, *arguments)
    except BaseException:  # noqa: BLE001  the test reads the exit code
        traceback.print_exc()
        os._exit(1)
    # Skip the clean-up of the parent's test session, of which this process has a copy.
    os._exit(0)

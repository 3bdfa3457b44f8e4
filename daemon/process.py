"""What all child processes share: how they end, and their database.

A child ends on SIGTERM, and when its supervisor has died: only the supervisor has the write end
of a pipe open, so the read end signals its death, whatever the cause.
"""

import contextlib
import gc
import logging
import os
import selectors
import signal
import socket
import threading
from abc import ABC, abstractmethod

import psycopg2

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry

from ..pipeline.work import AWAY

_logger = logging.getLogger(__name__)

# If a client disappears silently, the server releases its locks after some seconds. This applies
# only to TCP connections; the others are local, and end with their process.
KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
ON_SERVER = (
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
)


class Child(ABC):
    """A child process, seen from inside. It must end soon once :attr:`is_ending` is set.

    :param settings: the :class:`~.command.Settings`
    :param int life: the read end of the pipe whose write end the supervisor holds
    """

    name = "child"

    def __init__(self, settings, life):
        self.settings = settings
        self.is_ending = False
        self._life = life
        self._alarm, self._bell = socket.socketpair()
        self._alarm.setblocking(False)
        self._bell.setblocking(False)

    @property
    def registry(self):
        return Registry(self.settings.database)

    def start(self):
        """Run until the process is asked to end; return the exit status."""
        # Odoo writes it in each line of the log.
        threading.current_thread().dbname = self.settings.database
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        try:
            self.run()
        except AWAY as error:
            _logger.warning(
                "%s: the database is not available (%s)", self.name, type(error).__name__
            )
            return 1
        return 0

    @abstractmethod
    def run(self):
        """Do the work of this process until it is asked to end."""

    def _end(self, _number, _frame):
        self.is_ending = True

    def wait(self, seconds, *others):
        """Wait until the time is over, a file is readable, or the process is asked to end.

        :param others: objects with a ``fileno``
        """
        if self.is_ending:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._life, selectors.EVENT_READ)
            selector.register(self._alarm, selectors.EVENT_READ)
            for other in others:
                selector.register(other, selectors.EVENT_READ)
            ready = {key.fd for key, _events in selector.select(max(seconds, 0))}
        if self._life in ready:
            self.is_ending = True
        if self._alarm.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._alarm.recv(4096)

    @contextlib.contextmanager
    def env(self, **context):
        """Yield an environment with its own cursor, of a registry that is up to date."""
        known = self.registry
        registry = known.check_signaling()
        if registry is not known:
            # The supervisor has excluded the replaced registry from garbage collection.
            gc.unfreeze()
        with self.env_of(registry, **context) as env:
            yield env

    @staticmethod
    @contextlib.contextmanager
    def env_of(registry, **context):
        """Yield an environment with its own cursor, of the given registry."""
        with registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, context)


def connect(database):
    """Return a dedicated connection in autocommit mode, for notifications and session locks.

    It must reach PostgreSQL directly, or through a pool in session mode.
    """
    _name, info = sql_db.connection_info_for(database)
    connection = psycopg2.connect(**{**info, **KEEPALIVES})
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(ON_SERVER)
    return connection


def exit_now(status):
    """End a forked process without the clean-up of its parent process."""
    logging.shutdown()
    os._exit(status)

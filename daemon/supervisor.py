"""Starts the processes of a host, restarts those that end, and stops them in order."""

import gc
import logging
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from odoo import sql_db

from ..pipeline.log_without_values import frames
from .process import exit_now
from .watcher import Watcher
from .worker import Worker

_logger = logging.getLogger(__name__)

# The delays before a process that ends repeatedly is restarted, in seconds.
FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0
# A process that has run this long is restarted after the first delay.
STABLE_SECONDS = 30
BACKLOG = 128
_TICK = 0.2
STATUS_KILLED = 1


class _Wanted:
    """A process that should run: how to start it, and the process that is running."""

    def __init__(self, make):
        self.make = make
        self.pid = None
        self.started = 0.0
        self.start_at = 0.0
        self.delay = FIRST_DELAY


class Supervisor:
    """The parent process. It holds no connection to the database.

    :param registry: the loaded registry, which the children share instead of loading it
    :param settings: the :class:`~.command.Settings`
    """

    def __init__(self, registry, settings):
        self._registry = registry
        self._settings = settings
        self._is_ending = False
        self._life, self._life_end = os.pipe()
        self._sockets = []
        self._wanted = []

    def run(self):
        """Serve until a signal asks the process to end; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._sockets = [listen(address, self._settings) for address in self._settings.addresses]
        self._wanted = [_Wanted(make) for make in self._children()]
        # The garbage collector writes to each object it visits, so the children would soon have
        # copies of all the memory that they share with this process.
        gc.collect()
        gc.freeze()
        # A full collection runs once the new objects are a quarter of the old ones. Now there are
        # no old ones, so that the children soon free what is no longer used.
        gc.collect()
        _logger.info(
            "Serving %s: LMTP at %s, %s workers, %s",
            self._settings.database,
            list(self._settings.addresses),
            self._settings.workers,
            "watching mailboxes" if self._settings.watches else "no mailboxes",
        )
        while not self._is_ending:
            self._start_missing()
            self._collect()
            time.sleep(_TICK)
        return self._finish()

    def _children(self):
        if self._sockets:
            # aiosmtpd is required only for LMTP.
            from .listener import Listener

            yield lambda: Listener(self._settings, self._life, self._sockets)
        for number in range(self._settings.workers):
            yield lambda number=number: Worker(self._settings, self._life, number)
        if self._settings.watches:
            yield lambda: Watcher(self._settings, self._life)

    def _end(self, _number, _frame):
        self._is_ending = True

    def _start_missing(self):
        now = time.monotonic()
        for child in self._wanted:
            if child.pid is None and child.start_at <= now and not self._is_ending:
                child.pid, child.started = self._fork(child.make), now

    def _fork(self, make):
        # Two processes must not share a connection.
        sql_db.close_all()
        pid = os.fork()
        if pid:
            return pid
        status = STATUS_KILLED
        try:
            os.close(self._life_end)
            child = make()
            status = child.start()
        except Exception as error:  # noqa: BLE001  the process ends, and its supervisor restarts it
            _logger.error("A process of the mail daemon failed\n%s", frames(error))
        finally:
            exit_now(status)

    def _collect(self):
        """Record which children have ended, and when to restart them."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._note_end(*ended)

    def _note_end(self, pid, status):
        for child in self._wanted:
            if child.pid == pid:
                now = time.monotonic()
                is_stable = now - child.started > STABLE_SECONDS
                child.delay = FIRST_DELAY if is_stable else min(child.delay * 2, LONGEST_DELAY)
                child.pid, child.start_at = None, now + child.delay
                if not self._is_ending:
                    _logger.warning("Process %s has ended (%s) and will be restarted", pid, status)

    def _finish(self):
        """Let the children finish, kill those that do not, and return the exit status."""
        _logger.info("Ending: finishing current work")
        for listening in self._sockets:
            listening.close()
        self._signal(signal.SIGTERM)
        end = time.monotonic() + self._settings.grace
        while self._running() and time.monotonic() < end:
            self._collect()
            time.sleep(_TICK / 4)
        is_clean = not self._running()
        self._signal(signal.SIGKILL)
        for address in self._settings.addresses:
            if isinstance(address, str):
                Path(address).unlink(missing_ok=True)
        return 0 if is_clean else STATUS_KILLED

    def _running(self):
        return [child.pid for child in self._wanted if child.pid]

    def _signal(self, number):
        for pid in self._running():
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def listen(address, settings):
    """Return a listening socket, which stays open while the listener is restarted."""
    if isinstance(address, str):
        return _listen_at_path(address, settings.socket_mode)
    host, _port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=False)
    # Accepted connections inherit the option. asyncio sets it only on sockets with an explicit
    # protocol, and a client with delayed acknowledgements would delay every second reply by 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _listen_at_path(path, mode):
    """Listen at a UNIX socket, and replace one that an earlier process has left behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) == 0:
            raise SystemExit(f"Another process serves {path}.")
    Path(path).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    # No client can connect before the permissions are set.
    umask = os.umask(0o777 & ~mode)
    try:
        listening.bind(path)
    finally:
        os.umask(umask)
    Path(path).chmod(mode)
    listening.listen(BACKLOG)
    return listening

"""Receives messages by LMTP: one process, one event loop, any number of connections."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time

from ..pipeline.room import NoRoom
from .budget import Budget
from .commits import Commits
from .process import Child
from .protocol import Dialogue, PostmasterLmtp
from .recipients import RecipientLookup

_logger = logging.getLogger(__name__)

SIGNALING_SECONDS = 1.0


class SharedState(Dialogue):
    """The state that all connections share.

    :param settings: the :class:`~.command.Settings`
    """

    def __init__(self, settings, recipients, commits):
        self.largest = settings.largest
        self.receive = settings.receive
        self.budget = Budget(settings.memory)
        self.recipients = recipients
        self.commits = commits
        self.connections = set()
        self.is_ending = False

    def end(self):
        """Close all connections. One that is receiving a message closes after its reply."""
        self.is_ending = True
        for connection in list(self.connections):
            connection.end()


class Listener(Child):
    """The listener process.

    :param sockets: the listening sockets, which belong to the supervisor
    """

    name = "LMTP listener"

    def __init__(self, settings, life, sockets):
        super().__init__(settings, life)
        self._sockets = sockets
        self._checked = 0.0

    def run(self):
        """Receive messages until the process is asked to end."""
        _logger.info("%s: process %s", self.name, os.getpid())
        # aiosmtpd logs each line of the dialogue, including the content of messages, and unknown
        # commands as warnings.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        commits = Commits(self._store, self._announce)
        try:
            asyncio.run(self._serve(SharedState(self.settings, RecipientLookup(self.env), commits)))
        finally:
            commits.close()

    async def _serve(self, state):
        loop, ending = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, ending.set)
        loop.add_reader(self._life, ending.set)
        host_name = socket.getfqdn()

        def protocol():
            return PostmasterLmtp(state, loop=loop, hostname=host_name)

        servers = [
            await (
                loop.create_unix_server(protocol, sock=listening)
                if listening.family == socket.AF_UNIX
                else loop.create_server(protocol, sock=listening)
            )
            for listening in self._sockets
        ]
        await ending.wait()
        loop.remove_reader(self._life)
        for server in servers:
            server.close()
        state.end()
        while state.connections:
            await asyncio.sleep(0.01)

    def _store(self, submissions):
        with self._quick_env() as env:
            rows = env["mail.postmaster.pipeline"]._take_in_batch(submissions)
        return [row if isinstance(row, NoRoom) else None for row in rows]

    def _announce(self):
        try:
            with self._quick_env() as env:
                env["mail.postmaster.pipeline"]._call_workers()
        except Exception as error:  # noqa: BLE001  the workers also poll
            _logger.info("The workers were not notified (%s)", type(error).__name__)

    @contextlib.contextmanager
    def _quick_env(self):
        """Yield an environment, checking the registry for changes once a second."""
        now = time.monotonic()
        is_fresh = now - self._checked < SIGNALING_SECONDS
        with self.env_of(self.registry) if is_fresh else self.env() as env:
            self._checked = self._checked if is_fresh else now
            yield env

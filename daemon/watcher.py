"""Watches mailboxes and fetches new messages; one process, one thread for each mailbox.

Each mailbox is watched by one host: the one that holds the advisory lock of its incoming server.
If that host dies, its lock is released, and another host takes over the mailbox. The watcher
stores what it fetches, and the workers process it.
"""

import contextlib
import imaplib
import logging
import os
import random
import re
import select
import socket
import threading
import time
from functools import partial

from odoo import sql_db

from ..context_keys import STORE_ONLY
from ..gateway import idle
from ..gateway.mailbox.imap import INBOX, folder_argument
from ..pipeline.work import AWAY
from .process import Child, connect

_logger = logging.getLogger(__name__)

# How often a host looks for new servers, and for mailboxes that are not watched.
LOOK_SECONDS = 3.0
FIRST_DELAY, LONGEST_DELAY = 1.0, 120.0
# A connection that lasted this long resets the delay.
STABLE_SECONDS = 60.0
BATCH = 500
# The pause before a mailbox that another process is reading is tried again.
BUSY_SECONDS = 1.0
# imaplib compiles a pattern for each connection, and Python caches thousands of them: 8 MB.
CONNECTIONS_KEPT = 100
# The first of the two keys of an advisory lock: "PMW" for "Postmaster watch".
LOCK_CLASS = 0x504D57
SERVERS = [("state", "=", "done"), ("server_type", "!=", "local")]


class Watcher(Child):
    """The process that watches mailboxes."""

    name = "Watcher"

    def __init__(self, settings, life):
        super().__init__(settings, life)
        self._locks = None
        self._watches = {}

    def run(self):
        """Watch until the process is asked to end, then finish fetches in progress."""
        _logger.info("%s: process %s", self.name, os.getpid())
        while not self.is_ending:
            try:
                self._share_out()
            except AWAY as error:
                _logger.warning(
                    "%s: the database is not available (%s)", self.name, type(error).__name__
                )
                self._let_go()
            self.wait(LOOK_SECONDS)
        self._let_go()

    def _share_out(self):
        """Watch each mailbox that no other host watches, and none while the database is on hold."""
        self._locks = self._locks or connect(self.settings.database)
        with self.env() as env:
            is_on_hold = env["mail.postmaster.policy"]._on_hold()
            wanted = set() if is_on_hold else set(env["fetchmail.server"].search(SERVERS).ids)
        for server_id in self._watches.keys() - wanted:
            self._watches.pop(server_id).stop()
            self._ask("SELECT pg_advisory_unlock(%s, %s)", server_id)
        # The query also fails if the connection, and with it our locks, is lost.
        for server_id in wanted - self._watches.keys():
            if self._ask("SELECT pg_try_advisory_lock(%s, %s)", server_id):
                self._watches[server_id] = Watch(self, server_id)
        if self._watches:
            self._ask("SELECT %s + %s", 0)

    def _ask(self, query, server_id):
        with self._locks.cursor() as cr:
            cr.execute(query, [LOCK_CLASS, server_id])
            return cr.fetchone()[0]

    def _let_go(self):
        """Stop all watches, then release the mailboxes to other hosts."""
        watches = list(self._watches.values())
        self._watches.clear()
        for watch in watches:
            watch.ask_to_stop()
        for watch in watches:
            watch.stop()
        if self._locks:
            with contextlib.suppress(Exception):
                self._locks.close()
        self._locks = None
        sql_db.close_all()


class Watch:
    """A thread that watches one mailbox.

    :param process: the :class:`Watcher`
    :param int server_id: the id of the ``fetchmail.server``
    """

    def __init__(self, process, server_id):
        self._process = process
        self._server_id = server_id
        self._connection = None
        self._stop, self._stopping = socket.socketpair()
        self._is_stopping = False
        self._fetches = 0
        self._thread = threading.Thread(
            target=self._run,
            name=f"mailbox {server_id}",
            daemon=True,
        )
        self._thread.start()

    def ask_to_stop(self):
        self._is_stopping = True
        with contextlib.suppress(OSError):
            self._stopping.send(b"x")

    def stop(self):
        """Stop the thread after its current fetch."""
        self.ask_to_stop()
        self._thread.join()
        self._stop.close()
        self._stopping.close()

    def _run(self):
        delay, since = FIRST_DELAY, time.monotonic()
        while not self._is_stopping:
            try:
                self._watch()
            except Exception as error:  # noqa: BLE001  any error of a server is retried
                if time.monotonic() - since > STABLE_SECONDS:
                    delay = FIRST_DELAY
                _logger.info(
                    "Mailbox %s: %s; again in %.0f s",
                    self._server_id,
                    type(error).__name__,
                    delay,
                )
                # Hosts and mailboxes must not all retry at the same moment.
                self._rest(delay * random.uniform(0.75, 1.25))  # noqa: S311  no secret
                delay, since = min(delay * 2, LONGEST_DELAY), time.monotonic()
            finally:
                self._disconnect()

    def _watch(self):
        """Fetch and wait in turn until the thread is stopped or an error occurs."""
        wait = self._connect()
        while not self._is_stopping:
            self._fetch_all()
            wait()

    def _rest(self, seconds):
        select.select([self._stop], [], [], seconds)

    def _connect(self):
        """Open a connection to wait on; return the function that waits."""
        poll = partial(self._rest, self._process.settings.poll)
        with self._process.env() as env:
            server = env["fetchmail.server"].browse(self._server_id)
            if server._get_connection_type() != "imap":
                return poll
            folders = server.folder_ids.mapped("name") or [INBOX]
            self._connection = connection = server._connect__()
        if not idle.can_idle(connection):
            _logger.info("Mailbox %s: its server does not support IDLE", self._server_id)
            self._disconnect()
            return poll
        # This comes before the first fetch, so that later messages are announced. IDLE covers one
        # folder; the others are polled.
        _watch_first(connection, folders)
        seconds = idle.LONGEST_WAIT if len(folders) == 1 else self._process.settings.poll
        return partial(idle.idle, connection, seconds, self._stop)

    def _disconnect(self):
        if self._connection:
            with contextlib.suppress(Exception):
                self._connection.logout()
        self._connection = None

    def _fetch_all(self):
        """Fetch until there are no new messages.

        :raises Exception: the error that the fetcher reports
        """
        while self._fetch() and not self._is_stopping:
            pass

    def _fetch(self):
        """Fetch a batch; return whether it contained new messages."""
        self._fetches += 1
        if not self._fetches % CONNECTIONS_KEPT:
            re.purge()
        with self._process.env(**{STORE_ONLY: True}) as env:
            server = env["fetchmail.server"].browse(self._server_id)
            if not server.try_lock_for_update(allow_referencing=True):
                # The scheduled action is reading it, and may have missed the newest message.
                env.cr.rollback()
                self._rest(BUSY_SECONDS)
                return True
            env.cr.execute("SELECT max(id) FROM mail_postmaster_message")
            last = env.cr.fetchone()[0] or 0
            env.cr.commit()
            problem = server._fetch_mail(BATCH)
            if problem:
                raise problem
            env.cr.execute(
                "SELECT EXISTS (SELECT FROM mail_postmaster_message "
                "WHERE id > %s AND fetchmail_server_id = %s)",
                [last, self._server_id],
            )
            return env.cr.fetchone()[0]


def _watch_first(connection, folders):
    """Watch the first of these folders that can be opened.

    :raises imaplib.IMAP4.error: if none of them can
    """
    for name in folders[:-1]:
        with contextlib.suppress(imaplib.IMAP4.error):
            idle.watch(connection, folder_argument(name))
            return
    idle.watch(connection, folder_argument(folders[-1]))

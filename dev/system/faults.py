"""Let the n-th operation fail while messages are fetched, taken in and processed.

Used by ``test_faults`` with a sample of the operations and by ``dev/bench faults`` with all.
"""

import socket
from collections import Counter
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import psycopg2
from crashes import check, let_time_pass
from mails import mail
from serving import take_in
from setup_gateway import USER

from odoo import sql_db

STATEMENT, COMMIT, SEND, RECEIVE = "statement", "commit", "send", "receive"
KINDS = (STATEMENT, COMMIT, SEND, RECEIVE)
BEFORE, AFTER = "before", "after"
FETCHED = 3
MOST_ROUNDS = 10


class Faults:
    """Counts operations, and lets one of them fail before or after its effect.

    The connection is lost with it, as when a network cable is pulled.

    :param kind: of :data:`KINDS`; None to count only
    :param number: which operation of this kind fails, from 1
    :param when: :data:`BEFORE` or :data:`AFTER` its effect
    :param port: TCP port of the mailbox; other sockets are left alone
    """

    def __init__(self, port, kind=None, number=0, when=BEFORE):
        self.counts = Counter()
        self._port = port
        self._fails = (kind, number)
        self._when = when

    @contextmanager
    def injected(self):
        connection = sql_db.PsycoConnection
        with ExitStack() as stack:
            for owner, name, kind in (
                (sql_db.Cursor, "execute", STATEMENT),
                (connection, "commit", COMMIT),
                (socket.socket, "sendall", SEND),
                (socket.socket, "recv_into", RECEIVE),
            ):
                replaced = self._replaced(kind, getattr(owner, name))
                stack.enter_context(patch.object(owner, name, replaced))
            yield self

    def _replaced(self, kind, original):
        def operate(target, *arguments, **options):
            if not self._is_counted(target):
                return original(target, *arguments, **options)
            self.counts[kind] += 1
            if (kind, self.counts[kind]) != self._fails:
                return original(target, *arguments, **options)
            if self._when == AFTER:
                original(target, *arguments, **options)
            return self._fail(target)

        return operate

    def _is_counted(self, target):
        if not isinstance(target, socket.socket):
            return True
        try:
            return target.getpeername()[1] == self._port
        except OSError:
            return False

    @staticmethod
    def _fail(target):
        if isinstance(target, socket.socket):
            target.close()
            raise ConnectionResetError("The connection was cut.")
        connection = target._cnx if isinstance(target, sql_db.Cursor) else target
        connection.close()
        raise psycopg2.OperationalError("The connection was cut.")


class Gateway:
    """A database with a mailbox, to which messages also come by LMTP.

    :param dovecot: the mail server with the mailbox
    :param int server_id: id of its ``fetchmail.server``
    """

    def __init__(self, database, dovecot, server_id):
        self._database = database
        self._dovecot = dovecot
        self._server_id = server_id
        self._runs = 0

    def operations(self):
        """Return a ``Counter`` of the operations of one run, by kind."""
        return self.run().counts

    def run(self, *fault):
        """Fetch three messages, take in one, process all, with a fault; recover and check.

        :param fault: of :class:`Faults`, after the port
        :return: the :class:`Faults`
        """
        self._runs += 1
        subjects = [f"Run {self._runs} message {number}" for number in range(FETCHED + 1)]
        *fetched, pushed = [
            mail(subject=subject, sender=f"{subject.replace(' ', '.')}@customer.test")
            for subject in subjects
        ]
        self._dovecot.empty(USER)
        for raw in fetched:
            self._dovecot.deliver(USER, raw)
        with Faults(self._dovecot.imap_port, *fault).injected() as faults:
            is_acknowledged = self._survives(self._push, pushed)
            self._work()
        for _round in range(MOST_ROUNDS):
            # A client that got no answer sends the message again.
            is_acknowledged = is_acknowledged or self._survives(self._push, pushed)
            if is_acknowledged and not self._is_left():
                break
            let_time_pass(self._database)
            self._work()
        # What was done in the mailbox, and not recorded, is done again by the next fetch.
        self._work()
        self._check(subjects)
        return faults

    def _work(self):
        self._survives(self._fetch)
        self._survives(self._process)

    @staticmethod
    def _survives(function, *arguments):
        """Return whether a function raised nothing, as for the process that calls it again."""
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001  what the fault has led to
            return False
        return True

    def _fetch(self):
        with self._database.env() as env:
            env["fetchmail.server"].browse(self._server_id)._fetch_mail()

    def _process(self):
        with self._database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()

    def _push(self, raw):
        with self._database.env() as env:
            take_in(env, [raw])

    def _is_left(self):
        if any("S" not in kept.flags for kept in self._dovecot.stored(USER)):
            return True
        return bool(
            self._database.query(
                "SELECT 1 FROM mail_postmaster_message WHERE state IN ('received', 'retry') LIMIT 1"
            )
        )

    def _check(self, subjects):
        check(self._database, subjects)
        assert not self._is_left()
        assert len(self._dovecot.stored(USER)) == FETCHED
        assert self._database.query("SELECT count(*) FROM mail_postmaster_place") == "0"


def sample(counts, step=1):
    """Return every ``step``-th of all faults, as ``[(kind, number, when)]``."""
    every = [
        (kind, number, when)
        for kind in KINDS
        for number in range(1, counts[kind] + 1)
        for when in (BEFORE, AFTER)
    ]
    return every[step // 2 :: step]

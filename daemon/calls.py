"""Waits for the database to announce stored messages (LISTEN)."""

import contextlib

from psycopg2 import sql

from ..pipeline.intake import CHANNEL
from .process import connect


class Calls:
    """A connection that is notified when a process stores messages.

    If notifications do not arrive, as with a pool that gives each transaction another session,
    the worker polls.

    :param str database: the name of the database
    """

    def __init__(self, database):
        self._connection = connect(database)
        with self._connection.cursor() as cr:
            cr.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))

    def fileno(self):
        return self._connection.fileno()

    def hear(self):
        """Discard the notifications that have arrived: the worker looks for messages anyway.

        :raises psycopg2.OperationalError: if the connection is lost
        """
        self._connection.poll()
        self._connection.notifies.clear()

    def close(self):
        with contextlib.suppress(Exception):
            self._connection.close()

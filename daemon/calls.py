"""Waits for the database to say that mail is stored (LISTEN), and for what is due."""

import contextlib

from psycopg2 import sql

from ..models.mail_postmaster_intake import CHANNEL
from .process import connect


class Calls:
    """A connection that hears when somebody stores mail.

    Where it can not be had, as behind a pool that gives each transaction another session, the
    worker looks for itself.

    :param str database: name of the database
    """

    def __init__(self, database):
        self._connection = connect(database)
        with self._connection.cursor() as cr:
            cr.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))

    def fileno(self):
        return self._connection.fileno()

    def hear(self):
        """Forget the calls that have come; what they are about is looked for anyway.

        :raises psycopg2.OperationalError: when the connection is lost
        """
        self._connection.poll()
        self._connection.notifies.clear()

    def close(self):
        with contextlib.suppress(Exception):
            self._connection.close()

"""Columns, sequences and indexes that the ORM does not support, made only where they are missing.

A statement that changes a table waits for everyone who reads it, and everyone else waits behind it,
also where it finds nothing to change. Messages are received while the addon is being updated.
"""

import time
from collections.abc import Mapping

from psycopg2 import errors

from odoo.sql_db import BaseCursor
from odoo.tools.sql import index_exists, table_columns

# How long others wait behind a change, and how often it is tried.
LOCK_TIMEOUT = "2s"
MOST_TRIES = 30
PAUSE_SECONDS = 1


def add_columns(cr: BaseCursor, table: str, columns: Mapping[str, str]) -> None:
    """Add the columns that a table does not have.

    :param columns: ``{name: type and constraints}``
    """
    present = table_columns(cr, table)
    missing = [f"ADD COLUMN {name} {kind}" for name, kind in columns.items() if name not in present]
    if missing:
        change(cr, f"ALTER TABLE {table} {', '.join(missing)}")


def add_indexes(cr: BaseCursor, table: str, indexes: Mapping[str, str]) -> None:
    """Add the indexes that a table does not have.

    :param indexes: ``{name: columns and condition}``
    """
    for name, definition in indexes.items():
        if not index_exists(cr, name):
            change(cr, f"CREATE INDEX {name} ON {table} {definition}")


def add_sequence(cr: BaseCursor, name: str, definition: str) -> None:
    """Create a sequence unless it exists."""
    cr.execute("SELECT to_regclass(%s) IS NULL", [name])
    if cr.fetchone()[0]:
        change(cr, f"CREATE SEQUENCE {name} {definition}")


def set_storage(cr: BaseCursor, table: str, column: str, code: str, name: str) -> None:
    """Set how the values of a column are stored.

    :param code: of ``pg_attribute.attstorage``
    :param name: of the same in ``ALTER TABLE``
    """
    cr.execute(
        "SELECT attstorage FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
        [table, column],
    )
    if cr.fetchone()[0] != code:
        change(cr, f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {name}")


def change(cr: BaseCursor, statement: str) -> None:
    """Change a table, giving up the wait for its lock again and again, so that others get through.

    :raises psycopg2.errors.LockNotAvailable: if the last try had to wait, too
    """
    for number in range(1, MOST_TRIES + 1):
        try:
            with cr.savepoint(flush=False):
                cr.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
                cr.execute(statement, log_exceptions=number == MOST_TRIES)
                cr.execute("SET LOCAL lock_timeout = DEFAULT")
            return
        except errors.LockNotAvailable:
            if number == MOST_TRIES:
                raise
            time.sleep(PAUSE_SECONDS)

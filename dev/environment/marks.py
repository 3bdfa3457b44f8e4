"""Marks on the databases created by these scripts: no other may be replaced or updated.

A server named by ``PGHOST`` may have a database of the same name, created by other people or from
another checkout. So a database gets two marks before anything is installed into it, and a
database that lacks either is left alone:

======= ==============================================================================
mark    what it identifies
======= ==============================================================================
comment names these scripts, this checkout, and the content of the database. PostgreSQL copies
        it neither with ``createdb --template`` nor with a dump.
content a table that names this checkout and, in a complete database, a System Parameter:
        a dump that was restored into the database does not contain it.
======= ==============================================================================

The comment of an incomplete database says so: an interrupted installation can be recognised and
repeated.
"""

from . import postgresql
from .places import WORK
from .progress import Stop

OWNER = f"mail_postmaster/dev of {WORK}"
UNFINISHED = "unfinished"
TABLE = "mail_postmaster_dev"
PARAMETER = "mail_postmaster.dev"
UNDEFINED_TABLE = "42P01"


def read(database):
    """Return what the comment names as content of a database: a digest or :data:`UNFINISHED`.

    :return: an empty string if there is no such database
    :raises Stop: if it was not created here
    """
    found = postgresql.query(
        "postgres",
        (
            "SELECT 'comment ' || coalesce(shobj_description(oid, 'pg_database'), '') "
            f"FROM pg_database WHERE datname = {_text(database)}"
        ),
    )
    if not found:
        return ""
    owner, _, made_of = found.removeprefix("comment ").rpartition(": ")
    if owner != OWNER or not _is_content_ours(database, made_of):
        raise Stop(
            f'The database "{database}" was not made by these scripts in this checkout, so they '
            "do not touch it. Rename or drop it, or name another server with PGHOST. "
            "(Without PGHOST it is on the private server, which `make clean` removes.)"
        )
    return made_of


def _is_content_ours(database, made_of):
    if made_of == UNFINISHED:
        sql = f"SELECT owner FROM public.{TABLE}"
    else:
        sql = f"SELECT value FROM public.ir_config_parameter WHERE key = '{PARAMETER}'"
    try:
        return postgresql.query(database, sql) == OWNER
    except Stop as error:
        if UNDEFINED_TABLE not in str(error):
            raise
        return False


def comment(database, made_of):
    """Return the SQL that marks a database from outside."""
    return f'COMMENT ON DATABASE "{database}" IS {_text(f"{OWNER}: {made_of}")}'


def table():
    """Return the SQL that marks the content of a database in which nothing is installed."""
    return f"CREATE TABLE public.{TABLE} AS SELECT {_text(OWNER)}::text AS owner"


def parameter():
    """Return the SQL that marks the content of a database with Odoo in it."""
    return (
        f"DELETE FROM ir_config_parameter WHERE key = '{PARAMETER}'; "
        f"INSERT INTO ir_config_parameter (key, value) VALUES ('{PARAMETER}', {_text(OWNER)})"
    )


def _text(value):
    return "'" + value.replace("'", "''") + "'"

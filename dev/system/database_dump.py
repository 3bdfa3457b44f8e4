"""All rows of a database, to find out what a command has changed."""

import json
from typing import NamedTuple

from odoo import sql_db


class Dump(NamedTuple):
    """The rows of some tables.

    :param dict columns: ``{table: names of its columns}``
    :param dict rows: ``{table: {key: row as a dictionary}}``
    """

    columns: dict
    rows: dict


def dump(database, columns=None, without=()):
    """Return the :class:`Dump` of a database.

    :param dict columns: the columns to read, of tables that may be gone; None for all
    :param without: names of tables to skip
    """
    with sql_db.db_connect(database).cursor() as cursor:
        present = {
            table: names for table, names in _columns(cursor).items() if table not in without
        }
        chosen = (
            present
            if columns is None
            else {
                table: [name for name in names if name in present.get(table, ())]
                for table, names in columns.items()
            }
        )
        return Dump(present, {table: _rows(cursor, table, chosen[table]) for table in chosen})


def _columns(cursor):
    cursor.execute("""
        SELECT table_name, array_agg(column_name::text ORDER BY column_name)
        FROM information_schema.columns JOIN information_schema.tables
        USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name
    """)
    return dict(cursor.fetchall())


def _rows(cursor, table, names):
    if not names:
        return {}
    listed = ", ".join(f'"{name}"' for name in names)
    cursor.execute(f'SELECT to_jsonb(found)::text FROM (SELECT {listed} FROM "{table}") AS found')
    rows = [json.loads(text) for (text,) in cursor.fetchall()]
    # A relation table has no id: the row is its own key.
    return {row["id"] if "id" in row else json.dumps(row, sort_keys=True): row for row in rows}


def changes(before, after, without=()):
    """Return the changes to rows that existed before, as ``(table, change)``.

    :param without: ``(table, column)`` that may change
    """
    found = []
    for table, rows in before.rows.items():
        if missing := set(before.columns[table]) - set(after.columns.get(table, ())):
            found.append((table, f"without {', '.join(sorted(missing))}"))
        for key, row in rows.items():
            new = after.rows[table].get(key)
            if new is None:
                found.append((table, f"gone: {row}"))
            found += [
                (table, f"{_name(row)}: {column}: {value!r} -> {new.get(column)!r}")
                for column, value in row.items()
                if new and new.get(column) != value and (table, column) not in without
            ]
    return found


def additions(before, after):
    """Return the tables, columns and rows that did not exist before, as ``(table, addition)``."""
    found = []
    for table, names in after.columns.items():
        if more := set(names) - set(before.columns.get(table, ())):
            found.append((table, f"with {', '.join(sorted(more))}"))
    for table, rows in after.rows.items():
        found += [
            (table, f"new: {_name(row)}")
            for key, row in rows.items()
            if key not in before.rows[table]
        ]
    return found


def _name(row):
    label = row.get("name") or row.get("key") or row.get("login") or ""
    return f"{row.get('id', row)} {label}".strip()

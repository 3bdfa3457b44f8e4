"""Many crashes during fetching and processing: nothing lost, nothing duplicated.

The same as ``dev/system/test_crashes.py`` with more moments, on a cluster that flushes to disk
before it acknowledges a commit.
"""

import os
import sys
import time

from crashes import check, fill, finish, interrupt
from setup_gateway import USER, add_server

from odoo import sql_db

from environment import postgresql
from environment.dovecot import Dovecot

from . import databases

MOMENTS, MAILS = 1000, 200


def is_left(database, dovecot):
    if any("S" not in kept.flags for kept in dovecot.stored(USER)):
        return True
    return bool(
        database.query(
            "SELECT 1 FROM mail_postmaster_message WHERE state IN ('received', 'retry') LIMIT 1"
        )
    )


def main(moments):
    # Odoo reads the variables with its configuration.
    os.environ.update(
        postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start().environment
    )
    sql_db.close_all()
    databases.prepare()
    database, start = databases.Database(databases.OURS), time.monotonic()
    with Dovecot("bench-dovecot") as dovecot:
        with database.env() as env:
            server = add_server(env, dovecot)
            server.start_from = "all"
            server_id = server.id
        used, subjects, rounds = 0, [], 0
        while used < moments:
            rounds += 1
            subjects += fill(dovecot, MAILS, f"Round {rounds}")
            used += interrupt(
                database,
                server_id,
                lambda: is_left(database, dovecot),
                moments - used,
                seed=rounds,
            )
            print(f"{used:5} moments, {len(subjects)} messages", flush=True)
        released = finish(database, server_id, lambda: is_left(database, dovecot))
        check(database, subjects)
    print(
        f"\n{used} times kill -9 while {len(subjects)} messages were fetched and processed, "
        f"{time.monotonic() - start:.0f} s: {len(subjects)} records and rows in the log, "
        f"none twice, none missing; {released} were parked for their crashes and released."
    )


main(int(sys.argv[1]) if len(sys.argv) > 1 else MOMENTS)

"""Minutes of mail from real clients for each kind of disturbance: lost, doubled, backlog.

The same as ``dev/system/test_serve_chaos.py``, for longer, and nothing hurries the schedule of what
has failed.
"""

import os
import sys

from chaos import DISTURBANCES, run
from setup_gateway import add_server

from odoo import sql_db

from environment import postgresql
from environment.dovecot import Dovecot

from . import databases

MINUTES, RATE = 10, 5


def main(minutes=MINUTES, name=""):
    cluster = postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start()
    # Odoo reads the variables with its configuration.
    os.environ.update(cluster.environment)
    sql_db.close_all()
    print(
        f"{'':34}{'messages':>9}{'lost':>6}{'doubled':>9}{'held':>6}{'backlog, s':>12}{'dead':>8}"
    )
    is_good = True
    for disturbance in DISTURBANCES:
        if name not in disturbance.name:
            continue
        databases.prepare()
        database = databases.Database(databases.OURS)
        dovecot = Dovecot("bench-chaos")
        dovecot.remove()
        with dovecot:
            with database.env() as env:
                server = add_server(env, dovecot)
                server.start_from = "all"
            sql_db.close_all()
            found = run(disturbance, database, cluster, dovecot, minutes * 60, RATE)
        is_good = is_good and not (found.lost or found.doubled)
        print(
            f"{disturbance.name:34}{found.messages:9}{found.lost:6}{found.doubled:9}"
            f"{found.held:6}{found.backlog:12.1f}{found.dead:8}",
            flush=True,
        )
    print(f"\n{'OK' if is_good else 'FAILED'}: {RATE} messages a second, {minutes} minutes a row")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(*[float(sys.argv[1])] if sys.argv[1:] else [], *sys.argv[2:]))

"""The mail daemon over a long time: memory and connections stay constant.

Used by ``dev/soak``. The first minutes are not counted: caches fill, Python keeps memory it once
had, and a process gets its own pages when it writes into memory that its supervisor had freed.
"""

import os
import sys
import time

import psutil
from serving import count, wait_until
from setup_gateway import USER, add_server

from odoo import sql_db

from environment import postgresql
from environment.dovecot import Dovecot
from environment.serve import MailDaemon, deliver

from . import databases
from .serve import OURS, mails

MINUTES, MAILS = 30, 300
WARM_UP_MINUTES = 10
# How much a process may grow in an hour.
MOST_MEGABYTES_AN_HOUR = 20
# Between two idle connections of a pool that come and go.
MOST_CONNECTIONS = 3


def memory_megabytes(pid):
    """Return the private memory of a process and its children in total."""
    parent = psutil.Process(pid)
    return (
        sum(
            process.memory_full_info().uss for process in [parent, *parent.children(recursive=True)]
        )
        / 1_000_000
    )


def connections():
    return int(
        postgresql.query(
            "postgres", f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{OURS.name}'"
        )
    )


def one_minute(number, rate, daemon, dovecot, end):
    """Deliver messages for a minute, every second one by LMTP."""
    raws = mails(rate, f"soak{number}")
    for place, raw in enumerate(raws):
        if place % 2:
            dovecot.deliver(USER, raw)
        else:
            with daemon.connect() as connection:
                assert deliver(connection, raw)[0][0] == 250
        time.sleep(max((end - time.monotonic()) / (len(raws) - place), 0))


def slope(samples):
    """Return the growth of a figure per hour, by a linear fit of its samples."""
    mean_at = sum(at for at, _value in samples) / len(samples)
    mean = sum(value for _at, value in samples) / len(samples)
    spread = sum((at - mean_at) ** 2 for at, _value in samples)
    return 60 * sum((at - mean_at) * (value - mean) for at, value in samples) / (spread or 1)


def main(minutes=MINUTES, rate=MAILS):
    os.environ.update(
        postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start().environment
    )
    sql_db.close_all()
    databases.prepare()
    memory, counted = [], []
    dovecot = Dovecot("bench-soak")
    dovecot.remove()
    with dovecot:
        with databases.environment(OURS.name) as env:
            add_server(env, dovecot)
        sql_db.close_all()
        with MailDaemon(OURS.name, "--workers=2", "--pace=0") as daemon:
            for number in range(minutes):
                one_minute(number, rate, daemon, dovecot, time.monotonic() + 60)
                memory.append((number, memory_megabytes(daemon.pid)))
                counted.append((number, connections()))
                print(
                    f"{number + 1:4} min: {memory[-1][1]:7.1f} MB, {counted[-1][1]} connections, "
                    f"{OURS.leads()} records",
                    flush=True,
                )
            total = minutes * rate
            is_complete = wait_until(
                lambda: count(OURS, "state = 'delivered'") == OURS.leads() == total, 120, 1
            )
    settled = memory[WARM_UP_MINUTES:]
    growth = slope(settled) if len(settled) > 1 else 0
    most = max(value for _at, value in counted) - counted[0][1]
    is_good = is_complete and growth <= MOST_MEGABYTES_AN_HOUR and most <= MOST_CONNECTIONS
    print(
        f"\n{'OK' if is_good else 'FAILED'}: {total} messages, {OURS.leads()} records; memory of "
        f"all processes {growth:+.1f} MB an hour, at most {MOST_MEGABYTES_AN_HOUR}; "
        f"{most:+d} connections, at most {MOST_CONNECTIONS}"
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

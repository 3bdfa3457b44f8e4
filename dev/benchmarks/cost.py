"""What the addon adds to a small mail that becomes a lead: CPU, time and SQL statements.

Both databases are in one process and take turns, so that whatever else the machine does
hits both. The CPU is that of this process and of its PostgreSQL backends.
"""

import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from mails import mail

from odoo import sql_db

from . import databases

ROUNDS, MAILS = 25, 20
WARM_UP = 2


@dataclass
class Figures:
    """Of one mail: CPU of Python and of PostgreSQL and time in milliseconds, statements."""

    python: float
    postgresql: float
    wall: float
    statements: float


def backend_seconds(database):
    """Return the CPU seconds of the PostgreSQL processes that serve a database now."""
    seconds = 0.0
    for process in psutil.process_iter(["cmdline"]):
        if (
            database in " ".join(process.info["cmdline"] or [])
            and "postgres:" in process.info["cmdline"][0]
        ):
            times = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            seconds += (int(times[11]) + int(times[12])) / 100
    return seconds


def measure(database):
    """Deliver some mails as the fetcher does: one cursor, a commit after each mail."""
    raws = [mail(sender=f"Customer {i} <c{time.time_ns()}@customer.test>") for i in range(MAILS)]
    with databases.environment(database, fetchmail_cron_running=True) as env:
        before = backend_seconds(database)
        statements = sql_db.sql_counter
        cpu, wall = time.process_time(), time.perf_counter()
        for raw in raws:
            env["mail.thread"].message_process(False, raw)
            env.cr.commit()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        statements = sql_db.sql_counter - statements
        backends = backend_seconds(database) - before
    return Figures(*(value * 1000 / MAILS for value in (cpu, backends, wall)), statements / MAILS)


def main(rounds):
    databases.prepare()
    names = {"core": databases.CORE, "ours": databases.OURS}
    figures = {label: [] for label in names}
    for number in range(WARM_UP + rounds):
        for label, database in names.items() if number % 2 else reversed(names.items()):
            result = measure(database)
            if number >= WARM_UP:
                figures[label].append(result)
    print(f"{rounds} rounds of {MAILS} mails each, median per mail\n")
    print(f"{'':24}{'core':>10}{'ours':>10}{'ratio':>8}")
    rows = {
        "CPU Python, ms": "python", "CPU PostgreSQL, ms": "postgresql",
        "time, ms": "wall", "statements": "statements",
    }
    for title, name in rows.items():
        core, ours = (
            statistics.median(getattr(figure, name) for figure in figures[label]) for label in names
        )
        print(f"{title:24}{core:10.2f}{ours:10.2f}{ours / core if core else 0:8.3f}")
    core, ours = (
        statistics.median(figure.python + figure.postgresql for figure in figures[label])
        for label in names
    )
    print(f"{'CPU together, ms':24}{core:10.2f}{ours:10.2f}{ours / core:8.3f}")


main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)

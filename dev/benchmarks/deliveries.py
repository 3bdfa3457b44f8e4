"""The cost of a small message that becomes a lead: CPU, time and statements.

CPU is that of this process and of its PostgreSQL backends.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from mails import mail

from odoo import sql_db

from . import databases


@dataclass
class Figures:
    """Per message: CPU of Python and of PostgreSQL and time in milliseconds, statements."""

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
            # In nanoseconds; the times in "stat" are rounded to hundredths of a second.
            seconds += int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    return seconds


def raw_mails(count):
    """Return messages for the sales team, each from another sender, none sent before."""
    moments = [time.time_ns() + number for number in range(count)]
    return [
        mail(
            sender=f"Customer {number} <c{moment}@customer.test>",
            message_id=f"<{moment}@customer.test>",
        )
        for number, moment in enumerate(moments)
    ]


def measure(database, mails):
    """Deliver messages as the fetcher does: one cursor, a commit after each message.

    :param int mails: the number of messages
    :return: the :class:`Figures`
    """
    raws = raw_mails(mails)
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
    return Figures(*(value * 1000 / mails for value in (cpu, backends, wall)), statements / mails)

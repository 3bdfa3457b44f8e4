"""What the script costs that a mail server runs for each message, against core's and bare Python.

The CPU is that of the script alone, as the kernel counts it when the process ends; the time is
that until the mail server has the exit status. ``odoo-mailgate.py`` and the pipe over HTTP talk to
the same Odoo, the pipe over LMTP to the socket of a mail daemon; bare Python does nothing. They
take turns.
"""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from conftest import OdooDatabase, OdooServer
from mails import mail

from environment import odoo as odoo_source
from environment.places import ROOT, WORK, short_folder
from environment.processes import LOOPBACK
from environment.serve import MailDaemon

from . import databases

ROUNDS, WARM_UP = 60, 5
# Of the CPU of bare Python. To import smtplib takes most of the one, http.client of the other.
MOST_RATIO = {"pipe, LMTP": 3.2, "pipe, HTTP": 4.5}
BARE, CORE = "python3 -I -S -c pass", "odoo-mailgate.py"
PIPE = ROOT / "tools" / "postmaster-pipe"
MAILGATE = "mail/static/scripts/odoo-mailgate.py"
PASSWORD = "admin"
# The one that the first line of the pipe names; a mail server runs mailgate with the same.
PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Run:
    """One run of a script: milliseconds of CPU and of time."""

    cpu: float
    wall: float


def run(command, raw):
    """Run a script with a message as its standard input; return the :class:`Run`."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(raw)
    process.stdin.close()
    said = process.stderr.read()
    process.stderr.close()
    # The kernel counts microseconds for this process; os.times has clock ticks.
    _pid, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = said.decode(errors="replace")
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {text}")
    return Run((used.ru_utime + used.ru_stime) * 1000, wall * 1000)


def commands(database, server, daemon, token_file):
    """Return ``{name: command}`` of what is compared."""
    recipient = ("-f", "jane@customer.test", "--", "sales@example.com")
    return {
        BARE: [PYTHON, "-I", "-S", "-c", "pass"],
        CORE: [
            PYTHON,
            odoo_source.locate().core_addons / MAILGATE,
            "-d",
            database,
            "-u",
            "2",
            "-p",
            PASSWORD,
            "--host",
            LOOPBACK,
            "--port",
            server.port,
        ],
        "pipe, HTTP": [
            PIPE,
            "--url",
            f"{server.url}/postmaster/inbound",
            "--token-file",
            token_file,
            *recipient,
        ],
        "pipe, LMTP": [PIPE, "--lmtp", daemon.lmtp, *recipient],
    }


def measure(compared, rounds):
    figures = {name: [] for name in compared}
    for number in range(WARM_UP + rounds):
        names = list(compared)
        # Another one is the first in each round.
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            result = run(compared[name], mail(subject=f"{name} {number} {time.time_ns()}"))
            if number >= WARM_UP:
                figures[name].append(result)
    return figures


def report(figures):
    """Print the table and return whether the pipe stays within its limits."""
    cpu = {name: statistics.median(one.cpu for one in runs) for name, runs in figures.items()}
    print(f"\n{'':24}{'CPU, ms':>10}{'of bare':>10}{'of core':>10}{'time, ms':>10}")
    for name, runs in figures.items():
        ratios = f"{cpu[name] / cpu[BARE]:10.2f}{cpu[name] / cpu[CORE]:10.2f}"
        print(
            f"{name:24}{cpu[name]:10.1f}{ratios}{statistics.median(one.wall for one in runs):10.1f}"
        )
    print()
    for name, most in MOST_RATIO.items():
        print(f"{name}: {cpu[name] / cpu[BARE]:.2f} times the CPU of {BARE}; {most} are allowed.")
    return all(cpu[name] <= most * cpu[BARE] for name, most in MOST_RATIO.items())


def main(rounds):
    databases.prepare()
    with databases.environment(databases.OURS) as env:
        source = env["mail.postmaster.source"].create({"name": "Pipe"})
        token = env["mail.postmaster.token"]._generate(source)
    token_file = WORK / "bench-token"
    token_file.write_text(token)
    token_file.chmod(0o600)
    server = OdooServer(OdooDatabase(databases.OURS, None))
    try:
        lmtp = short_folder("bench-pipe") / "lmtp.sock"
        with MailDaemon(databases.OURS, "--workers=0", "--no-watch", lmtp=lmtp) as daemon:
            compared = commands(databases.OURS, server, daemon, token_file)
            figures = measure(compared, rounds)
    finally:
        server.stop()
    print(f"{rounds} rounds, median per message")
    return 0 if report(figures) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))

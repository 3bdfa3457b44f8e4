"""What the script costs that a mail server runs for each mail, against core's.

The CPU is that of the script alone, as the kernel counts it when the process ends; the time is
that until the mail server hears the exit status. ``odoo-mailgate.py`` and the pipe over HTTP talk
to the same Odoo, the pipe over LMTP to a mail daemon. They take turns.
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
from environment.places import ROOT, WORK
from environment.processes import LOOPBACK
from environment.serve import MailDaemon

from . import databases

ROUNDS, WARM_UP = 60, 5
MOST_CPU, MOST_START = 18, 40
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
    """Run a script with a mail as its standard input; return the :class:`Run`."""
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


def start_time(python_path):
    """Return the milliseconds until the pipe has read its arguments, at the best of some runs."""
    best = None
    for _run in range(WARM_UP * 2):
        begin = time.perf_counter()
        subprocess.run([python_path], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        spent = (time.perf_counter() - begin) * 1000
        best = spent if best is None else min(best, spent)
    return best


def commands(database, server, daemon, token_file):
    """Return ``{name: command}`` of what is compared."""
    recipient = ("-f", "jane@customer.test", "--", "sales@example.com")
    return {
        "odoo-mailgate.py": [
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
        "pipe, LMTP": [PIPE, "--lmtp", f"{LOOPBACK}:{daemon.lmtp}", *recipient],
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


def report(figures, started):
    """Print the table and tell whether the goals are reached."""
    core = statistics.median(one.cpu for one in figures["odoo-mailgate.py"])
    print(f"\n{'':20}{'CPU, ms':>10}{'of core':>10}{'time, ms':>10}")
    good = True
    for name, runs in figures.items():
        cpu = statistics.median(one.cpu for one in runs)
        wall = statistics.median(one.wall for one in runs)
        print(f"{name:20}{cpu:10.1f}{cpu / core:10.2f}{wall:10.1f}")
        good &= name == "odoo-mailgate.py" or cpu <= MOST_CPU
    print(f"\nThe pipe starts in {started:.1f} ms; {MOST_START} ms are allowed.")
    print(f"Of CPU, {MOST_CPU} ms are allowed.")
    return good and started <= MOST_START


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
        with MailDaemon(databases.OURS, "--workers=0", "--no-watch") as daemon:
            compared = commands(databases.OURS, server, daemon, token_file)
            figures = measure(compared, rounds)
    finally:
        server.stop()
    print(f"{rounds} rounds, median per mail")
    return 0 if report(figures, start_time(PIPE)) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))

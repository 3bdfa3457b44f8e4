"""What each shortcut is worth: a small message that becomes a lead, with and without it.

Each is switched off in a process of its own. The processes take turns, so that other load on the
machine affects all of them.
"""

import json
import os
import statistics
import subprocess
import sys

from . import databases

NONE = ""
ROUNDS, MAILS, WARM_UP = 12, 20, 10
MEASURE = "--measure"


def measure():
    """Print the figures of one process as JSON."""
    from .deliveries import measure as deliver

    databases.configure()
    deliver(databases.OURS, WARM_UP)
    figures = deliver(databases.OURS, MAILS)
    print(json.dumps([figures.python + figures.postgresql, figures.statements]))


def without(name):
    """Return ``(CPU in ms, statements)`` of a message in a new process without a shortcut."""
    command = [sys.executable, "-m", "benchmarks.shortcuts", MEASURE]
    environment = {**os.environ, "POSTMASTER_SHORTCUTS_OFF": name}
    output = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout
    return json.loads(output.splitlines()[-1])


def main(rounds):
    databases.prepare()
    # Importable only after Odoo's configuration was read.
    from odoo.addons.mail_postmaster import shortcuts

    with databases.environment(databases.OURS) as env:
        env["crm.team"].search([]).write({"user_id": False, "crm_team_member_ids": False})
    variants = (NONE, *shortcuts.NAMES, shortcuts.ALL)
    figures = {name: [] for name in variants}
    for number in range(rounds):
        for name in variants if number % 2 else reversed(variants):
            figures[name].append(without(name))
    print(f"{rounds} processes of {MAILS} messages each, median per message\n")
    print(f"{'without':20}{'CPU, ms':>10}{'ratio':>8}{'statements':>12}")
    base = statistics.median(cpu for cpu, _statements in figures[NONE])
    for name in variants:
        cpu = statistics.median(cpu for cpu, _statements in figures[name])
        statements = statistics.median(count for _cpu, count in figures[name])
        print(f"{name or '(nothing)':20}{cpu:10.2f}{cpu / base:8.3f}{statements:12.1f}")


if sys.argv[1:] == [MEASURE]:
    measure()
else:
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)

"""What the addon adds to a small message that becomes a lead: CPU, time and SQL statements.

Both databases are in one process and take turns, so that other load on the machine affects both.
The sales team has no followers: notifying them is the work of outgoing mail, and the same in
both.
"""

import statistics
import sys

from . import databases
from .deliveries import measure

ROUNDS, MAILS = 25, 20
WARM_UP = 2


def main(rounds):
    databases.prepare()
    names = {"core": databases.CORE, "ours": databases.OURS}
    for database in names.values():
        with databases.environment(database) as env:
            env["crm.team"].search([]).write({"user_id": False, "crm_team_member_ids": False})
    figures = {label: [] for label in names}
    for number in range(WARM_UP + rounds):
        for label, database in names.items() if number % 2 else reversed(names.items()):
            result = measure(database, MAILS)
            if number >= WARM_UP:
                figures[label].append(result)
    print(f"{rounds} rounds of {MAILS} messages each, median per message\n")
    print(f"{'':24}{'core':>10}{'ours':>10}{'ratio':>8}")
    rows = {
        "CPU Python, ms": "python",
        "CPU PostgreSQL, ms": "postgresql",
        "time, ms": "wall",
        "statements": "statements",
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

"""What many aliases cost: a mail with 100,000 aliases in 200 alias domains, and with ten in one.

Four databases take turns, so that whatever else the machine does hits all: with and without
the addon, small and big. The addon runs with its recommended preset. In the big databases
each domain has the same names, as companies have ``info`` and ``sales`` in every domain of
theirs; that is the hardest case for rules that compare local parts.
"""

import statistics
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from odoo import sql_db

from environment import databases as copies

from . import databases
from .deliveries import measure, raw_mails

ROUNDS, MAILS = 25, 20
WARM_UP = 2
# Mails whose statements are counted, after some that fill the caches.
COUNTED = 20
HIGHEST_RATIO = 1.2

MANY_CORE, MANY_OURS = "postmaster_bench_many_core", "postmaster_bench_many_ours"
FEW, MANY = (10, 1), (100_000, 200)
SIZES = {databases.CORE: FEW, databases.OURS: FEW, MANY_CORE: MANY, MANY_OURS: MANY}
SAMPLE = "sales@example.com"

DOMAINS = """
INSERT INTO mail_alias_domain (name, catchall_alias, bounce_alias, default_from, sequence)
SELECT 'domain' || n || '.example.org', 'catchall', 'bounce', 'notifications', 10
FROM generate_series(1, %(missing)s) AS n
"""
# A tenth of them takes mail for other domains as well.
ALIASES = """
INSERT INTO mail_alias (
    alias_name, alias_domain_id, alias_full_name, alias_model_id, alias_defaults,
    alias_contact, alias_status, alias_incoming_local
)
SELECT local_part, domain.id, local_part || '@' || domain.name, sample.alias_model_id, '{}', 'everyone',
    'not_tested', place %% 10 = 9
FROM (
    SELECT *, CASE place WHEN 0 THEN 'sales' ELSE 'name' || place END AS local_part
    FROM generate_series(0, %(names)s - 1) AS place
) AS name
CROSS JOIN mail_alias_domain AS domain
CROSS JOIN (SELECT alias_model_id FROM mail_alias WHERE alias_full_name = %(sample)s) AS sample
ON CONFLICT DO NOTHING
"""


@dataclass
class Counted:
    """Of one mail: statements in all, those about aliases; of the addon's decision, time in ms."""

    statements: float
    about_aliases: float
    decision: float = 0.0
    decision_ms: float = 0.0


# --- the databases ------------------------------------------------------------------

def prepare():
    """Make the four databases anew."""
    databases.prepare()
    for few, many in ((databases.CORE, MANY_CORE), (databases.OURS, MANY_OURS)):
        sql_db.close_db(few)
        copies.copy(few, many)
    for name, (aliases, domains) in SIZES.items():
        fill(name, aliases, domains)


def fill(database, aliases, domains):
    with databases.environment(database) as env:
        present = env["mail.alias.domain"].search_count([])
        env.cr.execute(DOMAINS, {"missing": domains - present})
        env.cr.execute(ALIASES, {"names": aliases // domains, "sample": SAMPLE})
        env.cr.execute("ANALYZE mail_alias; ANALYZE mail_alias_domain")
        env.invalidate_all()
        env.registry.clear_all_caches()
        if "mail.postmaster.policy" in env:
            env["mail.postmaster.policy"].apply_preset("recommended")
        print(f"{database}: {env['mail.alias'].search_count([])} aliases, "
              f"{env['mail.alias.domain'].search_count([])} alias domains")


# --- statements ---------------------------------------------------------------------

@contextmanager
def statements():
    """Give the list of statements of this thread, as ``(cursor, query, parameters)``."""
    executed = []
    thread = threading.current_thread()
    thread.query_hooks = [lambda cr, query, params, *_times: executed.append((cr, query, params))]
    try:
        yield executed
    finally:
        del thread.query_hooks


@contextmanager
def decisions(env, executed):
    """Give the list of ``(statements, seconds)`` that each decision of the addon took."""
    noted = []
    if "mail.postmaster.addressing" not in env:
        yield noted
        return
    model = env.registry["mail.postmaster.addressing"]
    decide = model._prepare

    def watched(*arguments):
        before, start = len(executed), time.perf_counter()
        addressing = decide(*arguments)
        noted.append((executed[before:], time.perf_counter() - start))
        return addressing

    with mock.patch.object(model, "_prepare", watched):
        yield noted


def count(database):
    """Return the :class:`Counted` of a mail, and the plan of the addon's query for aliases."""
    measure(database, MAILS)
    with (
        databases.environment(database, fetchmail_cron_running=True) as env,
        statements() as executed, decisions(env, executed) as noted,
    ):
        for raw in raw_mails(COUNTED):
            env["mail.thread"].message_process(False, raw)
            env.cr.commit()
        queries = [query for _cr, query, _params in executed]
        decided = [statement for of_one, _seconds in noted for statement in of_one]
        counted = Counted(
            len(queries) / COUNTED, sum('"mail_alias' in query for query in queries) / COUNTED,
            len(decided) / COUNTED,
            1000 * statistics.median(seconds for _queries, seconds in noted) if noted else 0,
        )
        return counted, plan(env.cr, decided)


def plan(cr, decided):
    """Return the plan of the last of these statements that reads aliases, as lines."""
    for _cr, query, params in reversed(decided):
        if 'FROM "mail_alias"' in query:
            cr.execute(f"EXPLAIN ANALYZE {query}", params)
            return [line for (line,) in cr.fetchall()]
    return []


# --- the report ---------------------------------------------------------------------

def rounds_of_all(rounds):
    """Return ``{database: [Figures]}``; the databases take turns."""
    figures = {name: [] for name in SIZES}
    for number in range(WARM_UP + rounds):
        for name in SIZES if number % 2 else reversed(SIZES):
            result = measure(name, MAILS)
            if number >= WARM_UP:
                figures[name].append(result)
    return figures


def line(title, few, many):
    ratio = f"{many / few:10.3f}" if few else ""
    print(f"{title:44}{few:10.2f}{many:10.2f}{ratio}")
    return many / few if few else 0


def verdict(ratio, counted):
    """Return the last line: the time of our mails, and our statements against core's."""
    pairs = ((databases.CORE, databases.OURS), (MANY_CORE, MANY_OURS))
    is_frugal = all(counted[ours].decision <= counted[core].about_aliases for core, ours in pairs)
    is_good = ratio <= HIGHEST_RATIO and is_frugal
    return (
        f"{'OK' if is_good else 'FAILED'}: many / few {ratio:.3f}, at most {HIGHEST_RATIO}; "
        f"{'no' if is_frugal else 'MORE'} statements for the decision beyond core's own"
    )


def main(rounds):
    prepare()
    counted, plans = {}, {}
    for name in SIZES:
        counted[name], plans[name] = count(name)
    figures = rounds_of_all(rounds)
    print(f"\n{rounds} rounds of {MAILS} mails each, median per mail")
    print(f"few: {FEW[0]} aliases in {FEW[1]} domain; many: {MANY[0]} in {MANY[1]}\n")
    print(f"{'':44}{'few':>10}{'many':>10}{'ratio':>10}")
    ratios = {}
    for label, few, many in (
        ("core", databases.CORE, MANY_CORE), ("ours", databases.OURS, MANY_OURS),
    ):
        for title, value in (
            ("time, ms", lambda figure: figure.wall),
            ("CPU, ms", lambda figure: figure.python + figure.postgresql),
        ):
            ratios[label, title] = line(f"{label}: {title}", *(
                statistics.median(map(value, figures[name])) for name in (few, many)
            ))
        for title, name in (
            ("statements", "statements"), ("statements about aliases and domains", "about_aliases"),
            ("statements of the decision", "decision"), ("decision, ms", "decision_ms"),
        ):
            line(f"{label}: {title}", *(getattr(counted[size], name) for size in (few, many)))
    print("\nThe addon's query for aliases, among the many:\n", *plans[MANY_OURS], sep="\n  ")
    print("\n" + verdict(ratios["ours", "time, ms"], counted))


main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)

"""The cost of many aliases: a message with 100,000 aliases in 200 domains, and with ten in one.

Four databases take turns, so that other load on the machine affects all of them: with and without
the addon, small and big. The addon runs with its recommended preset. In the big databases each
domain has the same names, as companies have ``info`` and ``sales`` in all their domains; that is
the hardest case for rules that compare local parts.
"""

import statistics
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from setup_gateway import recommend

from odoo import sql_db

from environment import databases as copies

from . import databases
from .deliveries import measure, raw_mails

ROUNDS, MAILS = 25, 20
WARM_UP = 2
# Messages whose statements are counted, after some that fill the caches.
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
# Copies of the sales team's alias that belong to no team: one team with all of them would be
# another benchmark. A tenth of the names accept other domains too.
ALIASES = """
INSERT INTO mail_alias
SELECT alias.*
FROM (
    SELECT place, CASE place WHEN 0 THEN 'sales' ELSE 'name' || place END AS local_part
    FROM generate_series(0, %(names)s - 1) AS place
) AS name
CROSS JOIN mail_alias_domain AS domain
CROSS JOIN (SELECT * FROM mail_alias WHERE alias_full_name = %(sample)s) AS sample
CROSS JOIN LATERAL jsonb_populate_record(NULL::mail_alias, to_jsonb(sample) || jsonb_build_object(
    'id', nextval('mail_alias_id_seq'), 'alias_name', local_part, 'alias_domain_id', domain.id,
    'alias_full_name', local_part || '@' || domain.name, 'alias_incoming_local', place %% 10 = 9,
    'alias_parent_model_id', NULL, 'alias_parent_thread_id', NULL
)) AS alias
ON CONFLICT DO NOTHING
"""


@dataclass
class Counted:
    """Per message: all statements, those about aliases; time of the addon's decision in ms."""

    statements: float
    about_aliases: float
    decision: float = 0.0
    decision_ms: float = 0.0


# --- Databases ----------------------------------------------------------------------


def prepare():
    """Create the four databases anew."""
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
            recommend(env)
        print(
            f"{database}: {env['mail.alias'].search_count([])} aliases, "
            f"{env['mail.alias.domain'].search_count([])} alias domains"
        )


# --- Statements ---------------------------------------------------------------------


@contextmanager
def statements():
    """Yield the list of statements of this thread, as ``(cursor, query, parameters)``."""
    executed = []
    thread = threading.current_thread()
    thread.query_hooks = [lambda cr, query, params, *_times: executed.append((cr, query, params))]
    try:
        yield executed
    finally:
        del thread.query_hooks


@contextmanager
def decisions(env, executed):
    """Yield the list of ``(statements, seconds)`` of each decision by the addon."""
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
    """Return the :class:`Counted` of a message, and the plan of the addon's query for aliases."""
    measure(database, MAILS)
    with (
        databases.environment(database, fetchmail_cron_running=True) as env,
        statements() as executed,
        decisions(env, executed) as noted,
    ):
        for raw in raw_mails(COUNTED):
            env["mail.thread"].message_process(False, raw)
            env.cr.commit()
        queries = [query for _cr, query, _params in executed]
        decided = [statement for of_one, _seconds in noted for statement in of_one]
        counted = Counted(
            len(queries) / COUNTED,
            sum('"mail_alias' in query for query in queries) / COUNTED,
            len(decided) / COUNTED,
            1000 * statistics.median(seconds for _queries, seconds in noted) if noted else 0,
        )
        return counted, plan(env.cr, decided)


def plan(cr, decided):
    """Return the plan of the last of these statements that reads aliases, as a list of lines."""
    for _cr, query, params in reversed(decided):
        if 'FROM "mail_alias"' in query:
            cr.execute(f"EXPLAIN ANALYZE {query}", params)
            return [line for (line,) in cr.fetchall()]
    return []


# --- Report -------------------------------------------------------------------------


def rounds_of_all(rounds):
    """Return ``{database: [Figures]}``; the databases take turns."""
    figures = {name: [] for name in SIZES}
    for number in range(WARM_UP + rounds):
        for name in SIZES if number % 2 else reversed(SIZES):
            result = measure(name, MAILS)
            if number >= WARM_UP:
                figures[name].append(result)
    return figures


def verdict(ratio, counted):
    """Return the last line: the cost of our messages, and our statements against core's."""
    pairs = ((databases.CORE, databases.OURS), (MANY_CORE, MANY_OURS))
    is_frugal = all(counted[ours].decision <= counted[core].about_aliases for core, ours in pairs)
    is_good = ratio <= HIGHEST_RATIO and is_frugal
    return (
        f"{'OK' if is_good else 'FAILED'}: CPU of a message, many / few {ratio:.3f}, "
        f"at most {HIGHEST_RATIO}; the decision takes {'no' if is_frugal else 'MORE'} more "
        "statements than core's own about aliases"
    )


def line(title, few, many, ratio=None):
    """Print a line of the table; without a given ratio, print that of the two figures."""
    ratio = ratio or (many / few if few else 0)
    print(f"{title:46}{few:10.2f}{many:10.2f}{ratio:10.3f}")


def timed_line(title, few, many):
    """Print the medians of two lists and the median ratio per round; return the latter."""
    ratio = statistics.median(high / low for low, high in zip(few, many, strict=True))
    line(title, statistics.median(few), statistics.median(many), ratio)
    return ratio


def report(label, few, many, figures, counted):
    """Print the lines of core or of the addon; return the ratio of the CPU."""
    timed_line(f"{label}: time, ms", *([one.wall for one in figures[name]] for name in (few, many)))
    ratio = timed_line(
        f"{label}: CPU, ms",
        *([one.python + one.postgresql for one in figures[name]] for name in (few, many)),
    )
    titles = {"statements": "statements", "about_aliases": "statements about aliases and domains"}
    if label == "ours":
        titles |= {"decision": "statements of the decision", "decision_ms": "decision, ms"}
    for name, title in titles.items():
        line(f"{label}: {title}", *(getattr(counted[size], name) for size in (few, many)))
    return ratio


def main(rounds):
    prepare()
    counted, plans = {}, {}
    for name in SIZES:
        counted[name], plans[name] = count(name)
    figures = rounds_of_all(rounds)
    print(f"\n{rounds} rounds of {MAILS} messages each, median per message")
    print(f"few: {FEW[0]} aliases in {FEW[1]} domain; many: {MANY[0]} in {MANY[1]}\n")
    print(f"{'':46}{'few':>10}{'many':>10}{'ratio':>10}")
    report("core", databases.CORE, MANY_CORE, figures, counted)
    ratio = report("ours", databases.OURS, MANY_OURS, figures, counted)
    print("\nThe addon's query for aliases, among the many:\n", *plans[MANY_OURS], sep="\n  ")
    print("\n" + verdict(ratio, counted))


main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)

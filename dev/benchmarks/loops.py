"""Cost of loop protection with 300,000 earlier messages, 30,000 of them recent, against core's.

Core counts records: here tasks, whose sender has no index. The addon counts rate slots in its own
table. Both databases are on a cluster that flushes to disk before it acknowledges a commit,
because the addon commits each rate slot separately.
"""

import os
import re
import statistics
import sys
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from types import SimpleNamespace

from mails import mail
from setup_gateway import recommend

from odoo import sql_db

from environment import postgresql

from . import databases

TIMES, WARM_UP = 300, 20
ROWS, RECENT = 300_000, 30_000
THRESHOLD = 20
HIGHEST_MS = 1.0
# What is constant takes as long with them as without; half of it is the round trip to the server.
HIGHEST_RATIO = 2
BUSY, FORMER = "busy@customer.test", "former@customer.test"
TARGET = "alias:1"

# Everything recent is from one sender and for one target; that sender and another have written
# for days before. The rest is from many.
PLACES = """
INSERT INTO mail_postmaster_quota (sender, target, mail_key, at)
SELECT
    CASE WHEN n <= %(recent)s OR n %% 3 = 0 THEN %(busy)s
        WHEN n %% 3 = 1 THEN %(former)s ELSE 'c' || n || '@customer.test' END,
    CASE WHEN n <= %(recent)s OR n %% 2 = 0 THEN %(target)s ELSE 'alias:' || n %% 50 END,
    '<filled' || n || '@x.test>',
    now() AT TIME ZONE 'UTC' - CASE WHEN n <= %(recent)s
        THEN interval '1 hour' * n / %(recent)s
        ELSE interval '3 hours' + interval '7 days' * n / %(rows)s END
FROM generate_series(1, %(rows)s) AS n
"""
TASKS = """
INSERT INTO project_task
SELECT task.*
FROM generate_series(1, %(rows)s) AS n
CROSS JOIN (SELECT * FROM project_task WHERE id = %(sample)s) AS sample
CROSS JOIN LATERAL jsonb_populate_record(NULL::project_task, to_jsonb(sample) || jsonb_build_object(
    'id', nextval('project_task_id_seq'),
    'email_from', CASE WHEN n <= %(recent)s THEN %(busy)s ELSE 'c' || n || '@customer.test' END,
    'create_date', now() AT TIME ZONE 'UTC' - CASE WHEN n <= %(recent)s
        THEN interval '1 hour' * n / %(recent)s
        ELSE interval '3 hours' + interval '7 days' * n / %(rows)s END
)) AS task
"""


@dataclass
class Timed:
    """Median milliseconds of a check for three senders.

    :param busy: the sender of the recent ones
    :param former: a sender with many old messages and no recent ones
    :param new: an unknown sender; a different one each time
    """

    busy: float
    former: float
    new: float

    @property
    def worst(self):
        return max(self.busy, self.former, self.new)


def median_ms(check, sender):
    """Return the median time of a function of ``(number, sender)``."""
    taken = []
    for number in range(WARM_UP + TIMES):
        start = time.perf_counter()
        check(number, sender or f"new{number}.{time.time_ns()}@customer.test")
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken[WARM_UP:])


def timed(check):
    return Timed(*(median_ms(check, sender) for sender in (BUSY, FORMER, None)))


# --- Databases ----------------------------------------------------------------------


def prepare():
    databases.prepare()
    with databases.environment(databases.OURS) as env:
        recommend(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", str(THRESHOLD))


def fill():
    values = {
        "rows": ROWS,
        "recent": RECENT,
        "busy": BUSY,
        "former": FORMER,
        "target": TARGET,
    }
    with databases.environment(databases.CORE) as env:
        sample = env["project.task"].create({"name": "Sample", "email_from": "c0@customer.test"})
        env.flush_all()
        env.cr.execute(TASKS, {**values, "sample": sample.id})
        env.cr.execute("ANALYZE project_task")
    with databases.environment(databases.OURS) as env:
        env.cr.execute("DELETE FROM mail_postmaster_quota")
        env.cr.execute(PLACES, values)
        env.cr.execute("ANALYZE mail_postmaster_quota")


# --- Measurements -------------------------------------------------------------------


def attempt_of(number, joined):
    """Return what :meth:`_reserve` asks of an attempt: each is another message."""
    key = f"<{number}.{time.time_ns()}@x.test>"
    return SimpleNamespace(mail=SimpleNamespace(key=key, is_joined=joined))


def slot_of(sender):
    # Importable only after Odoo's configuration was read.
    from odoo.addons.mail_postmaster.rules.verdict import Slot

    return Slot(TARGET, THRESHOLD, 120, sender)


def measure_ours(joined):
    """Return the :class:`Timed` of a reservation, in its own transaction or not."""
    with databases.environment(databases.OURS) as env:
        quota = env["mail.postmaster.quota"]

        def reserve(number, sender):
            quota._reserve(attempt_of(number, joined), [slot_of(sender)])

        result = timed(reserve)
        env.cr.rollback()
        return result


def measure_rule():
    """Return the :class:`Timed` of the whole rule: exemptions, limit, reservation."""
    with databases.environment(databases.OURS) as env:
        # Importable only after Odoo's configuration was read.
        from odoo.addons.mail_postmaster.pipeline import applying
        from odoo.addons.mail_postmaster.rules.sender_limit import sender_limit
        from odoo.addons.mail_postmaster.rules.table import Rule

        alias = env["mail.alias"].search([("alias_full_name", "=", "sales@example.com")])
        policies = env["mail.postmaster.policy"]._in_force()
        domain = alias.alias_domain_id
        rules = (Rule("sender_limit", sender_limit),)

        def screen(number, sender):
            attempt = attempt_of(number, joined=False)
            attempt.ledger = SimpleNamespace(trace=SimpleNamespace(add=lambda *_: None))
            target = SimpleNamespace(
                name=TARGET,
                policies=policies,
                is_quiet=False,
                is_reply=False,
                is_sender_withheld=False,
                is_sender_exempt=env["mail.gateway.allowed"]._allows(sender),
                sender=sender,
                sender_key=sender,
                setting=lambda name: policies.setting(name, alias, domain),
            )
            applying.judge(env, attempt, rules, target)

        return timed(screen)


def measure_core():
    """Return the :class:`Timed` of core's check of a message that creates a task."""
    with databases.environment(databases.CORE) as env:
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", databases.NO_LIMIT)
        message = message_from_bytes(mail(), policy=policy.SMTP)

        def detect(_number, sender):
            env["mail.thread"]._detect_loop_sender(
                message,
                {"email_from": sender},
                [("project.task", 0, {}, 1, None)],
            )

        return timed(detect)


# --- Plans --------------------------------------------------------------------------


def plans():
    """Return ``{sender: plan}`` of the reservation of a rate slot, as PostgreSQL ran it."""
    with databases.environment(databases.OURS) as env:
        return {sender: plan(env, sender) for sender in (BUSY, FORMER, "nobody@customer.test")}


def plan(env, sender):
    explained = []
    execute = env.cr.execute

    def explain(query, params=None, **options):
        if "INSERT INTO mail_postmaster_quota" in query:
            statement = query.rpartition(";")[2]
            execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", params)
            explained.extend(line for (line,) in env.cr.fetchall())
        return execute(query, params, **options)

    env.cr.execute = explain
    try:
        env["mail.postmaster.quota"]._reserve(attempt_of(0, joined=True), [slot_of(sender)])
    finally:
        del env.cr.execute
        env.cr.rollback()
    return explained


def scans(lines):
    found = re.findall(
        r"((?:Index|Seq|Bitmap)[\w ]*Scan)[\w ]*? (?:using (\S+)|on (\S+))", "\n".join(lines)
    )
    return [" ".join(filter(None, scan)) for scan in found]


# --- Report -------------------------------------------------------------------------


def line(title, figures):
    print(f"{title:52}{figures.busy:9.2f}{figures.former:9.2f}{figures.new:9.2f}")


def main():
    # Odoo reads the variables with its configuration.
    os.environ.update(
        postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start().environment
    )
    sql_db.close_all()
    prepare()
    empty = measure_ours(joined=True)
    fill()
    statement, reservation, rule = measure_ours(joined=True), measure_ours(False), measure_rule()
    print(f"{ROWS} messages or records, {RECENT} recent and of one sender; median of {TIMES}\n")
    print(f"{'milliseconds, for the sender':52}{'busy':>9}{'former':>9}{'new':>9}")
    line("core: the check, for a model without an index", measure_core())
    line("ours: the statements, with no messages at all", empty)
    line("ours: the statements", statement)
    line("ours: with cursor and commit", reservation)
    line("ours: the whole rule", rule)
    used = plans()
    for sender, lines in used.items():
        print(f"\n{sender}: {lines[-1].strip()}", *scans(lines), sep="\n  ")
    by_index = not any("Seq" in scan for lines in used.values() for scan in scans(lines))
    is_flat = statement.worst <= HIGHEST_RATIO * empty.worst
    is_good = rule.worst <= HIGHEST_MS and by_index and is_flat
    print(
        f"\n{'OK' if is_good else 'FAILED'}: {rule.worst:.2f} ms at most {HIGHEST_MS}, "
        f"{'flat' if is_flat else 'NOT flat'}, {'' if by_index else 'NOT '}by an index"
    )
    return 0 if is_good else 1


sys.exit(main())

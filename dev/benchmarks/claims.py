"""The cost of a claim with few or very many waiting messages, and how long others wait behind them.

Waiting messages are written with SQL, as intake stores them: in one conversation, or each in its
own.
"""

import os
import statistics
import sys
import time
from contextlib import contextmanager

from forks import Fork
from mails import mail
from serving import take_in
from setup_gateway import recommend

from odoo import sql_db

from environment import postgresql

from . import databases

SIZES = (1_000, 100_000)
SETTLED = 200_000
TIMES = 40
HIGHEST_MS = 5.0
BEHIND, LONGEST_WAIT = 4_000, 2.0
OURS = databases.Database(databases.OURS)

# Rows as intake creates them for the sample message, which is the first one.
FILL = """
    INSERT INTO mail_postmaster_message
    SELECT row.* FROM generate_series(1, {rows}) AS n
    CROSS JOIN (SELECT * FROM mail_postmaster_message ORDER BY id LIMIT 1) AS sample
    CROSS JOIN LATERAL jsonb_populate_record(
        NULL::mail_postmaster_message, to_jsonb(sample) || jsonb_build_object(
            'id', nextval('mail_postmaster_message_id_seq'),
            'intake_key', 'fill' || gen_random_uuid(),
            'message_number', n, 'email_normalized', {sender}, {more}
        )
    ) AS row
"""
SETTLED_ROWS = "'state', 'delivered', 'next_attempt', NULL"
ONE_CONVERSATION = """
    'turn', sample.turn + n, 'next_attempt', now() AT TIME ZONE 'UTC'
        + LEAST(n, 300) * interval '1 second'
"""
OWN_CONVERSATIONS = """
    'turn', sample.turn + {turn}, 'conversation_key', 1000000000 + n, 'next_attempt', NULL
"""


def sample(references):
    names = " ".join(f"<{number}@list.test>" for number in range(references))
    return mail(subject="Sample", sender="many@customer.test", headers=f"References: {names}")


def fill(rows, references, more, sender="'many@customer.test'"):
    """Add waiting messages, behind others that were settled long ago."""
    OURS.query("TRUNCATE mail_postmaster_message CASCADE")
    with databases.environment(OURS.name) as env:
        take_in(env, [sample(references)])
    OURS.query(FILL.format(rows=SETTLED, sender="'c' || n % 5000", more=SETTLED_ROWS))
    # The statistics date from before the burst.
    OURS.query("VACUUM ANALYZE mail_postmaster_message")
    OURS.query(FILL.format(rows=rows, sender=sender, more=more))


@contextmanager
def worker():
    """Yield the pipeline as a worker of the mail daemon has it."""
    # A module of an addon, importable once Odoo knows where the addons are.
    from odoo.addons.mail_postmaster.context_keys import CURSOR_SESSION
    from odoo.addons.mail_postmaster.pipeline.cursor_session import CursorSession

    with (
        CursorSession() as session,
        databases.environment(OURS.name, **{CURSOR_SESSION: session}) as env,
    ):
        yield env["mail.postmaster.pipeline"]


def claim_ms():
    """Return median and maximum time of a claim in milliseconds; each claim is settled."""
    taken, mail_id = [], None
    with worker() as pipeline:
        for number in range(TIMES):
            start = time.perf_counter()
            mail_id = pipeline._claim_next(after=mail_id)
            taken.append(time.perf_counter() - start)
            assert mail_id, f"claim {number} got nothing"
            OURS.query(
                "UPDATE mail_postmaster_message SET state = 'delivered', "
                f"next_attempt = NULL WHERE id = {mail_id}"
            )
    # The first one also reads settings.
    return 1000 * statistics.median(taken), 1000 * max(taken[1:])


def blocked_ms():
    """Return the median time of a claim that finds nothing while the first message is processed."""
    taken = []
    with worker() as pipeline:
        in_work = pipeline._claim_next()
        assert in_work
        OURS.query(
            "UPDATE mail_postmaster_message SET next_attempt = now() + interval '1 hour' "
            f"WHERE id = {in_work}"
        )
        for _number in range(TIMES):
            start = time.perf_counter()
            found = pipeline._claim_next()
            taken.append(time.perf_counter() - start)
            assert not found, found
    return 1000 * statistics.median(taken)


def intake_ms(references):
    taken = []
    for _number in range(TIMES):
        with databases.environment(OURS.name) as env:
            start = time.perf_counter()
            take_in(env, [sample(references)])
            taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


def work(database):
    """Process due messages until there are none for a second, as a worker does."""
    mail_id, idle_since = None, None
    while idle_since is None or time.monotonic() - idle_since < 1:
        with databases.environment(database.name) as env:
            pipeline = env["mail.postmaster.pipeline"]
            mail_id = pipeline._claim_next(after=mail_id)
            if mail_id:
                pipeline._process_stored(mail_id)
        if mail_id:
            idle_since = None
        else:
            idle_since = idle_since or time.monotonic()
            time.sleep(0.05)


def wait_behind(shape):
    """Return how long a message waits behind many of one sender, with two workers."""
    OURS.query("TRUNCATE mail_postmaster_message CASCADE")
    reference = "References: <root@list.test>" if shape == "one conversation" else ""
    with databases.environment(OURS.name) as env:
        for _batch in range(BEHIND // 200):
            take_in(
                env,
                [mail(sender="many@customer.test", headers=reference) for _number in range(200)],
            )
    forks = [Fork(OURS, work) for _worker in range(2)]
    try:
        time.sleep(3)
        with databases.environment(OURS.name) as env:
            take_in(env, [mail(subject="Legitimate", sender="one@customer.test")])
        start = time.perf_counter()
        state = "SELECT state FROM mail_postmaster_message WHERE subject = 'Legitimate'"
        while OURS.query(state) == "received" and time.perf_counter() - start < 60:
            time.sleep(0.02)
        return time.perf_counter() - start
    finally:
        for fork in forks:
            fork.kill()
        sql_db.close_all()


def main():
    databases.prepare()
    with databases.environment(OURS.name) as env:
        recommend(env)
    worst = 0
    print(f"{'shape':46}{'waiting':>9}{'claim ms':>10}{'longest':>9}{'held ms':>9}{'intake':>8}")
    for title, references, more, sender in (
        ("one conversation, 1 reference", 1, ONE_CONVERSATION, "'many@customer.test'"),
        ("one conversation, 50 references", 50, ONE_CONVERSATION, "'many@customer.test'"),
        (
            "own conversations, one sender",
            1,
            OWN_CONVERSATIONS.format(turn="n"),
            "'many@customer.test'",
        ),
        ("own conversations, own senders", 1, OWN_CONVERSATIONS.format(turn="1"), "'s' || n"),
    ):
        for rows in SIZES:
            fill(rows, references, more, sender)
            median, longest = claim_ms()
            held = blocked_ms() if more is ONE_CONVERSATION else 0
            intake = intake_ms(references)
            worst = max(worst, median, held)
            figures = f"{median:10.2f}{longest:9.2f}{held:9.2f}{intake:8.2f}"
            print(f"{title:46}{rows:9}{figures}", flush=True)
    waits = {shape: wait_behind(shape) for shape in ("one conversation", "own conversations")}
    for shape, seconds in waits.items():
        print(f"{f'behind {BEHIND} of one sender, {shape}':46}{seconds:9.2f} s")
    is_good = worst <= HIGHEST_MS and max(waits.values()) <= LONGEST_WAIT
    print(
        f"{'OK' if is_good else 'FAILED'}: {worst:.2f} ms, at most {HIGHEST_MS}; "
        f"{max(waits.values()):.2f} s, at most {LONGEST_WAIT}"
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    # Odoo reads the variables with its configuration.
    os.environ.update(
        postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start().environment
    )
    sql_db.close_all()
    sys.exit(main())

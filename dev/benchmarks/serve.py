"""The mail daemon against core: ``dev/bench serve [rows] [--quick]``.

workers   messages per second from a mailbox: serve with two workers, core's fetcher
handover  one message at a time until the reply: LMTP, core's odoo-mailgate.py
acks      from 8 connections, on a cluster that flushes to disk: LMTP, odoo-mailgate.py
idle      from the mailbox to the record
claims    how claims of 1, 2 and 4 workers scale, with a fixed wait instead of the work

Each row has our figure, core's, and the ratio; acknowledgements also have the time until the last
record exists.
"""

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import formatdate

import psutil
from forks import Fork
from mails import mail
from serving import count, take_in, wait_until
from setup_gateway import USER, add_server, recommend

from odoo import sql_db

from environment import odoo as odoo_source
from environment import postgresql
from environment.dovecot import Dovecot
from environment.places import WORK
from environment.processes import LOOPBACK, Background, free_port, is_serving
from environment.serve import MailDaemon

from . import databases
from .lmtp_clients import hand_over

ROWS = ("workers", "handover", "acks", "idle", "claims")
QUICK = "--quick"
SEEN = """
    CREATE TABLE IF NOT EXISTS seen (name text, at timestamptz);
    CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO seen VALUES (NEW.name, clock_timestamp()); RETURN NEW; END $$;
    DROP TRIGGER IF EXISTS see ON crm_lead;
    CREATE TRIGGER see AFTER INSERT ON crm_lead FOR EACH ROW EXECUTE FUNCTION see()
"""


class Database(databases.Database):
    """A database in which messages become leads."""

    def leads(self):
        return int(self.query("SELECT count(*) FROM crm_lead"))

    def empty(self):
        """Delete the messages of the log."""
        self.query("DELETE FROM mail_postmaster_message")

    def wait_for(self, leads, seconds=600):
        """Wait until there are this many leads."""
        assert wait_until(lambda: self.leads() >= leads, seconds, 0.02)

    def wait_until_settled(self, seconds=1200):
        """Wait until no message in the log is waiting."""
        waiting = "state IN ('received', 'retry')"
        assert wait_until(lambda: not count(self, waiting), seconds, 0.5)


CORE, OURS = Database(databases.CORE), Database(databases.OURS)


# --- Report -------------------------------------------------------------------------


def head():
    print(f"\n{'':58}{'ours':>11}{'core':>11}{'ratio':>9}{'goal':>9}")


def row(title, ours, core=None, goal="", ratio=None):
    ratio = ratio if ratio is not None else (ours / core if core else None)
    print(
        f"{title:58}{ours:11.1f}{'' if core is None else f'{core:.1f}':>11}"
        f"{'' if ratio is None else f'{ratio:.2f}':>9}{goal:>9}",
        flush=True,
    )


def p99(times):
    return sorted(times)[max(int(len(times) * 0.99) - 1, 0)]


def mails(number, prefix):
    """Return messages from different senders with different subjects."""
    return [
        mail(
            subject=f"{prefix} {n:05}",
            sender=f"Customer {n} <{prefix}{n}@customer.test>",
            message_id=f"<{prefix}.{n}.{time.time_ns()}@customer.test>",
            date=formatdate(),
        )
        for n in range(number)
    ]


# --- Core's entry point -------------------------------------------------------------


@contextmanager
def http_server(database):
    """Run Odoo for core's script; return the function that delivers a message with it."""
    source, port = odoo_source.locate(), free_port()
    configuration = odoo_source.write_configuration(
        WORK / "conf" / "bench-http.conf",
        http_port=port,
        gevent_port=free_port(),
        db_name=database.name,
        dbfilter=f"^{database.name}$",
        log_level="warn",
    )
    server = Background(
        "Odoo",
        source.command("-c", configuration),
        WORK / "log" / "bench-http.log",
        env=source.environment(),
    )
    server.wait_until(lambda: is_serving(f"http://{LOOPBACK}:{port}/web/login"), 120)
    script = source.core_addons / "mail/static/scripts/odoo-mailgate.py"

    def mailgate(raw):
        start = time.perf_counter()
        subprocess.run(
            [
                sys.executable,
                script,
                "-d",
                database.name,
                "-u",
                "2",
                "-p",
                "admin",
                "--host",
                LOOPBACK,
                "--port",
                str(port),
            ],
            input=raw,
            check=True,
            capture_output=True,
            timeout=120,
        )
        return 1000 * (time.perf_counter() - start)

    try:
        yield mailgate
    finally:
        server.stop()


@contextmanager
def empty_dovecot():
    """Run a Dovecot without state from an earlier run, so that no mailbox has to be confirmed."""
    dovecot = Dovecot("bench-serve")
    dovecot.remove()
    with dovecot:
        yield dovecot


@contextmanager
def daemon(*options, **settings):
    with MailDaemon(OURS.name, *options, log_level="info", **settings) as started:
        yield started


def cpu_seconds():
    """Return the CPU seconds of all processes of the machine's users, including ended ones."""
    times = psutil.cpu_times()
    return times.user + times.system


# --- Rows ---------------------------------------------------------------------------


def workers(quick):
    """Fetch the same messages from a mailbox: core in one process, serve with two workers."""
    number, rounds = (60, 1) if quick else (200, 5)
    figures = {"core": [], "ours": []}
    cpu = {"core": [], "ours": []}
    with empty_dovecot() as dovecot:
        # Dovecot looks for new users once a second.
        for user in ("core@example.com", USER):
            dovecot.add_user(user)
        core_id, ours_id = mailbox(CORE, dovecot, "core@example.com"), mailbox(OURS, dovecot, USER)
        assert ours_id
        with daemon("--workers=2", lmtp=None):
            time.sleep(5)
            for place in range(rounds):
                for label in ("core", "ours") if place % 2 else ("ours", "core"):
                    database, user = (CORE, "core@example.com") if label == "core" else (OURS, USER)
                    before = database.leads()
                    raws = mails(number, f"{label}{place}")
                    start, used = time.perf_counter(), cpu_seconds()
                    for raw in raws:
                        dovecot.deliver(user, raw)
                    if label == "core":
                        with databases.environment(database.name) as env:
                            env["fetchmail.server"].browse(core_id)._fetch_mail(batch_limit=1000)
                    database.wait_for(before + number)
                    figures[label].append(number / (time.perf_counter() - start))
                    cpu[label].append(1000 * (cpu_seconds() - used) / number)
    ratio = statistics.median(
        ours / core for ours, core in zip(figures["ours"], figures["core"], strict=True)
    )
    row(
        "messages/s of a mailbox, serve with 2 workers",
        statistics.median(figures["ours"]),
        statistics.median(figures["core"]),
        ">= 1.7",
        ratio,
    )
    row(
        "  CPU of the machine, ms a message",
        statistics.median(cpu["ours"]),
        statistics.median(cpu["core"]),
    )


def mailbox(database, dovecot, user):
    with databases.environment(database.name) as env:
        return add_server(env, dovecot, user=user, name=user).id


def handover(quick):
    """Deliver one message at a time and wait until it is accepted."""
    number = 10 if quick else 60
    with http_server(CORE) as mailgate, daemon("--workers=1", "--no-watch") as serving:
        mailgate(mail())
        core, ours, per_second = [], [], []
        for place in range(3):
            core += [mailgate(raw) for raw in mails(number // 3, f"core{place}")]
            before = OURS.leads()
            start = time.perf_counter()
            result = hand_over(serving.lmtp, [mails(number, f"ours{place}")])
            ours += result.times
            per_second.append(number / result.seconds)
            OURS.wait_for(before + len(result.times))
            last = time.perf_counter() - start
    row(
        "one at a time: ms until it is accepted, median",
        statistics.median(ours),
        statistics.median(core),
        "<= 0.1",
    )
    row("  messages/s", statistics.median(per_second), 1000 / statistics.mean(core), ">= 20")
    row(f"  s until the last record of {number} is there", last)


def acks(quick):
    """Deliver from 8 connections, on a cluster that flushes to disk before each acknowledgement."""
    number = 400 if quick else 4000
    core_number = 16 if quick else 80
    # A daemon that processes nothing meanwhile: only the intake is measured.
    with http_server(CORE) as mailgate, ThreadPoolExecutor(8) as pool:
        mailgate(mail())
        start = time.perf_counter()
        list(pool.map(mailgate, mails(core_number, "core")))
        core = core_number / (time.perf_counter() - start)
    for title, options in (
        ("", ("--workers=0",)),
        (", while 2 workers process", ("--workers=2", "--pace=0")),
    ):
        with daemon("--no-watch", *options) as serving:
            hand_over(serving.lmtp, [mails(50, "warm")])
            if "--workers=0" not in options:
                OURS.wait_until_settled()
            before, leads = count(OURS), OURS.leads()
            raws = mails(number, f"ack{len(title)}")
            start = time.perf_counter()
            result = hand_over(serving.lmtp, [raws[n::8] for n in range(8)])
            rate = len(result.times) / result.seconds
            row(f"acknowledgements/s from 8 connections{title}", rate, core, ">= 1000")
            row("  ms, median", statistics.median(result.times))
            row("  ms, p99", p99(result.times), goal="<= 50")
            lost = len(result.times) - (count(OURS) - before)
            print(f"  refused {result.refused}, lost or doubled {lost}")
            if "--workers=0" not in options:
                OURS.wait_until_settled()
                row(f"  s until the last record of {number} is there", time.perf_counter() - start)
                print(f"  records {OURS.leads() - leads}")
            else:
                OURS.empty()


def idle(quick):
    """Put messages into a mailbox, and record when each becomes a record."""
    number, burst = (5, 100) if quick else (20, 1000)
    OURS.query(SEEN)
    with empty_dovecot() as dovecot:
        mailbox(OURS, dovecot, USER)
        with daemon("--workers=2", "--pace=0", lmtp=None):
            time.sleep(5)
            alone = []
            for place in range(number):
                alone += until_records(dovecot, mails(1, f"alone{place}"))
                time.sleep(0.3)
            start = time.perf_counter()
            together = until_records(dovecot, mails(burst, "burst"))
            last = time.perf_counter() - start
    row("s from the mailbox to the record (IDLE), median", statistics.median(alone), goal="< 2")
    row(f"  p99 during a burst of {burst}", p99(together))
    row("  s until the last record of the burst is there", last)


def until_records(dovecot, raws):
    """Deliver messages and return the seconds until each is a record."""
    OURS.query("TRUNCATE seen")
    sent = {}
    for raw in raws:
        subject = raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode()
        sent[subject] = time.time()
        dovecot.deliver(USER, raw)
    assert wait_until(lambda: int(OURS.query("SELECT count(*) FROM seen")) >= len(raws), 600, 0.02)
    rows = OURS.query("SELECT name, extract(epoch FROM at) FROM seen").splitlines()
    return [float(at) - sent[name] for name, at in (line.rsplit("|", 1) for line in rows)]


WAIT = 0.05


def claims(quick):
    """Claim with 1, 2 and 4 workers, with a fixed wait instead of the work."""
    number = 60 if quick else 400
    rates = {}
    for workers_count in (1, 2, 4):
        OURS.empty()
        with databases.environment(OURS.name) as env:
            take_in(env, mails(number, "claim"))
        start = time.perf_counter()
        forks = [Fork(OURS, claim_and_wait) for _worker in range(workers_count)]
        assert all([fork.wait() for fork in forks])
        rates[workers_count] = number / (time.perf_counter() - start)
    for workers_count, rate in rates.items():
        ratio = rate / (workers_count * rates[1])
        row(
            f"claims/s of {workers_count} workers, {1000 * WAIT:.0f} ms of work each",
            rate,
            goal=">= 0.9",
            ratio=ratio,
        )


def claim_and_wait(database):
    while True:
        with databases.environment(database.name) as env:
            mail_id = env["mail.postmaster.pipeline"]._claim_next()
            if not mail_id:
                return
            time.sleep(WAIT)
            env.cr.execute(
                "UPDATE mail_postmaster_message SET state = 'delivered' WHERE id = %s", [mail_id]
            )


def main(arguments):
    quick = QUICK in arguments
    chosen = [name for name in arguments if name != QUICK] or ROWS
    # Odoo reads the variables with its configuration.
    os.environ.update(
        postgresql.Cluster("postgresql-durable", postgresql.DURABLE).start().environment
    )
    sql_db.close_all()
    databases.prepare()
    with databases.environment(OURS.name) as env:
        recommend(env)
    sql_db.close_all()
    head()
    for name in chosen:
        globals()[name](quick)


if __name__ == "__main__":
    main(sys.argv[1:])

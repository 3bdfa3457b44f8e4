"""Process hostile messages on a database: the outcome and the cost of each.

    dev/bench hostile                     the messages of this repository
    dev/bench hostile -- PATH [PATH ...]  messages of these files, folders and mailboxes (mbox)

A separate process delivers each message, as fetching a mailbox does, to an incoming server that
creates leads from messages without a route. Another process then checks what was stored. A
message is **lost** if its bytes are not in the log exactly as delivered, and **unhandled** if its
delivery raised, did not end, or ended without a state that has a reason, or with an unexpected
error. CPU is that of Python and of PostgreSQL; memory is the growth of the peak of the process.
"""

import mailbox
import multiprocessing
import queue
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from setup_gateway import recommend

from odoo import sql_db
from odoo.modules.registry import Registry

from environment import pure

from . import databases
from .deliveries import backend_seconds

DATABASE = databases.OURS
DAMAGED = 230
UNLIMITED = 5
# How exactly the largest message within the limits is found.
STEPS = 50
MOST_SECONDS = 2.0
# Wall-clock time, on a machine with other load.
HANGS_AFTER = 120
# States and reasons that are not a decision.
UNSETTLED = ("received", "retry")
UNEXPECTED = ("failed", "conflict", "alias_failed", "waiting", None)
_MAILBOX = re.compile(rb"From [^\r\n]*\r?\n[!-9;-~]+[ \t]*:")
_context = multiprocessing.get_context("fork")


@dataclass
class Outcome:
    """The outcome of a message.

    :param str raised: the exception raised during delivery, empty for none
    :param str state: state in the log, empty if missing
    :param bool is_kept: whether the log has the same bytes
    """

    name: str
    size: int
    raised: str = ""
    state: str = ""
    code: str = ""
    is_kept: bool = False
    seconds: float = 0.0
    megabytes: float = 0.0

    @property
    def problem(self):
        """A description of the problem, empty for none."""
        if not self.is_kept:
            return f"LOST {self.raised}"
        if self.raised or self.state in UNSETTLED or self.code in UNEXPECTED:
            return f"UNHANDLED {self.raised}"
        return f"SLOW, {MOST_SECONDS} s are allowed" if self.seconds > MOST_SECONDS else ""

    def __str__(self):
        return (
            f"{self.name[-48:]:48} {self.size / 1000:9.1f} kB {self.seconds:6.2f} s "
            f"{self.megabytes:6.1f} MB  {self.state} {self.code} {self.problem}"
        ).rstrip()


# --- Messages -------------------------------------------------------------------------


def own_mails():
    """Yield the ``(name, message)`` pairs of this repository."""
    for name, (make, number, limit) in pure.load("tests.gateway.hostile_mails").CASES.items():
        # If no limit stops a message, it takes time by its size, mostly for Odoo to store it.
        yield f"large: {name}", make(number if limit else number // UNLIMITED)
    yield from _just_within_limits()
    for name, odd in pure.load("tests.gateway.odd_mails").SHAPES.items():
        yield f"odd: {name}", odd.raw
    damaged = pure.load("tests.gateway.damaged_mails").damaged
    for number in range(DAMAGED):
        yield f"damaged: {number}", damaged(number)


def _just_within_limits():
    """Yield the largest message of each costly kind that no limit stops."""
    exceeded = pure.load("gateway.limits").exceeded
    for name, (make, above, _limit) in pure.load("tests.gateway.hostile_mails").COSTLY.items():
        within = 1
        while above - within > within // STEPS:
            number = (within + above) // 2
            if exceeded(make(number)):
                above = number
            else:
                within = number
        yield f"within: {name}", make(within)


def mails_of(paths):
    """Yield ``(name, message)`` of files, of all files in folders, and of mailboxes."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                yield from _mails_in(file)


def _mails_in(file):
    raw = file.read_bytes()
    if not _MAILBOX.match(raw):
        yield str(file), raw
        return
    box = mailbox.mbox(file, create=False)
    for key in box.keys():
        yield f"{file}:{key}", box.get_bytes(key)


# --- One message ------------------------------------------------------------------------


def measure(name, raw, server_id):
    """Deliver a message in a separate process, and return its :class:`Outcome`."""
    results = _context.Queue()
    process = _context.Process(target=_hand_over, args=(raw, server_id, results))
    process.start()
    outcome = Outcome(name, len(raw))
    try:
        outcome.raised, outcome.seconds, outcome.megabytes = results.get(timeout=HANGS_AFTER)
    except queue.Empty:
        outcome.raised = f"did not end in {HANGS_AFTER} s"
        process.kill()
    process.join()
    return outcome


def _hand_over(raw, server_id, results):
    raised = ""
    peak, before = _peak(), backend_seconds(DATABASE)
    start = time.process_time()
    context = {"default_fetchmail_server_id": server_id, "fetchmail_cron_running": True}
    try:
        with databases.environment(DATABASE, **context) as env:
            env["mail.thread"].message_process("crm.lead", raw)
            env.cr.commit()
    except Exception as error:  # noqa: BLE001  that none is raised is what is measured
        raised = f"{type(error).__name__}: {error}"[:200]
    seconds = time.process_time() - start + backend_seconds(DATABASE) - before
    megabytes = _peak() - peak
    results.put((raised or _read_purely(raw), seconds, megabytes))


def _read_purely(raw):
    """Run the steps that not every message reached, including the preview; return what raised."""
    try:
        pure.load("tests.gateway.whole_way").whole_way(raw)
    except Exception as error:  # noqa: BLE001  that none is raised is what is measured
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def look_up(outcome, raw, server_id):
    """Read the log entry of a message."""
    key = pure.load("gateway.fingerprint").intake_key(raw, f"fetch:{server_id}")
    with databases.environment(DATABASE) as env:
        row = env["mail.postmaster.message"].search([("intake_key", "=", key)])
        outcome.state, outcome.code = row.state or "", row.reason_code or None
        outcome.is_kept = bool(row) and env["mail.postmaster.raw"]._read_content(row.id) == raw
        # The reason must be readable.
        if row and (not row.reason or "%(" in row.reason):
            outcome.code = None
    sql_db.close_all()


# --- All messages -------------------------------------------------------------------------


def prepare():
    """Return the id of an incoming server that creates leads."""
    databases.prepare()
    with databases.environment(DATABASE) as env:
        env["mail.postmaster.policy"].confirm_database()
        recommend(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", databases.NO_LIMIT)
        server = env["fetchmail.server"].create(
            {
                "name": "Hostile",
                "object_id": env["ir.model"]._get_id("crm.lead"),
            }
        )
        return server.id


def main(paths):
    server_id = prepare()
    assert Registry(DATABASE)
    outcomes = []
    for name, raw in mails_of(paths) if paths else own_mails():
        sql_db.close_all()
        outcome = measure(name, raw, server_id)
        look_up(outcome, raw, server_id)
        outcomes.append(outcome)
        print(outcome, flush=True)
    return report(outcomes)


def report(outcomes):
    """Print the summary, and return the exit status."""
    if not outcomes:
        print("There are no messages.")
        return 1
    bad = [outcome for outcome in outcomes if outcome.problem]
    kinds = Counter(outcome.problem.partition(" ")[0].strip(",") for outcome in bad)
    states = Counter(f"{outcome.state} {outcome.code}" for outcome in outcomes)
    print()
    for text, count in states.most_common():
        print(f"{count:6} {text}")
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    largest = max(outcomes, key=lambda outcome: outcome.megabytes)
    print(
        f"\n{len(outcomes)} messages: {kinds['LOST']} lost, {kinds['UNHANDLED']} unhandled, "
        f"{kinds['SLOW']} above {MOST_SECONDS} s of CPU\n"
        f"slowest: {slowest}\nmost memory: {largest}"
    )
    for outcome in bad:
        print(outcome)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))

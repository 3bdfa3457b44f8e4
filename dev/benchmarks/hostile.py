"""Hostile mails through the whole way on a database: what becomes of each, and what it costs.

    dev/bench hostile                     the mails of this repository
    dev/bench hostile -- PATH [PATH ...]  mails of these files, folders and mailboxes (mbox)

Each mail is handed over in a process of its own, as a mailbox that is fetched does, to an
incoming server that makes a lead of what nobody else takes. Then another process looks at what
was stored. A mail is **lost** when its bytes are not in the log as they were handed over, and
**unhandled** when handing it over raised, did not end, or ended without a state that has a
reason, or with an unexpected error. The CPU is that of Python and of PostgreSQL; the memory is
what the peak of the process grew by.
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

from odoo import sql_db
from odoo.modules.registry import Registry

from environment import pure

from . import databases
from .deliveries import backend_seconds

DATABASE = databases.OURS
DAMAGED = 230
UNLIMITED = 5
MOST_SECONDS = 2.0
# Of the clock, on a machine that does other things as well.
HANGS_AFTER = 120
# States and reasons in which nobody has decided anything.
UNSETTLED = ("received", "retry")
UNEXPECTED = ("failed", "conflict", "alias_failed", "waiting", None)
_MAILBOX = re.compile(rb"From [^\r\n]*\r?\n[!-9;-~]+[ \t]*:")
_context = multiprocessing.get_context("fork")


@dataclass
class Outcome:
    """What became of a mail.

    :param str raised: what handing it over raised, empty for nothing
    :param str state: in the log, empty when it is not there
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
        """What is wrong with it, empty for nothing."""
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


# --- the mails ------------------------------------------------------------------------


def own_mails():
    """Yield ``(name, mail)`` of those of this repository."""
    for name, (make, number, limit) in pure.load("tests.gateway.hostile_mails").CASES.items():
        # What no limit stops takes as long as its size: most of it is for Odoo to store.
        yield f"large: {name}", make(number if limit else number // UNLIMITED)
    for name, odd in pure.load("tests.gateway.odd_mails").SHAPES.items():
        yield f"odd: {name}", odd.raw
    damaged = pure.load("tests.gateway.damaged_mails").damaged
    for number in range(DAMAGED):
        yield f"damaged: {number}", damaged(number)


def mails_of(paths):
    """Yield ``(name, mail)`` of files, of all files in folders, and of mailboxes."""
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


# --- one mail ---------------------------------------------------------------------------


def measure(name, raw, server_id):
    """Hand a mail over in a process of its own, and return its :class:`Outcome`."""
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
    """Take the steps that not every mail came to, the preview among them; return what raised."""
    try:
        pure.load("tests.gateway.whole_way").whole_way(raw)
    except Exception as error:  # noqa: BLE001  that none is raised is what is measured
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def look_up(outcome, raw, server_id):
    """Read what the log has of a mail."""
    key = pure.load("gateway.identity").intake_key(raw, f"fetch:{server_id}")
    with databases.environment(DATABASE) as env:
        row = env["mail.postmaster.message"].search([("intake_key", "=", key)])
        outcome.state, outcome.code = row.state or "", row.reason_code or None
        outcome.is_kept = bool(row) and env["mail.postmaster.raw"]._read_content(row.id) == raw
        # That a person can read why.
        if row and (not row.reason or "%(" in row.reason):
            outcome.code = None
    sql_db.close_all()


# --- all of them --------------------------------------------------------------------------


def prepare():
    """Return the id of an incoming server that makes leads."""
    databases.prepare()
    with databases.environment(DATABASE) as env:
        env["mail.postmaster.policy"].confirm_database()
        env["mail.postmaster.policy"].apply_preset("recommended")
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
    """Print the sum, and return the exit status."""
    if not outcomes:
        print("There is no mail.")
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
        f"\n{len(outcomes)} mails: {kinds['LOST']} lost, {kinds['UNHANDLED']} unhandled, "
        f"{kinds['SLOW']} above {MOST_SECONDS} s of CPU\n"
        f"slowest: {slowest}\nmost memory: {largest}"
    )
    for outcome in bad:
        print(outcome)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))

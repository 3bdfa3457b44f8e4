"""One import: each message has its own transaction, or all share one that is rolled back."""

import logging
import signal
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from ..gateway import fingerprint, states
from ..pipeline.submission import IMPORTED, Submission

_logger = logging.getLogger(__name__)

# A message that was stored before this run, and one whose file cannot be read.
KNOWN = ("known", "")
UNREADABLE = ("unreadable file", "")
EMPTY = ("empty", "")
NOT_STORED = ("not stored", "")
# Seconds between two lines of progress.
PROGRESS_SECONDS = 5
# After this many messages of a dry run, the cache of the environment is cleared.
DRY_RUN_BATCH = 100


class Interrupted(Exception):
    """A signal has stopped the import; what was submitted is stored."""


@dataclass(frozen=True)
class Target:
    """The recipients and fallbacks of all messages of an import.

    :param recipients: addresses that replace those in the header, or none
    :param model: the name of the model of which messages without an alias create records, or None
    :param company_id: the id of the company of messages to unknown addresses, or None
    """

    recipients: tuple = ()
    model: str | None = None
    company_id: int | None = None

    def submission(self, raw):
        return Submission(
            raw=raw,
            entry_model="mail.thread",
            source=IMPORTED,
            recipients=self.recipients,
            company_id=self.company_id,
            is_quiet=True,
            options={"model": self.model} if self.model else {},
        )


class Import:
    """The import of messages into a database.

    :param str database: the name of the database
    :param target: the :class:`Target`
    :param say: a function that prints a line of progress
    """

    def __init__(self, database, target, say):
        self._database = database
        self._target = target
        self._say = say
        self.outcomes = Counter()
        self._is_over = False

    def run(self, mails):
        """Import messages and count their outcomes in ``outcomes``.

        :param list mails: each :class:`gateway.mail_files.MailFile`, in the order of the import
        :raises Interrupted: after SIGINT or SIGTERM
        :raises psycopg2.OperationalError: if the database is not available
        """
        with self._ends_on_signals():
            for mail in self._with_progress(mails):
                with self._environment() as env:
                    self._import(env, mail)

    def try_out(self, mails):
        """Import messages in one transaction that is rolled back, and count the outcomes."""
        with self._ends_on_signals(), self._environment() as env:
            try:
                for number, mail in enumerate(self._with_progress(mails), 1):
                    self._import(env, mail, joins=True)
                    if not number % DRY_RUN_BATCH:
                        env.invalidate_all()
            finally:
                env.cr.rollback()

    # --- one message ------------------------------------------------------------------

    def _import(self, env, mail, joins=False):
        """Store a message and process it, unless it has been imported before.

        :param bool joins: whether to use the transaction of the environment
        """
        try:
            raw = mail.read()
        except OSError as error:
            self._note_failure(UNREADABLE, mail, error)
            return
        if not raw.strip():
            self.outcomes[EMPTY] += 1
            return
        submission = self._target.submission(raw)
        pipeline = env["mail.postmaster.pipeline"]
        try:
            row = self._known(env, submission) or pipeline._take_in(submission, joins)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  recorded; it must not stop the import
            self._note_failure(NOT_STORED, mail, error)
            return
        if row["state"] not in states.WAITING:
            self.outcomes[KNOWN] += 1
            return
        # An earlier run may have stored it, and stopped before it was processed.
        pipeline._process_stored(row["id"], joins)
        with pipeline._short_transaction(joins) as cr:
            cr.execute(
                "SELECT state, reason_code FROM mail_postmaster_message WHERE id = %s",
                [row["id"]],
            )
            self.outcomes[cr.fetchone()] += 1

    @staticmethod
    def _known(env, submission):
        """Return id and state of a message that an earlier run has stored, or None."""
        env.cr.execute(
            "SELECT id, state FROM mail_postmaster_message WHERE intake_key = %s",
            [fingerprint.intake_key(submission.raw, submission.transport_key)],
        )
        return env.cr.dictfetchone()

    def _note_failure(self, outcome, mail, error):
        self.outcomes[outcome] += 1
        _logger.warning(
            "%s, from byte %s: %s (%s)",
            mail.path,
            mail.offset,
            outcome[0],
            type(error).__name__,
        )

    # --- helpers ----------------------------------------------------------------------

    @contextmanager
    def _environment(self):
        with Registry(self._database).check_signaling().cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _with_progress(self, mails):
        begin = latest = time.monotonic()
        for number, mail in enumerate(mails):
            if self._is_over:
                raise Interrupted
            yield mail
            now = time.monotonic()
            if now - latest >= PROGRESS_SECONDS:
                latest = now
                self._say(_progress(number + 1, len(mails), now - begin))

    @contextmanager
    def _ends_on_signals(self):
        """Stop between two messages on SIGINT or SIGTERM."""

        def end(_number, _frame):
            self._is_over = True

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _progress(done, total, seconds):
    rate = done / seconds
    left = (total - done) / rate
    return (
        f"{done} of {total} ({100 * done // total} %), {rate:.1f} a second, "
        f"{int(left // 60)} min {int(left % 60)} s left"
    )

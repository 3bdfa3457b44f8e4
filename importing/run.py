"""One import: each mail is handed over, in a transaction of its own or in one that is undone."""

import logging
import signal
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from ..gateway import identity, states
from ..pipeline.submission import IMPORTED, Submission

_logger = logging.getLogger(__name__)

# A mail that was there before this run, and one whose file can not be read.
KNOWN = ("known", "")
UNREADABLE = ("unreadable file", "")
EMPTY = ("empty", "")
NOT_STORED = ("not stored", "")
# Seconds between two lines about how far it is.
PROGRESS_SECONDS = 5
# After so many mails of a dry run, what was cached of their records goes.
DRY_RUN_BATCH = 100


class Interrupted(Exception):
    """Somebody asked to end; what was handed over is safe."""


@dataclass(frozen=True)
class Target:
    """What all mails of an import are for.

    :param recipients: addresses in place of those in the header, or none
    :param model: name of the model that makes records of mail that no alias takes, or None
    :param company_id: id of the company that mail to nobody's address belongs to, or None
    """

    recipients: tuple = ()
    model: str | None = None
    company_id: int | None = None

    def submission(self, raw):
        return Submission(
            raw=raw,
            door="mail.thread",
            source=IMPORTED,
            recipients=self.recipients,
            company_id=self.company_id,
            is_quiet=True,
            options={"model": self.model} if self.model else {},
        )


class Import:
    """The import of some mails into a database.

    :param str database: its name
    :param target: the :class:`Target`
    :param say: function of a line about how far it is
    """

    def __init__(self, database, target, say):
        self._database = database
        self._target = target
        self._say = say
        self.outcomes = Counter()
        self._is_over = False

    def run(self, mails):
        """Import mails and count in ``outcomes`` what became of them.

        :param mails: list of :class:`gateway.mail_files.MailFile`, in the order to import them
        :raises Interrupted: after SIGINT or SIGTERM
        :raises psycopg2.OperationalError: when the database is away
        """
        with self._ends_on_signals():
            for mail in self._with_progress(mails):
                with self._environment() as env:
                    self._import(env, mail)

    def try_out(self, mails):
        """Import mails in one transaction that is undone, and count what would become of them."""
        with self._ends_on_signals(), self._environment() as env:
            try:
                for number, mail in enumerate(self._with_progress(mails), 1):
                    self._import(env, mail, joins=True)
                    if not number % DRY_RUN_BATCH:
                        env.invalidate_all()
            finally:
                env.cr.rollback()

    # --- one mail ---------------------------------------------------------------------

    def _import(self, env, mail, joins=False):
        """Store a mail and process it, where it is not here yet.

        :param bool joins: all in the transaction of the environment
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
        except Exception as error:  # noqa: BLE001  noted; the mails behind it are not held up
            self._note_failure(NOT_STORED, mail, error)
            return
        if row["state"] not in states.WAITING:
            self.outcomes[KNOWN] += 1
            return
        # One that is known was stored by a run that ended before it was processed.
        pipeline._process_stored(row["id"], joins)
        with pipeline._short_transaction(joins) as cr:
            cr.execute(
                "SELECT state, reason_code FROM mail_postmaster_message WHERE id = %s",
                [row["id"]],
            )
            self.outcomes[cr.fetchone()] += 1

    @staticmethod
    def _known(env, submission):
        """Return id and state of a mail that an earlier run has stored, or None."""
        env.cr.execute(
            "SELECT id, state FROM mail_postmaster_message WHERE intake_key = %s",
            [identity.intake_key(submission.raw, submission.origin)],
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

    # --- around them ------------------------------------------------------------------

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
        """End between two mails when somebody asks to."""

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

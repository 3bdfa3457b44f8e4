"""One fetch from one incoming server: the database answers what the connection asks."""

import logging
import time
from dataclasses import replace

import psycopg2

from ..gateway import states
from ..gateway.error_text import LONGEST
from ..gateway.fingerprint import split_header
from ..gateway.mailbox.folder import ALL
from ..gateway.mailbox.imap import folder_argument
from ..gateway.mailbox.run import NO_ROOM, FetchRun
from ..models.log.mail_postmaster_place import FETCH, LEAVE, MARK, OLD
from ..pipeline.attempt import Attempt
from ..pipeline.mail import Mail
from ..pipeline.submission import FETCHED, Submission
from ..policy.settings import LIMITS
from ..rules.verdict import Reason

_logger = logging.getLogger(__name__)

BY_NUMBER = "number"
# Context key: the seconds that a server has before the next one has its turn.
SHARE = "mail_postmaster_time_share"
# How long such a server is waited for, in all: a batch that has begun is not interrupted before.
LONGEST_TURN = 60
# The folder field of a server to which a message in a given state is moved.
TARGETS = {
    states.DELIVERED: "delivered_folder",
    states.PARKED: "parked_folder",
    states.REFUSED: "refused_folder",
    states.IGNORED: "refused_folder",
}


class Fetching:
    """The fetch that a context belongs to.

    :ivar run: the :class:`ServerRun` of the server that is being read, or None
    :ivar bool is_noted: whether its start is recorded, and its end is not
    """

    run = None
    is_noted = False


class ServerRun(FetchRun):
    """The memory of a connection: the database, with separate transactions.

    :param server: a ``fetchmail.server``, whose row the fetcher has locked
    """

    def __init__(self, server):
        self._server = server
        self._env = server.env
        self._pipeline = server.env["mail.postmaster.pipeline"]
        self._entries = server.env["mail.postmaster.place"]
        self._states = server.env["mail.postmaster.folder"]
        self._is_imap = server._get_connection_type() == "imap"
        is_enabled = server.env["mail.postmaster.policy"]._is_switched_on()
        self._is_enabled = is_enabled
        with self._transaction() as cr:
            folders = self._states._read_folders(cr, server.id)
        # Stored messages that were not submitted yet: {number: row}.
        self._rows = {}
        self._ends_at = self._end()
        limit = server.env["mail.postmaster.policy"]._in_force().number(LIMITS["raw_bytes"])
        super().__init__(
            folders,
            is_by_number=server.new_mail == BY_NUMBER,
            most_bytes=limit if is_enabled else None,
            leaves=server.new_mail == BY_NUMBER and server.leave_days > 0,
        )

    def _end(self):
        """Return when the turn of this server ends, if it shares the time with other servers."""
        context = self._env.context
        ends_at = context.get("cron_end_time", float("inf"))
        return min(ends_at, time.monotonic() + context.get(SHARE, float("inf")))

    def _transaction(self):
        return self._pipeline._short_transaction(joins=False)

    # --- what is in hand --------------------------------------------------------------

    @property
    def turn_seconds(self):
        return LONGEST_TURN if SHARE in self._env.context else super().turn_seconds

    def is_over(self):
        return time.monotonic() >= self._ends_at

    @property
    def row_in_hand(self):
        """The log row in which the current message was stored, once; or None."""
        return self._rows.pop(self._in_hand, None)

    # --- folders ----------------------------------------------------------------------

    def settle_start(self, folder, has_old_mail):
        server = self._server
        if server.start_from:
            folder.start(server.start_from, server.start_date)
        elif not has_old_mail():
            folder.start(ALL)

    def note(self, folder):
        if self.is_by_number:
            with self._transaction() as cr:
                self._states._write_state(cr, folder)

    def passed(self, folder, mail):
        if not self.is_by_number:
            return
        with self._transaction() as cr:
            if self._is_imap:
                folder.pass_over(mail.number)
                self._states._write_state(cr, folder)
            else:
                self._entries._add(cr, folder, [mail.unique_id], [None], [LEAVE], [mail.digest])

    def caught_up(self, folder):
        with self._transaction() as cr:
            if folder.is_importing:
                folder.catch_up()
                self._states._write_state(cr, folder)
            cr.execute(
                "UPDATE mail_postmaster_folder SET last_success = now() AT TIME ZONE 'UTC' "
                "WHERE id = %s",
                [folder.id],
            )

    def report(self, folder, problem):
        problem = problem and self._server._without_credentials(problem)[:LONGEST]
        with self._transaction() as cr:
            cr.execute(
                "UPDATE mail_postmaster_folder SET problem = %s "
                "WHERE id = %s AND problem IS DISTINCT FROM %s",
                [problem, folder.id, problem],
            )

    # --- intake -----------------------------------------------------------------------

    def store(self, folder, mails):
        """Store a batch; a message whose content was not fetched is held with its header only."""
        if not self._is_enabled:
            return None
        mails, full = self._within_room(folder, mails)
        submissions = [self._submission(folder, mail) for mail in mails]

        def note(cr, rows):
            if self.is_by_number:
                for mail in mails if self._is_imap else ():
                    folder.pass_over(mail.number)
                self._states._write_state(cr, folder)
            self._note_entries(cr, folder, mails, rows)

        rows = self._pipeline._take_in_all(submissions, note)
        for mail, submission, row in zip(mails, submissions, rows, strict=True):
            if not mail.missing:
                self._rows[mail.number] = row
            elif row["is_new"]:
                limit = full.get(mail.number, LIMITS["raw_bytes"])
                self._park(folder, mail, submission, row, limit)
        return mails

    def _within_room(self, folder, mails):
        """Return the messages, with the header only of those for which there is no room.

        :return: ``(messages, {number: parameter of the limit})``
        """
        submissions = [self._submission(folder, mail) for mail in mails]
        full = {
            mails[position].number: key
            for position, key in self._pipeline._without_room(submissions).items()
        }
        return [
            replace(
                mail,
                raw=split_header(mail.raw)[0],
                size=mail.size or len(mail.raw),
                missing=NO_ROOM,
            )
            if mail.number in full
            else mail
            for mail in mails
        ], full

    def _submission(self, folder, mail):
        """Return the call that core makes for a message (``_fetch_mail`` of 19.0)."""
        server = self._server
        return Submission(
            raw=mail.raw,
            entry_model="mail.thread",
            source=FETCHED,
            server_id=server.id,
            whole_size=mail.size if mail.missing else None,
            mailbox_entry="" if mail.raw else f"at {folder.id} {folder.uidvalidity} {mail.entry}",
            options={
                "model": server.object_id.model,
                "custom_values": None,
                "save_original": server.original,
                "strip_attachments": not server.attach,
                "thread_id": None,
            },
        )

    def _note_entries(self, cr, folder, mails, rows):
        """Record what is left to do in the mailbox, in the transaction that stores the messages."""
        entries = [
            (mail.entry, row["id"], todo, mail.digest)
            for mail, row in zip(mails, rows, strict=True)
            if (todo := self._todo(mail))
        ]
        if entries:
            self._entries._add(cr, folder, *map(list, zip(*entries, strict=True)))
        if not self._is_imap:
            self._entries._remove_unread(cr, folder, [mail.unique_id for mail in mails])

    def _todo(self, mail):
        """Return what is left to do in the mailbox for a message that is being stored, or None."""
        if mail.missing:
            return FETCH
        if self._is_imap:
            return MARK
        return LEAVE if self.is_by_number else None

    def _park(self, folder, mail, submission, row, key):
        attempt = Attempt(Mail.of(row, submission, is_joined=False))
        self._pipeline._park(
            attempt,
            Reason(
                states.PARKED,
                mail.missing,
                {
                    "count": mail.size,
                    "most": self._env["mail.postmaster.policy"]._in_force().number(key),
                    "parameter": key,
                    "folder": folder.name,
                },
            ),
        )

    # --- the mailbox ------------------------------------------------------------------

    def marked(self, folder, numbers):
        with self._transaction() as cr:
            if any(self._server[name] for name in TARGETS.values()):
                self._entries._plan_moves(cr, folder, numbers)
            else:
                self._entries._remove(cr, folder, numbers)

    def unmarked(self, folder):
        with self._transaction() as cr:
            return sorted(map(int, self._entries._numbers(cr, folder, MARK)))

    def moves(self, folder):
        moves, done = {}, []
        with self._transaction() as cr:
            for state, uids in self._entries._settled(cr, folder).items():
                target = self._server[TARGETS[state]]
                # INBOX is not case-sensitive, and a message moved to the same folder would be a new
                # one.
                if target and folder_argument(target) != folder_argument(folder.name):
                    moves[target] = sorted(moves.get(target, []) + uids)
                else:
                    done += uids
            if done:
                self._entries._remove(cr, folder, done)
        return moves

    def moved(self, folder, numbers):
        with self._transaction() as cr:
            self._entries._remove(cr, folder, numbers)

    def left_there(self, folder):
        with self._transaction() as cr:
            return set(self._entries._numbers(cr, folder, FETCH))

    def leave(self, folder, messages):
        unique_ids, digests = map(list, zip(*messages, strict=True))
        count = len(messages)
        with self._transaction() as cr:
            self._entries._add(cr, folder, unique_ids, [None] * count, [OLD] * count, digests)

    def kept(self, folder, present):
        todo = (LEAVE, OLD, FETCH) if self.is_by_number else (FETCH,)
        with self._transaction() as cr:
            if self.is_by_number:
                self._entries._remove_gone(cr, folder, present)
            return self._entries._kept(cr, folder, self._server.leave_days, todo)

    def deleted(self, folder, messages):
        try:
            with self._transaction() as cr:
                self._entries._remove_stored(cr, folder, messages)
        except psycopg2.Error as error:
            # The next fetch removes the entries of messages that are gone.
            _logger.warning("Entries of deleted messages remain (%s)", type(error).__name__)

    def close(self):
        """Leave what was stored but not submitted to the scheduled action, at once."""
        ids = [row["id"] for row in self._rows.values() if row["is_new"]]
        self._rows = {}
        if not ids:
            return
        try:
            self._pipeline._hand_over_now(ids)
        except psycopg2.Error as error:
            # They are due in a minute anyway, and the other servers are still to be read.
            _logger.warning(
                "Stored messages wait for the scheduled action (%s)", type(error).__name__
            )

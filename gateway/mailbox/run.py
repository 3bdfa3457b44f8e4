"""What a connection is told about the mails of a mailbox, and the part all connections share."""

import imaplib
import poplib
from dataclasses import dataclass

from ..error_text import short_sentence
from .batches import MOST_BYTES, batches, chunks

# Why there is only the header of a mail.
TOO_LARGE, UNREADABLE = "too_large_to_fetch", "not_fetched"


@dataclass(frozen=True)
class Fetched:
    """A mail out of a mailbox.

    :param number: its UID, of POP3 its unique id (RFC 1939 section 7) or its number
    :param bytes raw: the mail, or its header
    :param int size: of the whole mail, as the server says; 0 when it does not
    :param missing: None for a whole mail, else why the rest is not there
    """

    number: object
    raw: bytes
    size: int
    missing: str | None = None


class FetchRun:
    """What a connection asks about the mails of one mailbox, and what it tells.

    This one stores nothing by itself: whoever processes the mail in hand says that it is
    stored. One that stores batches answers :meth:`store` with True.

    :param folders: list of :class:`gateway.mailbox.folder.Folder`
    :param bool is_by_number: new is what was not stored before, whatever its flags are
    :param int most_bytes: of a mail that is fetched, None for any
    :param bool leaves: POP3: mails are left in the mailbox for some days
    """

    def __init__(self, folders=(), is_by_number=False, most_bytes=None, leaves=False):
        self.folders = list(folders)
        self.is_by_number = is_by_number
        self.most_bytes = most_bytes
        self.leaves = leaves
        self._in_hand = None
        self._stored = set()

    # --- what is in hand

    def begin(self):
        """Forget the numbers of another folder."""
        self._in_hand = None
        self._stored.clear()

    def take(self, number):
        self._in_hand = number

    def acknowledge(self):
        """Say that the mail in hand is stored: it may be marked or deleted."""
        self._stored.add(self._in_hand)

    def is_stored(self, number):
        """Tell whether a mail was acknowledged."""
        return number in self._stored

    # --- what others decide and remember

    def is_over(self):
        """Tell whether other mailboxes have to have their turn."""
        return False

    def settle_start(self, folder, has_old_mail):
        """Decide what becomes of the mail that was there before, or leave the folder asking.

        :param has_old_mail: function that asks the server
        """
        folder.is_asking = False

    def note(self, folder):
        """Remember how far a folder was read."""

    def passed(self, folder, number):
        """Remember that a mail was handed over which :meth:`store` did not store."""

    def caught_up(self, folder):
        """Remember that everything new was fetched at this moment."""

    def report(self, folder, problem):
        """Say that a folder can not be read.

        :param str problem: what the server says, None when it can be read again
        """

    def store(self, folder, mails):
        """Store mails and how far the folder was read, in one commit.

        :return: whether that was done
        """
        return False

    def marked(self, folder, numbers):
        """Say that stored mails are marked in the mailbox."""

    def moves(self, folder):
        """Return ``{name of a folder: numbers}`` of the mails to be moved there now."""
        return {}

    def moved(self, folder, numbers):
        """Say that mails are where they belong."""

    def unmarked(self, folder):
        """Return the numbers of mails that are stored and were not marked, after a crash."""
        return []

    def known(self, folder):
        """Return the unique ids of a POP3 mailbox that are stored, as a set."""
        return set()

    def left_there(self, folder):
        """Return the numbers of mails that were not fetched and are not to be, as texts."""
        return set()

    def leave(self, folder, unique_ids):
        """Remember mails of a POP3 mailbox that are never fetched and never deleted."""

    def expired(self, folder, present):
        """Return those of the unique ids that are stored and may be deleted.

        :param present: unique ids in the mailbox; what is remembered of others is forgotten
        """
        return []

    def close(self):
        """Say that there will be no more."""


class Mailbox:
    """A connection of core with the four methods of its fetcher made safe.

    :param connection: an authenticated connection of :mod:`imaplib` or :mod:`poplib`
    :param FetchRun run: shared with the intake
    """

    def __init__(self, connection, run):
        self._connection = connection
        self._run = run
        # ``[(Folder, numbers)]`` of what is new.
        self._new = []
        self._folder = None
        self._settled = set()

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def retrieve_unread_messages(self):
        """Yield ``(number, bytes)`` of new mails; they are stored, if the run stores batches."""
        for folder, numbers in self._new:
            self._folder = folder
            self._settled.clear()
            self._run.begin()
            for mails in self._fetch_batches(numbers):
                if self._run.store(folder, mails):
                    self._settle([mail.number for mail in mails if not mail.missing])
                for mail in mails:
                    # What is stored and not handed over now is processed from the log.
                    if not mail.missing and not self._run.is_over():
                        self._run.take(mail.number)
                        yield mail.number, mail.raw
                self._tidy()
            if not self._run.is_over():
                self._run.caught_up(folder)

    def handled_message(self, number):
        """Mark a mail that was stored by itself; with a batch this was done before."""
        if number not in self._settled and self._run.is_stored(number):
            self._settle([number])
            self._run.passed(self._folder, number)

    def disconnect(self):
        """End the session.

        :raises OSError: when the server does not answer as it should; core expects this one
            and no other, and goes on with the next server
        """
        try:
            self._say_goodbye()
        except (imaplib.IMAP4.error, poplib.error_proto) as error:
            raise OSError(short_sentence(error)) from error
        finally:
            self._run.close()

    def _fetch_batches(self, numbers):
        """Yield lists of :class:`Fetched` as long as there is time."""
        for chunk in chunks(numbers):
            if self._run.is_over():
                return
            sizes = self._sizes(chunk)
            for batch in batches({number: self._octets(size) for number, size in sizes.items()}):
                if self._run.is_over():
                    return
                yield self._fetch(batch, sizes)

    def _octets(self, size):
        """Return how many bytes of a mail are fetched; one of unknown size is fetched alone."""
        return (size or MOST_BYTES) if self._is_fetched(size) else 0

    def _is_fetched(self, size):
        return self._run.most_bytes is None or size <= self._run.most_bytes

    def _tidy(self):
        """Put processed mail where it belongs."""

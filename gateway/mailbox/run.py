"""What a connection knows about the messages of a mailbox, and the base of all connections."""

import imaplib
import math
import poplib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..error_text import short_sentence
from .batches import MOST_BYTES, batches, chunks
from .folder import Folder
from .unique_ids import Kept

# Why only the header of a message was fetched.
TOO_LARGE, UNREADABLE, NO_ROOM = "too_large_to_fetch", "not_fetched", "no_room"


@dataclass(frozen=True)
class Fetched:
    """A message from a mailbox.

    :param number: its UID; for POP3, its number in this session
    :param raw: the message, or its header
    :param size: size of the whole message as reported by the server; 0 if unknown
    :param missing: None for a whole message, else why the rest is missing
    :param unique_id: POP3: its unique id (RFC 1939 section 7), None if the server has none
    :param digest: POP3: what tells it from others with this id, see :mod:`.unique_ids`
    """

    number: int
    raw: bytes
    size: int
    missing: str | None = None
    unique_id: str | None = None
    digest: str = ""

    @property
    def entry(self) -> int | str:
        """What its mailbox entry is remembered by."""
        return self.number if self.unique_id is None else self.unique_id


class FetchRun:
    """What a connection asks and reports about the messages of one mailbox.

    This class stores nothing: the caller that processes the current message acknowledges that it
    is stored. A subclass that stores batches returns True from :meth:`store`.

    :param is_by_number: whether new means not stored before, whatever the flags
    :param most_bytes: maximum size of a fetched message, None for no limit
    :param leaves: POP3: whether messages are left in the mailbox for some days
    """

    def __init__(
        self,
        folders: Iterable[Folder] = (),
        is_by_number: bool = False,
        most_bytes: int | None = None,
        leaves: bool = False,
    ) -> None:
        self.folders = list(folders)
        self.is_by_number = is_by_number
        self.most_bytes = most_bytes
        self.leaves = leaves
        self._in_hand = None
        self._stored = set()

    # --- the current folder

    def begin(self) -> None:
        """Forget the numbers of another folder."""
        self._in_hand = None
        self._stored.clear()

    def take(self, number: int) -> None:
        self._in_hand = number

    def acknowledge(self) -> None:
        """Record that the current message is stored: it may be marked or deleted."""
        self._stored.add(self._in_hand)

    def is_stored(self, number: int) -> bool:
        """Return whether a message was acknowledged."""
        return number in self._stored

    # --- decided and remembered by subclasses

    @property
    def turn_seconds(self) -> float:
        """How long to wait for the server, in all."""
        return math.inf

    def is_over(self) -> bool:
        """Return whether it is the turn of other mailboxes."""
        return False

    def settle_start(self, folder: Folder, has_old_mail: Callable[[], object]) -> None:
        """Decide how to handle existing messages, or leave the folder asking.

        :param has_old_mail: function that asks the server
        """
        folder.is_asking = False

    def note(self, folder: Folder) -> None:
        """Remember how far a folder has been read."""

    def passed(self, folder: Folder, mail: Fetched) -> None:
        """Remember that a message was returned which :meth:`store` did not store."""

    def caught_up(self, folder: Folder) -> None:
        """Remember that all new messages have been fetched at this moment."""

    def report(self, folder: Folder, problem: str | None) -> None:
        """Report that a folder cannot be read.

        :param problem: text from the server, None if the folder can be read again
        """

    def store(self, folder: Folder, mails: list[Fetched]) -> list[Fetched] | None:
        """Store messages and the position in the folder in one commit.

        :return: the messages as they were stored, None if they were not: one for which there is
            no room is stored with its header only
        """
        return None

    def marked(self, folder: Folder, numbers: list[int]) -> None:
        """Record that stored messages are marked in the mailbox."""

    def moves(self, folder: Folder) -> dict[str, list[int]]:
        """Return ``{folder name: numbers}`` of the messages to move there now."""
        return {}

    def moved(self, folder: Folder, numbers: list[int]) -> None:
        """Record that messages are in their target folder."""

    def unmarked(self, folder: Folder) -> list[int]:
        """Return the numbers of messages that a crash left stored but not marked."""
        return []

    def left_there(self, folder: Folder) -> set[str]:
        """Return the numbers of messages that were not fetched and are not to be."""
        return set()

    def leave(self, folder: Folder, messages: list[tuple[str, str]]) -> None:
        """Remember messages of a POP3 mailbox that are never fetched and never deleted.

        :param messages: ``(unique id, digest)`` of each
        """

    def kept(self, folder: Folder, present: set[str]) -> list[Kept]:
        """Return what is remembered of a POP3 mailbox.

        :param present: unique ids in the mailbox; the entries of all others are removed
        """
        return []

    def deleted(self, folder: Folder, messages: list[tuple[str, str]]) -> None:
        """Record that the server has deleted stored messages of a POP3 mailbox.

        :param messages: ``(unique id, digest)`` of each
        """

    def close(self) -> None:
        """End the run: no more messages are returned."""


class Mailbox:
    """A wrapper of core's connection that makes the four methods of its fetcher safe.

    :param connection: an authenticated connection of :mod:`imaplib` or :mod:`poplib`
    :param run: shared with the intake
    """

    def __init__(self, connection: imaplib.IMAP4 | poplib.POP3, run: FetchRun) -> None:
        self._connection = connection
        self._run = run
        # ``[(Folder, numbers)]`` of the new messages.
        self._new = []
        self._folder = None
        # The :class:`Fetched` that the caller is processing.
        self._in_hand = None
        self._settled = set()
        # The server has sent more than it had announced: messages are fetched one by one.
        self._sizes_are_wrong = False
        # None for a connection that is not made of a socket.
        self._bounds = self.bounds_class.of(connection, run.turn_seconds)

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def retrieve_unread_messages(self) -> Iterator[tuple[int, bytes]]:
        """Yield ``(number, bytes)`` of new messages; store them first if the run stores batches."""
        for folder, numbers in self._new:
            self._folder = folder
            self._settled.clear()
            self._run.begin()
            for mails in self._fetch_batches(numbers):
                stored = mails and self._run.store(folder, mails)
                if stored:
                    self._settle([mail.number for mail in stored if not mail.missing])
                for mail in stored or mails:
                    # Messages that are stored but not returned now are processed from the log.
                    if not mail.missing and not self._run.is_over():
                        self._in_hand = mail
                        self._run.take(mail.number)
                        yield mail.number, mail.raw
                self._tidy()
            if not self._run.is_over():
                self._run.caught_up(folder)

    def handled_message(self, number: int) -> None:
        """Mark a message that was stored individually; a batch has been marked before."""
        if number not in self._settled and self._run.is_stored(number):
            self._settle([number])
            self._run.passed(self._folder, self._in_hand)

    def disconnect(self) -> None:
        """End the session.

        :raises OSError: if the server does not answer as expected; core handles only this one,
            and continues with the next server
        """
        try:
            self._say_goodbye()
        except (imaplib.IMAP4.error, poplib.error_proto) as error:
            raise OSError(short_sentence(error)) from error
        finally:
            self._hang_up()
            self._run.close()

    def _hang_up(self):
        """Close a connection that was given up, and from which the server still sends."""
        if self._bounds and self._bounds.allowance.is_spent:
            self._connection.sock.close()

    def _fetch_batches(self, numbers):
        """Yield lists of :class:`Fetched` while there is time."""
        for chunk in chunks(numbers):
            if self._run.is_over():
                return
            sizes = self._sizes(chunk)
            for batch in batches({number: self._octets(size) for number, size in sizes.items()}):
                if self._run.is_over():
                    return
                yield from self._fetch_parts(batch, sizes)

    def _believed(self, size):
        """Return the size of a message that the server reports, 0 for unknown."""
        return 0 if self._sizes_are_wrong else size

    def _octets(self, size):
        """Return how many bytes of a message to fetch; one of unknown size is fetched alone."""
        return (size or MOST_BYTES) if self._is_fetched(size) else 0

    def _is_fetched(self, size):
        return self._run.most_bytes is None or size <= self._run.most_bytes

    def _tidy(self):
        """Move processed messages to their target folder.

        :raises Exception: the error that ended the connection, when what was read is stored
        """
        self._raise_broken()

    def _raise_broken(self):
        if self._broken:
            raise self._broken

"""Limits on what a server sends, and on how long it takes, for connections of Python's libraries.

:mod:`imaplib` and :mod:`poplib` wait for each byte as long as for the first one, and keep whatever
comes. A server that sends a byte a second would hold a fetch for days, and one that announces
small messages and sends large ones would fill the memory.
"""

import imaplib
import io
import math
import poplib
import re
import socket
import time
from dataclasses import dataclass
from functools import cache
from typing import NoReturn, TypeVar

from .batches import MOST_BYTES
from .numbers import LARGEST_SIZE, clamped

# How long one answer may take; only the time of waiting counts.
COMMAND_SECONDS = 30
# A large message over a slow line takes longer: so many bytes extend the time by a second.
BYTES_OF_A_SECOND = 10_000
# The lines of one answer; what is not a line is the content of a message.
MOST_LINE_BYTES = 16_000_000
MOST_LINES = 500_000
# A line longer than this is an error in imaplib.
LONGEST_LINE = 1_000_000
# Messages of one answer that are kept, beyond the first one.
ROOM = 2 * MOST_BYTES
# What is read and thrown away in one answer, to stay in step with the server.
MOST_SKIPPED = 512_000_000
CHUNK = 1 << 20
# Untagged answers that imaplib acts on in later commands.
_STANDING = {"BYE", "READ-ONLY"}
_Connection = TypeVar("_Connection", bound=imaplib.IMAP4 | poplib.POP3)
_LITERAL = re.compile(rb".*{(?P<size>\d+)}$", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Skipped:
    """In place of the content of a message that was not kept.

    :param size: its bytes
    """

    size: int


class MessageTooLarge(OSError):
    """A message that cannot even be skipped; the connection cannot be used any longer.

    :param text: what came before the content, which may name the message
    :param size: its bytes, as far as they are known
    """

    def __init__(self, text: bytes = b"", size: int = 0) -> None:
        super().__init__("The server sent a message that is too large to be skipped.")
        self.text = text
        self.size = size


class Allowance:
    """How long a server may still be waited for, and how many lines it may still send.

    :param turn: seconds for all commands together
    """

    def __init__(self, turn: float = math.inf) -> None:
        self.turn = turn
        self.is_spent = False
        self.begin()

    def begin(self) -> None:
        """Allow for the answer to a command that is about to be sent.

        :raises OSError: if a limit was exceeded before: what follows would answer another command
        """
        if self.is_spent:
            raise OSError("The connection was given up.")
        self._command = COMMAND_SECONDS
        self._octets = self._lines = 0

    @property
    def seconds(self) -> float:
        return min(self._command, self.turn)

    def check_time(self) -> None:
        if self.seconds <= 0:
            self.give_up(_too_slow())

    def spend(self, seconds: float, octets: int) -> None:
        """Count the time that was waited for some bytes."""
        self._command += octets / BYTES_OF_A_SECOND - seconds
        self.turn -= seconds

    def count_line(self, octets: int) -> None:
        self._octets += octets
        self._lines += 1
        if self._octets > MOST_LINE_BYTES or self._lines > MOST_LINES:
            self.give_up(OSError("The server sent too many lines in an answer."))

    def give_up(self, error: OSError) -> NoReturn:
        self.is_spent = True
        raise error


def _too_slow():
    return TimeoutError("The server took too long to answer.")


class _Bytes(io.RawIOBase):
    """The bytes from a socket.

    :param bytes pending: what was read from the socket before
    """

    def __init__(self, sock, allowance, pending):
        self._sock = sock
        self._allowance = allowance
        self._pending = pending

    def readable(self):
        return True

    def readinto(self, buffer):
        if self._pending:
            count = min(len(buffer), len(self._pending))
            buffer[:count], self._pending = self._pending[:count], self._pending[count:]
            return count
        patience = self._sock.gettimeout()
        self._allowance.check_time()
        seconds = self._allowance.seconds
        self._sock.settimeout(seconds if patience is None else min(patience, seconds))
        start, count = time.monotonic(), 0
        try:
            count = self._sock.recv_into(buffer)
        except TimeoutError:
            self._allowance.give_up(_too_slow())
        finally:
            self._sock.settimeout(patience)
            self._allowance.spend(time.monotonic() - start, count)
        return count


class BoundedFile(io.BufferedReader):
    """The file of a connection, whose lines are counted.

    :param allowance: of the connection
    :param pending: what was read from the socket before
    """

    def __init__(self, sock: socket.socket, allowance: Allowance, pending: bytes = b"") -> None:
        super().__init__(_Bytes(sock, allowance, pending))
        self.allowance = allowance

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        self.allowance.count_line(len(line))
        return line

    def read_content_line(self, size: int) -> bytes:
        """Return a line of a message, or the first bytes of it; it is not counted."""
        return super().readline(size)


class Contents:
    """Which contents of messages in one answer are kept.

    The first message is kept up to the largest size. Others are skipped if there is no more room:
    then the sizes that the server reported were wrong, and they are fetched alone.

    :param largest: maximum size of a message, None for no limit
    """

    def __init__(self, largest: int | None = None) -> None:
        self.largest = LARGEST_SIZE if largest is None else largest
        self._room = None
        self._skippable = MOST_SKIPPED

    def has_room(self, size: int) -> bool:
        """Return whether a message of at least this size may be kept."""
        return size <= self.largest and (self._room is None or size <= self._room)

    def takes(self, size: int) -> bool:
        """Return whether a message of this size is kept; all after one without room are not."""
        if size > self.largest:
            return False
        if self._room is None:
            self._room = max(ROOM - size, 0)
            return True
        self._room = self._room - size if size <= self._room else -1
        return self._room >= 0

    def skips(self, octets: int) -> bool:
        """Return whether so many bytes can be read and thrown away."""
        self._skippable -= octets
        return self._skippable >= 0


# Other answers than that to a FETCH have no literals worth keeping.
_NO_CONTENTS = 100_000


class Bounds:
    """The limits of a connection, which has them as ``bounds``."""

    def __init__(self, connection: imaplib.IMAP4 | poplib.POP3) -> None:
        self._connection = connection
        self.allowance = Allowance()
        self._sock = connection.sock
        self._file = BoundedFile(connection.sock, self.allowance, _pending(connection))
        connection.file = self._file
        connection.bounds = self

    @classmethod
    def of(cls, connection: imaplib.IMAP4 | poplib.POP3, turn: float = math.inf) -> "Bounds | None":
        """Return the limits of a connection, which has them from now on; None without a socket.

        :param turn: seconds for all commands together, from now on
        """
        if not isinstance(getattr(connection, "sock", None), socket.socket):
            return None
        bounds = vars(connection).get("bounds") or cls(connection)
        bounds.allowance.turn = turn
        return bounds

    def _follow(self):
        """Read from the socket that the connection has now, after STARTTLS another one.

        What was sent before and not read is dropped: anyone could have inserted it.
        """
        if self._sock is not self._connection.sock:
            self._sock = self._connection.sock
            self._file = self._connection.file = BoundedFile(self._sock, self.allowance)


class ImapBounds(Bounds):
    """The limits of an :class:`imaplib.IMAP4`.

    Its methods ``read``, ``readline`` and ``send`` are replaced, and the pattern by which it finds
    literals.
    """

    def __init__(self, connection: imaplib.IMAP4) -> None:
        super().__init__(connection)
        self._contents = Contents(_NO_CONTENTS)
        self._text = b""
        self._send = connection.send
        connection.read, connection.readline = self.read, self.readline
        connection.send, connection.Literal = self.send, self

    def expect(self, contents: Contents | None) -> None:
        """Set which contents of the next answers are kept; None if no messages are asked for."""
        self._contents = contents or Contents(_NO_CONTENTS)

    def send(self, data: bytes) -> None:
        self.allowance.begin()
        # What the server sent without being asked would be kept until the end.
        answers = self._connection.untagged_responses
        for name in answers.keys() - _STANDING:
            del answers[name]
        self._send(data)

    def readline(self) -> bytes:
        self._follow()
        line = self._file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            self.allowance.give_up(OSError("The server sent a line that is too long."))
        return line

    def match(self, line: bytes) -> "_Announcement | None":
        """Return a match of the end of a line that announces a literal, as a pattern does."""
        found = _LITERAL.match(line)
        self._text = line
        return found and _Announcement(found["size"])

    def read(self, size: int) -> bytes | Skipped:  # pylint: disable=method-required-super
        """Return a literal, unless it is skipped."""
        if self._contents.takes(size):
            # In parts: memory is used for what was received, not for what was announced.
            return b"".join(self._parts(size))
        if not self._contents.skips(size):
            self.allowance.give_up(MessageTooLarge(self._text, size))
        for _part in self._parts(size):
            pass
        return Skipped(size)

    def _parts(self, size):
        while size > 0:
            part = self._file.read(min(CHUNK, size))
            if not part:
                raise OSError("The server closed the connection in the middle of a message.")
            size -= len(part)
            yield part


class _Announcement:
    """The match of a pattern that finds literals, as imaplib uses it."""

    def __init__(self, digits):
        self._size = clamped(digits, LARGEST_SIZE)

    def group(self, _name):
        return self._size


class PopBounds(Bounds):
    """The limits of a :class:`poplib.POP3`, whose ``_getline`` and ``_putcmd`` are replaced."""

    def __init__(self, connection: poplib.POP3) -> None:
        super().__init__(connection)
        self._getline, self._putcmd = connection._getline, connection._putcmd
        connection._getline, connection._putcmd = self.get_line, self.put_command

    def put_command(self, line: str) -> None:
        self.allowance.begin()
        self._putcmd(line)

    def get_line(self) -> tuple[bytes, int]:
        self._follow()
        return self._getline()

    def read_content_line(self) -> bytes:
        return self._file.read_content_line(CHUNK)


@cache
def bounded(kind: type[_Connection]) -> type[_Connection]:
    """Return a subclass of a connection class that has limits from the first byte on."""
    is_imap = issubclass(kind, imaplib.IMAP4)
    return type(kind.__name__, (_BoundedImap if is_imap else _BoundedPop, kind), {})


class _BoundedImap:
    def open(self, *arguments, **options):
        result = super().open(*arguments, **options)
        ImapBounds.of(self)
        return result


class _BoundedPop:
    def _getresp(self):
        # The first thing that the constructor does with its socket is to read the greeting.
        PopBounds.of(self)
        return super()._getresp()


def _pending(connection):
    """Return what was read from the socket of a connection and not yet consumed."""
    sock = connection.sock
    patience = sock.gettimeout()
    sock.settimeout(0.0)
    try:
        return connection.file.peek(1)
    except OSError:
        return b""
    finally:
        sock.settimeout(patience)

"""Commands of POP3 and what follows the first line of their answers (RFC 1939)."""

import io
import poplib
from collections.abc import Callable
from typing import TypeVar

from .batches import chunks
from .bounds import Contents, MessageTooLarge, PopBounds, Skipped
from .unique_ids import Digest

_T = TypeVar("_T")


class PopDialogue:
    """Commands sent together, if the server supports it (RFC 2449).

    An error in the middle is kept in ``broken`` if something was read before it. The caller raises
    it as soon as that is stored; otherwise each fetch would end at the same message.

    :param connection: an authenticated one
    :param bounds: its limits, None if it is not made of a socket
    """

    def __init__(self, connection: poplib.POP3, bounds: PopBounds | None) -> None:
        self._connection = connection
        self._bounds = bounds
        self._can_pipeline = None
        self.broken = None

    def ask(
        self, command: str, numbers: list[int], read: Callable[[], _T] = lambda: True
    ) -> dict[int, _T | Skipped | None]:
        """Send a command for each of these messages.

        :param command: the command with ``{}`` for the number
        :param read: function that reads what follows the first line of an answer
        :return: ``{number: what was read}``, None if the command was refused
        """
        results = {}
        try:
            for together in [numbers] if self._pipelines() else chunks(numbers, 1):
                for number in together:
                    self._connection._putcmd(command.format(number))
                for number in together:
                    results[number] = None if self._is_refused() else read()
        except MessageTooLarge as error:
            results[number] = Skipped(error.size)
            self.broken = OSError(*error.args)
        except (OSError, poplib.error_proto) as error:
            if not results:
                raise
            self.broken = error
        return results

    def contents(
        self, command: str, numbers: list[int], contents: Contents
    ) -> dict[int, bytes | Skipped | None]:
        """Return ``{number: bytes of a message}``.

        None stands for a message that the server refuses, :class:`Skipped` for one that is not
        kept.

        :param contents: which of them are kept
        """
        return self.ask(command, numbers, lambda: self._read_message(contents))

    def digest(self, number: int) -> str | None:
        """Return the digest of a message, None if the server refuses; nothing else is kept."""
        digest = self.ask("RETR {}", [number], self._read_digest)[number]
        if self.broken:
            raise self.broken
        return digest

    def _is_refused(self):
        """Read the first line of an answer; return whether it refuses this command alone.

        :raises poplib.error_proto: if the connection has ended, or the line is not an answer
        """
        try:
            self._connection._getresp()
        except poplib.error_proto as error:
            # Errors that poplib finds itself, such as the end of the connection, are str. Another
            # line than an error is not the answer to this command.
            if not isinstance(error.args[0], bytes) or not error.args[0].startswith(b"-ERR"):
                raise
            return True
        return False

    def _pipelines(self):
        if self._can_pipeline is None:
            try:
                self._can_pipeline = "PIPELINING" in self._connection.capa()
            except poplib.error_proto:
                self._can_pipeline = False
        return self._can_pipeline

    def _read_message(self, contents):
        """Return the bytes of a message with their line endings (RFC 1939 section 3)."""
        kept, size = io.BytesIO(), 0
        for line in self._lines():
            size += len(line)
            if contents.has_room(size):
                kept.write(line)
            else:
                kept = io.BytesIO()
                self._skip(contents, len(line), size)
        return kept.getvalue() if contents.takes(size) else Skipped(size)

    def _read_digest(self):
        digest, contents, size = Digest(), Contents(), 0
        for line in self._lines():
            size += len(line)
            digest.add(line)
            self._skip(contents, len(line), size)
        return digest.hexdigest()

    def _lines(self):
        """Yield the lines of a message, long ones in parts.

        :mod:`poplib` strips the line endings and fails on a long line, which would block the
        mailbox at that message forever.
        """
        is_new_line = True
        while (line := self._read_line()) != b".\r\n" or not is_new_line:
            if not line:
                raise poplib.error_proto("-ERR connection closed in the middle of a message")
            yield line[1:] if is_new_line and line.startswith(b".") else line
            is_new_line = line.endswith(b"\n")

    def _skip(self, contents, octets, size):
        if contents.skips(octets):
            return
        error = MessageTooLarge(size=size)
        if self._bounds:
            self._bounds.allowance.give_up(error)
        raise error

    def _read_line(self):
        if self._bounds:
            return self._bounds.read_content_line()
        return self._connection.file.readline()

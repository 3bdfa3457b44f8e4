"""The four methods of core's fetcher over POP3: unique ids, batches, pipelined commands."""

import poplib

from .batches import chunks
from .folder import FEW, Folder, Status
from .run import TOO_LARGE, UNREADABLE, Fetched, FetchRun, Mailbox

# POP3 has one mailbox, whose unique ids are persistent (RFC 1939 section 7).
UIDVALIDITY = 1


class PopMailbox(Mailbox):
    def __init__(self, connection: poplib.POP3, run: FetchRun) -> None:
        super().__init__(connection, run)
        # {message number in this session: its unique id, or its number}
        self._ids = {}
        self._can_pipeline = None

    def check_unread_messages(self) -> int:
        """Return the number of new messages."""
        count, _octets = self._connection.stat()
        folder = self._folder = self._run.folders[0]
        if self._run.is_by_number:
            self._ids = self._unique_ids()
            numbers = self._unknown(folder, count)
        else:
            folder.uidvalidity = UIDVALIDITY
            self._ids = self._unique_ids_or_numbers(count)
            left = self._run.left_there(folder)
            numbers = [number for number, handle in self._ids.items() if handle not in left]
        self._new = [(folder, numbers)] if numbers else []
        return len(numbers)

    # --- New messages -----------------------------------------------------------------

    def _unknown(self, folder, count):
        """Return the numbers of messages that are not stored, and delete those that are due."""
        folder.meet(Status(UIDVALIDITY, count + 1, count))
        if folder.is_asking:
            self._run.settle_start(folder, lambda: count > FEW)
            if not folder.is_asking and folder.is_known and not folder.is_importing:
                self._run.leave(folder, list(self._ids.values()))
        self._run.note(folder)
        if folder.is_asking:
            return []
        # If a server lists nothing at one time, remembered messages are not forgotten.
        if present := set(self._ids.values()):
            self._delete(self._run.expired(folder, present))
        known = self._run.known(folder)
        return [number for number, unique_id in self._ids.items() if unique_id not in known]

    def _unique_ids(self):
        """Return ``{number: unique id}`` (RFC 1939 section 7).

        :raises poplib.error_proto: if the server does not support them
        """
        _answer, lines, _octets = self._connection.uidl()
        pairs = [line.split(maxsplit=1) for line in lines]
        return {int(pair[0]): pair[1].decode("latin-1") for pair in pairs if len(pair) == 2}

    def _unique_ids_or_numbers(self, count):
        try:
            return self._unique_ids()
        except poplib.error_proto:
            return {number: number for number in range(1, count + 1)}

    # --- Fetching ---------------------------------------------------------------------

    def _sizes(self, numbers):
        """Return ``{number: bytes}``."""
        _answer, lines, _octets = self._connection.list()
        sizes = dict(map(int, line.split()[:2]) for line in lines)
        return {number: sizes.get(number, 0) for number in numbers}

    def _fetch(self, batch, sizes):
        whole = [number for number in batch if self._is_fetched(sizes[number])]
        contents = dict(zip(whole, self._contents("RETR {}", whole), strict=True))
        missing = {
            number: UNREADABLE if number in contents else TOO_LARGE
            for number in batch
            if contents.get(number) is None
        }
        headers = self._contents("TOP {} 0", list(missing))
        contents.update(zip(missing, headers, strict=True))
        return [
            # Not all servers have TOP (RFC 1939 section 7).
            Fetched(
                self._ids[number],
                contents[number] or b"",
                sizes[number],
                missing.get(number),
            )
            for number in batch
        ]

    def _contents(self, command, numbers):
        """Return what the server sends for each message, None if it refuses."""
        commands = [command.format(number) for number in numbers]
        return self._ask(commands, self._read_lines, may_refuse=True)

    def fetch_one(self, _folder: Folder, _uidvalidity: int, unique_id: str) -> bytes | None:
        """Return a message of any size, or None if it no longer exists."""
        for number, present in self._unique_ids().items():
            if present == unique_id:
                return self._contents("RETR {}", [number])[0]
        return None

    def _read_lines(self):
        """Return the bytes of a message with their line endings (RFC 1939 section 3).

        :mod:`poplib` strips the line endings and fails on a long line, which would block the
        mailbox at that message forever.
        """
        lines = []
        while (line := self._connection.file.readline()) != b".\r\n":
            if not line:
                raise poplib.error_proto("-ERR connection closed in the middle of a message")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _ask(self, commands, read=lambda: None, *, may_refuse=False):
        """Send commands, pipelined if the server supports it (RFC 2449); return what was read.

        :param bool may_refuse: whether a refused command returns None
        """
        connection, results = self._connection, []
        for together in [commands] if self._pipelines() else chunks(commands, 1):
            for command in together:
                connection._putcmd(command)
            for _command in together:
                results.append(None if self._is_refused(may_refuse) else read())
        return results

    def _is_refused(self, may_refuse):
        """Read the first line of an answer; return whether it refuses this command alone.

        :raises poplib.error_proto: if a refusal is not expected, or the connection has ended
        """
        try:
            self._connection._getresp()
        except poplib.error_proto as error:
            # Errors that poplib finds itself, such as the end of the connection, are str.
            if not may_refuse or not isinstance(error.args[0], bytes):
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

    # --- Deleting ---------------------------------------------------------------------

    def _settle(self, handles):
        """Delete stored messages, unless they are to be left for some days."""
        self._settled.update(handles)
        if not self._run.leaves:
            self._delete(handles)

    def _delete(self, handles):
        """Mark messages for deletion; the server deletes them when the session ends properly."""
        wanted = set(handles)
        self._ask([f"DELE {number}" for number, handle in self._ids.items() if handle in wanted])

    def _say_goodbye(self):
        self._connection.quit()

"""The four methods of core's fetcher over POP3: unique ids, batches, several commands at once."""

import poplib

from .batches import chunks
from .folder import FEW, Status
from .run import TOO_LARGE, UNREADABLE, Fetched, Mailbox

# POP3 has one mailbox, whose unique ids stay (RFC 1939 section 7).
UIDVALIDITY = 1


class PopMailbox(Mailbox):
    def __init__(self, connection, run):
        super().__init__(connection, run)
        # {number of the mail in this session: its unique id, or its number}
        self._ids = {}
        self._can_pipeline = None

    def check_unread_messages(self):
        """Return how many mails are new."""
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

    # --- what is new ------------------------------------------------------------------

    def _unknown(self, folder, count):
        """Return the numbers of mails that were not stored before, and delete what is due."""
        folder.meet(Status(UIDVALIDITY, count + 1, count))
        if folder.is_asking:
            self._run.settle_start(folder, lambda: count > FEW)
            if not folder.is_asking and folder.is_known and not folder.is_importing:
                self._run.leave(folder, list(self._ids.values()))
        self._run.note(folder)
        if folder.is_asking:
            return []
        # A server that lists nothing for once is no reason to forget what was there before.
        if present := set(self._ids.values()):
            self._delete(self._run.expired(folder, present))
        known = self._run.known(folder)
        return [number for number, unique_id in self._ids.items() if unique_id not in known]

    def _unique_ids(self):
        """Return ``{number: unique id}`` (RFC 1939 section 7).

        :raises poplib.error_proto: when the server has none
        """
        _answer, lines, _octets = self._connection.uidl()
        pairs = [line.split(maxsplit=1) for line in lines]
        return {int(pair[0]): pair[1].decode("latin-1") for pair in pairs if len(pair) == 2}

    def _unique_ids_or_numbers(self, count):
        try:
            return self._unique_ids()
        except poplib.error_proto:
            return {number: number for number in range(1, count + 1)}

    # --- fetching ---------------------------------------------------------------------

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
        """Return what the server sends of each mail, None where it refuses."""
        commands = [command.format(number) for number in numbers]
        return self._ask(commands, self._read_lines, may_refuse=True)

    def fetch_one(self, _folder, _uidvalidity, unique_id):
        """Return a mail whatever its size is, or None when it is not there any more."""
        for number, present in self._unique_ids().items():
            if present == unique_id:
                return self._contents("RETR {}", [number])[0]
        return None

    def _read_lines(self):
        """Return the bytes of a mail with their line endings (RFC 1939 section 3).

        :mod:`poplib` takes the line endings away and fails on a long line, which would
        stop the mailbox at that mail for ever.
        """
        lines = []
        while (line := self._connection.file.readline()) != b".\r\n":
            if not line:
                raise poplib.error_proto("-ERR connection closed in the middle of a mail")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _ask(self, commands, read=lambda: None, *, may_refuse=False):
        """Send commands, at once where the server takes that (RFC 2449); return what was read.

        :param bool may_refuse: a command that the server refuses gives None
        """
        connection, results = self._connection, []
        for together in [commands] if self._pipelines() else chunks(commands, 1):
            for command in together:
                connection._putcmd(command)
            for _command in together:
                results.append(None if self._is_refused(may_refuse) else read())
        return results

    def _is_refused(self, may_refuse):
        """Read the first line of an answer, and tell whether it is a no to this command alone.

        :raises poplib.error_proto: when that is not expected, or the connection has ended
        """
        try:
            self._connection._getresp()
        except poplib.error_proto as error:
            # What poplib finds out by itself, as the end of the connection, is text.
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

    # --- deleting ---------------------------------------------------------------------

    def _settle(self, handles):
        """Delete stored mails, unless they are left for some days."""
        self._settled.update(handles)
        if not self._run.leaves:
            self._delete(handles)

    def _delete(self, handles):
        """Ask for mails to be deleted; the server does it when the session ends well."""
        wanted = set(handles)
        self._ask([f"DELE {number}" for number, handle in self._ids.items() if handle in wanted])

    def _say_goodbye(self):
        self._connection.quit()

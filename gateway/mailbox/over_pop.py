"""The four methods of core's fetcher over POP3: unique ids, batches, pipelined commands."""

import poplib
from functools import cached_property

from .bounds import MOST_SKIPPED, Contents, PopBounds, Skipped
from .folder import FEW, Folder, Status
from .numbers import LARGEST_SIZE, clamped, read_listing, read_unique_id
from .pop import PopDialogue
from .run import TOO_LARGE, UNREADABLE, Fetched, FetchRun, Mailbox
from .unique_ids import UniqueIds, digest_of

# POP3 has one mailbox, whose unique ids are persistent (RFC 1939 section 7).
UIDVALIDITY = 1


class PopMailbox(Mailbox):
    bounds_class = PopBounds

    def __init__(self, connection: poplib.POP3, run: FetchRun) -> None:
        super().__init__(connection, run)
        # {message number in this session: its unique id, or None}
        self._ids = {}
        self._unique = UniqueIds({})
        # Numbers of stored messages to be deleted after another look at their bytes.
        self._due = []
        # {number: (unique id, digest)} of the messages whose bytes were read.
        self._read = {}
        self._deleted = []
        self._refuses_deletion = False
        self._dialogue = PopDialogue(connection, self._bounds)

    def check_unread_messages(self) -> int:
        """Return the number of new messages."""
        folder = self._folder = self._run.folders[0]
        self._run.report(folder, None)
        if self._run.is_by_number:
            self._ids = self._unique_ids()
            numbers = self._unknown(folder, max(self._count(), len(self._ids)))
        else:
            folder.uidvalidity = UIDVALIDITY
            self._ids = self._unique_ids_or_numbers()
            self._unique = UniqueIds(self._ids, self._run.kept(folder, self._present))
            numbers = self._unique.unknown
        self._new = [(folder, numbers + self._due)] if numbers or self._due else []
        return len(numbers)

    # --- New messages -----------------------------------------------------------------

    @property
    def _present(self):
        return set(self._ids.values()) - {None}

    def _unknown(self, folder, count):
        """Return the numbers of messages that are not stored; note those that are due."""
        folder.meet(Status(UIDVALIDITY, count + 1, count))
        if folder.is_asking:
            self._run.settle_start(folder, lambda: count > FEW)
            if not folder.is_asking and folder.is_known and not folder.is_importing:
                self._leave_all(folder)
        self._run.note(folder)
        if folder.is_asking:
            return []
        # If a server lists nothing at one time, remembered messages are not forgotten.
        kept = self._run.kept(folder, self._present) if self._ids else []
        self._unique = UniqueIds(self._ids, kept)
        self._due = self._unique.due
        return self._unique.unknown

    def _leave_all(self, folder):
        unique = UniqueIds(self._ids)
        self._run.leave(folder, [(self._ids[n], unique.digest(n, "")) for n in self._ids])

    def _count(self):
        """Return the number of messages, 0 if the server does not say it in a way to be read."""
        try:
            return min(self._connection.stat()[0], LARGEST_SIZE)
        except (ValueError, IndexError):
            self._say("The answer to STAT is malformed.")
            return 0

    def _unique_ids(self):
        """Return ``{number: unique id}`` (RFC 1939 section 7).

        Messages whose line is malformed share an empty id, and are told apart by their bytes.

        :raises poplib.error_proto: if the server does not support them
        """
        _answer, lines, _octets = self._connection.uidl()
        ids, malformed = read_listing(lines)
        ids = {number: read_unique_id(octets) for number, octets in ids.items()}
        if malformed:
            self._say(f"Lines of UIDL are malformed: {malformed}.")
            ids = dict.fromkeys(self._listed, "") | ids
        return dict(sorted(ids.items()))

    def _unique_ids_or_numbers(self):
        try:
            return self._unique_ids()
        except poplib.error_proto:
            return dict.fromkeys(self._listed)

    @cached_property
    def _listed(self):
        """``{number: bytes}`` of all messages."""
        _answer, lines, _octets = self._connection.list()
        sizes, malformed = read_listing(lines)
        are_numbers = {number: size for number, size in sizes.items() if size.split()[0].isdigit()}
        if malformed := malformed + len(sizes) - len(are_numbers):
            self._say(f"Lines of LIST are malformed: {malformed}.")
        return {
            number: clamped(size.split()[0], LARGEST_SIZE) for number, size in are_numbers.items()
        }

    def _say(self, problem):
        self._run.report(self._folder, problem)

    # --- Fetching ---------------------------------------------------------------------

    def _sizes(self, numbers):
        """Return ``{number: bytes}``; 0 stands for a size that the server does not report."""
        return {number: self._believed(self._listed.get(number, 0)) for number in numbers}

    def _fetch_batches(self, numbers):
        due = set(self._due)
        yield from super()._fetch_batches([number for number in numbers if number not in due])
        for number in self._due:
            if self._run.is_over() or self._refuses_deletion:
                return
            yield self._fetch_due(number)

    def _fetch_parts(self, batch, sizes):
        """Yield lists of :class:`Fetched`; what did not fit into memory is fetched alone."""
        mails, rest = self._fetch_some(batch, sizes)
        yield mails
        self._sizes_are_wrong |= bool(rest)
        for number in rest:
            if self._run.is_over():
                return
            yield self._fetch_some([number], sizes)[0]

    def _fetch_some(self, batch, sizes):
        """Return ``(list of Fetched, numbers that are to be fetched alone)``.

        Messages that were stored before are in neither.
        """
        whole = [number for number in batch if self._is_fetched(sizes[number])]
        contents = self._dialogue.contents("RETR {}", whole, self._kept_contents())
        skipped = {n: raw.size for n, raw in contents.items() if isinstance(raw, Skipped)}
        rest = [number for number, size in skipped.items() if self._is_fetched(size)]
        sizes = sizes | skipped
        # A connection that broke has not answered for all of them.
        answered = [n for n in batch if n not in rest and (n not in whole or n in contents)]
        missing = {
            number: UNREADABLE if contents.get(number, self) is None else TOO_LARGE
            for number in answered
            if not isinstance(contents.get(number), bytes)
        }
        contents.update(self._headers(missing))
        mails = [self._fetched(n, contents[n], sizes[n], missing.get(n)) for n in answered]
        return [mail for mail in mails if not self._unique.is_kept(mail.number, mail.digest)], rest

    def _headers(self, numbers):
        """Return ``{number: header}``; not all servers have TOP (RFC 1939 section 7)."""
        headers = {}
        if not self._broken:
            try:
                headers = self._dialogue.contents("TOP {} 0", list(numbers), self._kept_contents())
            except (OSError, poplib.error_proto) as error:
                # What was read before is stored first.
                self._dialogue.broken = error
        found = {number: raw for number, raw in headers.items() if isinstance(raw, bytes)}
        return dict.fromkeys(numbers, b"") | found

    def _kept_contents(self):
        return Contents(self._run.most_bytes)

    @property
    def _broken(self):
        return self._dialogue.broken

    def _fetch_due(self, number):
        """Delete a message whose bytes are stored; return it in a list if they are others."""
        found = self._dialogue.digest(number)
        if found is None:
            return []
        digest = self._unique.digest(number, found)
        self._read[number] = self._ids[number], digest
        if self._unique.is_due(number, digest):
            self._delete([number])
        if self._unique.is_kept(number, digest):
            return []
        return self._fetch_some([number], self._sizes([number]))[0]

    def _fetched(self, number, raw, size, missing=None):
        unique_id, digest = self._ids[number], self._unique.digest(number, digest_of(raw))
        self._read[number] = unique_id, digest
        return Fetched(number, raw, size, missing, unique_id, digest)

    def fetch_one(
        self, _folder: Folder, _uidvalidity: int, unique_id: str, digest: str = ""
    ) -> bytes | None:
        """Return a message of any size, or None if it no longer exists.

        :param digest: of its header, which tells it from others with this unique id
        """
        self._ids = self._unique_ids()
        unique = UniqueIds(self._ids)
        for number, present in self._ids.items():
            if present == unique_id and self._has_header(unique, number, digest):
                raw = self._dialogue.contents("RETR {}", [number], Contents(MOST_SKIPPED))[number]
                return raw if isinstance(raw, bytes) else None
        return None

    def _has_header(self, unique, number, digest):
        if not digest:
            return True
        return unique.digest(number, digest_of(self._headers([number])[number])) == digest

    # --- Deleting ---------------------------------------------------------------------

    def _settle(self, numbers):
        """Delete stored messages, unless they are to be left for some days."""
        self._settled.update(numbers)
        if not self._run.leaves and not self._broken:
            self._delete([number for number in numbers if self._unique.may_delete(number)])

    def _delete(self, numbers):
        """Mark messages for deletion; the server deletes them when the session ends properly.

        A message that the server refuses to delete is still there: its entry remains.
        """
        answers = self._dialogue.ask("DELE {}", numbers)
        self._deleted += [self._read[number] for number, is_done in answers.items() if is_done]
        if None in answers.values():
            self._refuses_deletion = True
            self._say("The server refuses to delete messages (DELE).")

    def _say_goodbye(self):
        self._connection.quit()
        if self._run.is_by_number and self._deleted:
            self._run.deleted(self._folder, self._deleted)

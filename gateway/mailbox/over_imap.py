"""The four methods of core's fetcher over IMAP: UIDs, batches, pipelined commands.

:mod:`imaplib` waits for the answer to each command. Here its two halves of a command, sending it
and waiting for completion, are called separately: commands sent together take one round trip.
"""

import imaplib
from dataclasses import replace
from itertools import takewhile

from ..error_text import short_sentence
from .batches import chunks
from .bounds import MOST_SKIPPED, Contents, ImapBounds, MessageTooLarge
from .folder import FEW, Folder, Status
from .imap import (
    count_invalid_uids,
    folder_argument,
    read_contents,
    read_last,
    read_sizes,
    read_skipped,
    read_uids,
    uid_in,
    uid_set,
)
from .numbers import LARGEST_SIZE, LARGEST_UID, clamped, read_uid, read_uidvalidity
from .run import TOO_LARGE, UNREADABLE, Fetched, FetchRun, Mailbox

WHOLE, HEADER = "(UID BODY.PEEK[])", "(UID BODY.PEEK[HEADER])"


class FolderError(imaplib.IMAP4.error):
    """A folder that cannot be read; the text comes from the server."""


class ImapMailbox(Mailbox):
    bounds_class = ImapBounds

    def __init__(self, connection: imaplib.IMAP4, run: FetchRun) -> None:
        super().__init__(connection, run)
        self._selected = None
        # The error that ended the connection, raised as soon as what was read is stored.
        self._broken = None
        # What the server reported as the next UID of the selected folder.
        self._next_uid = LARGEST_UID + 1
        # Commands sent but not yet completed: ``[(tag, folder, uids)]``.
        self._marking = []

    def check_unread_messages(self) -> int:
        """Return the number of new messages in all folders.

        :raises FolderError: if no folder can be read
        """
        problems = []
        for folder in self._run.folders:
            try:
                self._new.append((folder, self._look_into(folder)))
            except FolderError as problem:
                self._run.report(folder, short_sentence(problem))
                problems.append(problem)
        if problems and not self._new:
            raise problems[0]
        return sum(len(uids) for _folder, uids in self._new)

    # --- Folders ----------------------------------------------------------------------

    def _look_into(self, folder):
        """Return the UIDs of new messages, and complete what a crash left unfinished."""
        status = self._select(folder)
        self._run.report(folder, None)
        if not self._run.is_by_number:
            folder.uidvalidity = status.uidvalidity
            self._finish_earlier(folder)
            left = self._run.left_there(folder)
            return [uid for uid in self._search("UNSEEN") if str(uid) not in left]
        if folder.uidvalidity != status.uidvalidity:
            # A next UID that is too high would hide all later messages.
            status = replace(status, next_uid=min(status.next_uid, self._last_uid(status) + 1))
        if folder.meet(status):
            self._finish_earlier(folder)
        if folder.is_asking:
            self._run.settle_start(folder, lambda: status.count > FEW or self._search("SEEN"))
        self._run.note(folder)
        if folder.is_asking:
            return []
        return [uid for uid in self._search(folder.criteria) if folder.is_new(uid)]

    def _select(self, folder):
        """Open a folder and return its :class:`Status`."""
        connection = self._connection
        # A failed attempt to open a folder closes the previous one (RFC 3501 section 6.3.1).
        self._selected = None
        try:
            answer, data = connection.select(folder_argument(folder.name))
        except imaplib.IMAP4.readonly as error:
            # Otherwise imaplib would refuse the next command.
            connection.response("READ-ONLY")
            raise FolderError(short_sentence(error)) from error
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise FolderError(short_sentence(error)) from error
        if answer != "OK":
            raise FolderError(_text(data))
        self._selected = folder
        uidvalidity, next_uid = (
            read_last(connection.response(name)[1]) for name in ("UIDVALIDITY", "UIDNEXT")
        )
        status = Status(
            # None or 0, which is not a valid UIDVALIDITY: the folder would count as never read.
            (uidvalidity and read_uidvalidity(uidvalidity)) or 1,
            (next_uid and read_uid(next_uid)) or LARGEST_UID + 1,
            clamped(read_last(data) or b"0", LARGEST_SIZE),
        )
        self._next_uid = status.next_uid
        return status

    def _last_uid(self, status):
        """Return the highest UID of a folder."""
        return max(self._search("UID *"), default=0) if status.count else 0

    def _search(self, criteria):
        """Return UIDs in ascending order.

        :raises FolderError: if the server refuses; its text may contain arbitrary numbers
        """
        answer, data = self._connection.uid("SEARCH", criteria)
        if answer != "OK":
            raise FolderError(_text(data))
        if invalid := count_invalid_uids(data):
            self._run.report(self._selected, f"The server sent {invalid} invalid UIDs (SEARCH).")
        return read_uids(data)

    # --- Fetching ---------------------------------------------------------------------

    def _fetch_batches(self, numbers):
        folder = self._folder
        if numbers and self._selected is not folder:
            if self._select(folder).uidvalidity != folder.uidvalidity:
                raise FolderError(f"{folder.name} was renumbered at this moment")
        return super()._fetch_batches(numbers)

    def _sizes(self, uids):
        """Return ``{uid: bytes}`` of the messages that still exist, in order.

        0 stands for a size that the server does not report, because it cannot read the message.
        """
        sizes = read_sizes(self._ask([("FETCH", uid_set(uids), "(UID RFC822.SIZE)")]))
        if untold := [uid for uid in uids if uid not in sizes]:
            sizes |= dict.fromkeys(self._search(f"UID {uid_set(untold)}"), 0)
        return {uid: self._believed(sizes[uid]) for uid in uids if uid in sizes}

    def _fetch_parts(self, batch, sizes):
        """Yield lists of :class:`Fetched`; the first one ends where the memory would be full."""
        mails, rest = self._fetch_some(batch, sizes)
        yield mails
        self._sizes_are_wrong |= bool(rest)
        for uid in rest:
            if self._run.is_over():
                return
            yield self._fetch_some([uid], sizes)[0]

    def _fetch_some(self, batch, sizes):
        """Return ``(list of Fetched, UIDs that are to be fetched alone)``.

        Messages that were removed in the meantime are in neither.
        """
        whole = [uid for uid in batch if self._is_fetched(sizes[uid])]
        large = [uid for uid in batch if not self._is_fetched(sizes[uid])]
        commands = [
            ("FETCH", uid_set(uids), section)
            for uids, section in ((whole, WHOLE), (large, HEADER))
            if uids
        ]
        missing = dict.fromkeys(large, TOO_LARGE)
        try:
            data = self._ask(commands, Contents(self._run.most_bytes))
        except (OSError, imaplib.IMAP4.abort) as error:
            return self._rescued(batch, sizes, missing, error), []
        contents, skipped = read_contents(data), read_skipped(data)
        missing |= {uid: TOO_LARGE for uid, size in skipped.items() if not self._is_fetched(size)}
        sizes = sizes | skipped
        # Messages are stored in order: a crash must not leave one behind that is passed over.
        full = [uid for uid in batch if uid in skipped and uid not in missing]
        done = batch[: batch.index(full[0])] if full else batch
        rest = batch[len(done) :]
        for uid in [uid for uid in done if uid not in contents]:
            try:
                self._fetch_alone(uid, contents, missing)
            except (OSError, imaplib.IMAP4.abort) as error:
                self._give_up(error, done[: done.index(uid)])
                done, rest = done[: done.index(uid)], []
                break
        return self._fetched(done, contents, sizes, missing), rest

    def _fetched(self, batch, contents, sizes, missing):
        return [
            Fetched(uid, contents[uid], sizes[uid], missing.get(uid))
            for uid in batch
            if uid in contents
        ]

    def _rescued(self, batch, sizes, missing, error):
        """Return what was read before an error, and a message that caused it without its content.

        The error is raised when they are stored. Otherwise each fetch would end at this message.
        """
        contents = read_contents(self._connection.response("FETCH")[1] or [])
        done = list(takewhile(contents.__contains__, batch))
        if isinstance(error, MessageTooLarge):
            last = batch[len(done)] if len(done) < len(batch) else None
            if last is not None and last == uid_in(error.text):
                done.append(last)
                contents[last], missing[last] = b"", TOO_LARGE
                sizes = sizes | {last: error.size}
            error = OSError(*error.args)
        self._give_up(error, done)
        return self._fetched(done, contents, sizes, missing)

    def _give_up(self, error, done):
        """Remember an error until the messages that were read before it are stored."""
        if not done:
            raise error
        self._broken = error

    def _fetch_alone(self, uid, contents, missing):
        """Fetch a message missing from a batch; some servers cannot read every message."""
        for section in (WHOLE, HEADER) if uid not in missing else (HEADER,):
            data = self._ask([("FETCH", str(uid), section)], Contents(self._run.most_bytes))
            if content := read_contents(data).get(uid):
                contents[uid] = content
                return
            missing.setdefault(uid, TOO_LARGE if uid in read_skipped(data) else UNREADABLE)
        # A message that the server only claims to have must not hide those below its UID.
        if uid < self._next_uid and self._search(f"UID {uid}"):
            contents[uid] = b""

    def fetch_one(
        self, folder: Folder, uidvalidity: int, uid: int, _digest: str = ""
    ) -> bytes | None:
        """Return a message of any size, or None if it no longer exists.

        :raises FolderError: if the folder cannot be read
        """
        if self._select(folder).uidvalidity != uidvalidity:
            return None
        return read_contents(self._ask([("FETCH", str(uid), WHOLE)], Contents(MOST_SKIPPED))).get(
            uid
        )

    def _ask(self, commands, contents=None):
        """Send commands at once; return what was fetched.

        :param contents: the :class:`Contents` that are kept, None if none are asked for
        """
        connection = self._connection
        self._expect(contents)
        tags = [connection._command("UID", *command) for command in commands]
        for tag in tags:
            connection._command_complete("UID", tag)
        self._expect(None)
        return connection.response("FETCH")[1] or []

    def _expect(self, contents):
        if self._bounds:
            self._bounds.expect(contents)

    # --- Marking ----------------------------------------------------------------------

    def _settle(self, uids):
        """Mark stored messages as read. The answer arrives while they are processed."""
        self._settled.update(uids)
        if self._broken:
            # The next fetch marks what is stored.
            return
        for part in chunks(uids):
            tag = self._connection._command(
                "UID", "STORE", uid_set(part), "+FLAGS.SILENT", r"(\Seen)"
            )
            self._marking.append((tag, self._folder, part))

    def _tidy(self):
        self._raise_broken()
        self._confirm_marks()
        self._move_settled(self._folder)

    def _confirm_marks(self):
        while self._marking:
            tag, folder, uids = self._marking.pop(0)
            answer, data = self._connection._command_complete("UID", tag)
            if answer != "OK":
                self._run.report(folder, _text(data))
            self._run.marked(folder, uids)

    def _finish_earlier(self, folder):
        """Mark and move messages that were stored before and are not in their target folder."""
        self._folder = folder
        if uids := self._run.unmarked(folder):
            self._settle(uids)
        self._tidy()

    # --- Moving -----------------------------------------------------------------------

    def _move_settled(self, folder):
        for target, uids in self._run.moves(folder).items():
            for part in chunks(uids):
                problem = self._move(part, folder_argument(target))
                if problem:
                    self._run.report(folder, problem)
                    return
                self._run.moved(folder, part)

    def _move(self, uids, target):
        """Move messages (RFC 6851); return what prevents it, or None."""
        capabilities = self._connection.capability()[1][0].upper().split()
        verb = "MOVE" if b"MOVE" in capabilities else "COPY"
        answer, data = self._send(verb, uid_set(uids), target)
        if answer != "OK" and b"TRYCREATE" in _octets(data):
            self._connection.create(target)
            answer, data = self._send(verb, uid_set(uids), target)
        if answer != "OK":
            return _text(data)
        if verb == "COPY":
            self._remove(uids, b"UIDPLUS" in capabilities)
        return None

    def _remove(self, uids, has_uidplus):
        """Remove messages that were copied, but none that another client has marked as deleted."""
        self._send("STORE", uid_set(uids), "+FLAGS.SILENT", r"(\Deleted)")
        if has_uidplus:
            self._send("EXPUNGE", uid_set(uids))
        elif self._search("DELETED") == uids:
            self._connection.expunge()

    def _send(self, *command):
        connection = self._connection
        return connection._command_complete("UID", connection._command("UID", *command))

    def _say_goodbye(self):
        try:
            self._confirm_marks()
        finally:
            # Not CLOSE, which would expunge messages that other clients have marked as deleted.
            self._connection.logout()


def _octets(data):
    return b" ".join(part for part in data if isinstance(part, bytes))


def _text(data):
    return _octets(data).decode("utf-8", "replace")

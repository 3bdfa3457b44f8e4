"""The four methods of core's fetcher over IMAP: UIDs, batches, pipelined commands.

:mod:`imaplib` waits for the answer to each command. Here its two halves of a command, sending it
and waiting for completion, are called separately: commands sent together take one round trip.
"""

import imaplib

from ..error_text import short_sentence
from .batches import chunks
from .folder import FEW, Folder, Status
from .imap import folder_argument, read_contents, read_sizes, read_uids, uid_set
from .run import TOO_LARGE, UNREADABLE, Fetched, FetchRun, Mailbox

WHOLE, HEADER = "(UID BODY.PEEK[])", "(UID BODY.PEEK[HEADER])"


class FolderError(imaplib.IMAP4.error):
    """A folder that cannot be read; the text comes from the server."""


class ImapMailbox(Mailbox):
    def __init__(self, connection: imaplib.IMAP4, run: FetchRun) -> None:
        super().__init__(connection, run)
        self._selected = None
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
        numbers = {
            name: read_uids(connection.response(name)[1]) for name in ("UIDVALIDITY", "UIDNEXT")
        }
        count = read_uids(data)[-1:] or [0]
        next_uid = numbers["UIDNEXT"] or [self._last_uid() + 1]
        # None or 0, which is not a valid UIDVALIDITY: the folder would count as never read.
        return Status((numbers["UIDVALIDITY"] or [0])[-1] or 1, next_uid[-1], count[-1])

    def _last_uid(self):
        """Return the highest UID, for servers that do not report the next one."""
        return max(self._search("UID *"), default=0)

    def _search(self, criteria):
        """Return UIDs in ascending order.

        :raises FolderError: if the server refuses; its text may contain arbitrary numbers
        """
        answer, data = self._connection.uid("SEARCH", criteria)
        if answer != "OK":
            raise FolderError(_text(data))
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
        sizes = read_sizes(self._ask([("FETCH", uid_set(uids), "(UID RFC822.SIZE)")])[1])
        if untold := [uid for uid in uids if uid not in sizes]:
            sizes |= dict.fromkeys(self._search(f"UID {uid_set(untold)}"), 0)
        return {uid: sizes[uid] for uid in uids if uid in sizes}

    def _fetch(self, batch, sizes):
        """Return a list of :class:`Fetched` without messages that were removed in the meantime."""
        whole = [uid for uid in batch if self._is_fetched(sizes[uid])]
        large = [uid for uid in batch if not self._is_fetched(sizes[uid])]
        commands = [
            ("FETCH", uid_set(uids), section)
            for uids, section in ((whole, WHOLE), (large, HEADER))
            if uids
        ]
        contents = read_contents(self._ask(commands)[1])
        missing = dict.fromkeys(large, TOO_LARGE)
        for uid in batch:
            if uid not in contents:
                self._fetch_alone(uid, contents, missing)
        return [
            Fetched(uid, contents[uid], sizes[uid], missing.get(uid))
            for uid in batch
            if uid in contents
        ]

    def _fetch_alone(self, uid, contents, missing):
        """Fetch a message missing from a batch; some servers cannot read every message."""
        for section in (WHOLE, HEADER) if uid not in missing else (HEADER,):
            _answers, data = self._ask([("FETCH", str(uid), section)])
            if content := read_contents(data).get(uid):
                contents[uid] = content
                return
            missing[uid] = UNREADABLE
        if self._search(f"UID {uid}"):
            contents[uid] = b""

    def fetch_one(self, folder: Folder, uidvalidity: int, uid: int) -> bytes | None:
        """Return a message of any size, or None if it no longer exists.

        :raises FolderError: if the folder cannot be read
        """
        if self._select(folder).uidvalidity != uidvalidity:
            return None
        return read_contents(self._ask([("FETCH", str(uid), WHOLE)])[1]).get(uid)

    def _ask(self, commands):
        """Send commands at once; return ``([OK or NO], what was fetched)``."""
        connection = self._connection
        tags = [connection._command("UID", *command) for command in commands]
        answers = [connection._command_complete("UID", tag)[0] for tag in tags]
        return answers, connection.response("FETCH")[1] or []

    # --- Marking ----------------------------------------------------------------------

    def _settle(self, uids):
        """Mark stored messages as read. The answer arrives while they are processed."""
        self._settled.update(uids)
        for part in chunks(uids):
            tag = self._connection._command(
                "UID", "STORE", uid_set(part), "+FLAGS.SILENT", r"(\Seen)"
            )
            self._marking.append((tag, self._folder, part))

    def _tidy(self):
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

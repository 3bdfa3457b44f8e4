"""Reading a mailbox without losing what is in it.

Core's fetcher drives a connection through four methods. The classes here stand in
front of core's connection and answer these four: they fetch without marking a mail as
read, hand over its bytes unchanged, and mark or delete it only when it is stored.
Everything else, the login of other addons included, goes to core's connection.
"""

import imaplib
import poplib


class FetchRun:
    """Which mail of a mailbox is in hand, and which ones are stored.

    Shared by the connection, which hands mails over, and the intake, which stores them.
    """

    def __init__(self):
        self._in_hand = None
        self._stored = set()

    def start(self):
        """Forget the numbers of another mailbox."""
        self._in_hand = None
        self._stored.clear()

    def take(self, number):
        self._in_hand = number

    def acknowledge(self):
        """Say that the mail in hand is stored: it may be marked or deleted."""
        self._stored.add(self._in_hand)

    def is_stored(self, number):
        return number in self._stored


class Mailbox:
    """A connection of core with the four methods of its fetcher made safe.

    :param connection: an authenticated connection of :mod:`imaplib` or :mod:`poplib`
    :param FetchRun run: shared with the intake
    """

    def __init__(self, connection, run):
        self._connection = connection
        self._run = run
        self._numbers = []
        run.start()

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def retrieve_unread_messages(self):
        for number in self._numbers:
            content = self._retrieve(number)
            if content is not None:
                self._run.take(number)
                yield number, content

    def handled_message(self, number):
        if self._run.is_stored(number):
            self._settle(number)


class ImapMailbox(Mailbox):
    """UIDs in place of sequence numbers, which change when another client expunges."""

    def check_unread_messages(self):
        self._connection.select()
        _status, data = self._connection.uid("SEARCH", None, "(UNSEEN)")
        self._numbers = data[0].split() if data and data[0] else []
        return len(self._numbers)

    def _retrieve(self, uid):
        """Return the bytes of a mail, or None when somebody removed it meanwhile.

        ``BODY.PEEK[]`` leaves it unread (RFC 3501 section 6.4.5), ``RFC822`` does not.
        """
        _status, data = self._connection.uid("FETCH", uid, "(BODY.PEEK[])")
        return next((part[1] for part in data if isinstance(part, tuple)), None)

    def _settle(self, uid):
        self._connection.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def disconnect(self):
        # Not CLOSE, which would expunge what other clients have marked as deleted.
        self._connection.logout()


class PopMailbox(Mailbox):
    def check_unread_messages(self):
        count, _octets = self._connection.stat()
        self._numbers = list(range(1, count + 1))
        return count

    def _retrieve(self, number):
        """Return the bytes of a mail with their line endings (RFC 1939 section 3).

        :mod:`poplib` takes the line endings away and fails on a long line, which would
        stop the mailbox at that mail for ever.
        """
        self._connection._shortcmd(f"RETR {number}")
        lines = []
        while (line := self._connection.file.readline()) != b".\r\n":
            if not line:
                raise poplib.error_proto("-ERR connection closed in the middle of a mail")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _settle(self, number):
        self._connection.dele(number)


def open_mailbox(connection, run):
    """Return the mailbox for a connection of core; one of another kind is returned itself."""
    if isinstance(connection, imaplib.IMAP4):
        return ImapMailbox(connection, run)
    if isinstance(connection, poplib.POP3):
        return PopMailbox(connection, run)
    return connection

"""Wait at a mailbox until its server announces a message (IDLE, RFC 2177).

Not done here: fetching. The waiting side triggers the fetch and waits again.
"""

import imaplib
import select
from socket import socket

# RFC 2177: a server may close a connection that has been idle for 30 minutes. Devices in between
# drop one sooner, and a dead connection is noticed when the wait is renewed.
LONGEST_WAIT = 9 * 60
# How long a server may take to answer.
PATIENCE = 30
_TAG = b"P1DL"
NEWS = (b"EXISTS", b"RECENT")


class IdleError(Exception):
    """The connection can no longer be used for waiting."""


def can_idle(connection: imaplib.IMAP4) -> bool:
    """Return whether a server supports IDLE; call it after the login, which may change this.

    :param connection: an authenticated :class:`imaplib.IMAP4`
    """
    status, data = connection.capability()
    return status == "OK" and b"IDLE" in b" ".join(filter(None, data)).upper().split()


def watch(connection: imaplib.IMAP4, folder: str = "INBOX") -> None:
    """Open a folder read-only, so that its server announces new messages.

    :raises imaplib.IMAP4.error: if the folder does not exist
    """
    status, data = connection.select(folder, readonly=True)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{folder}: {data[-1]!r}")


def idle(connection: imaplib.IMAP4, seconds: float, stop: socket) -> bool:
    """Wait for new messages, and return whether there are any.

    Messages that arrived since the last command count: the server announces them at once.

    :param connection: a connection after :func:`watch`
    :param seconds: maximum time to wait
    :param stop: object with a ``fileno``, readable when the wait is to end
    :raises IdleError: if the server refuses, closes the connection or does not answer
    :raises OSError: if the connection is lost
    """
    connection.send(_TAG + b" IDLE\r\n")
    has_news = False
    while not (line := _line(connection, PATIENCE)).startswith(b"+"):
        if line.startswith(_TAG):
            raise IdleError(line.decode("latin-1").strip())
        has_news |= _is_news(line)
    if not has_news and _wait(connection, seconds, stop):
        has_news = _is_news(_line(connection, PATIENCE))
    connection.send(b"DONE\r\n")
    while not (line := _line(connection, PATIENCE)).startswith(_TAG):
        has_news |= _is_news(line)
    return has_news


def _is_news(line):
    words = line.split()
    return len(words) > 2 and words[2].upper() in NEWS


def _wait(connection, seconds, stop):
    """Return whether the server sent something before the time was up or the wait was stopped."""
    if _has_buffered(connection):
        return True
    ready, _write, _error = select.select([connection.socket(), stop], [], [], seconds)
    return connection.socket() in ready


def _has_buffered(connection):
    """Return whether bytes were read from the socket and not yet consumed."""
    pending = getattr(connection.socket(), "pending", None)
    return bool((pending and pending()) or _peek(connection))


def _peek(connection):
    connection.socket().settimeout(0.0)
    try:
        return connection.file.peek(1)
    except OSError:
        return b""
    finally:
        connection.socket().settimeout(PATIENCE)


def _line(connection, patience):
    connection.socket().settimeout(patience)
    line = connection.readline()
    if not line:
        raise IdleError("the server has ended the connection")
    if line.upper().startswith(b"* BYE"):
        raise IdleError(line.decode("latin-1").strip())
    return line

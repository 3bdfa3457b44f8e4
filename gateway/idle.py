"""Waiting at a mailbox until its server says that mail has come (IDLE, RFC 2177).

What this does not do: fetch. Whoever waits asks the one who fetches, and waits again.
"""

import imaplib
import select

# RFC 2177: a server may end a connection that has been idle for 30 minutes. Devices between
# forget one sooner, and a dead one is noticed when the wait is renewed.
LONGEST_WAIT = 9 * 60
# How long a server may take for an answer.
PATIENCE = 30
_TAG = b"P1DL"
NEWS = (b"EXISTS", b"RECENT")


class IdleError(Exception):
    """The connection can not be waited at any more."""


def can_idle(connection):
    """Tell whether a server knows IDLE; asked after the login, which may change it.

    :param connection: an authenticated :class:`imaplib.IMAP4`
    """
    status, data = connection.capability()
    return status == "OK" and b"IDLE" in b" ".join(filter(None, data)).upper().split()


def watch(connection, folder="INBOX"):
    """Open a folder for reading alone, so that its server tells what comes.

    :raises imaplib.IMAP4.error: when there is no such folder
    """
    status, data = connection.select(folder, readonly=True)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{folder}: {data[-1]!r}")


def idle(connection, seconds, stop):
    """Wait until mail has come, and tell whether it has.

    Mail that came since the last command counts: the server says so at once.

    :param connection: a connection after :func:`watch`
    :param float seconds: the longest wait
    :param stop: what has a ``fileno``, and something to read when the wait is to end
    :raises IdleError: when the server refuses, ends the connection or does not answer
    :raises OSError: when the connection is lost
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
    """Tell whether the server said something before time was over or somebody stopped it."""
    if _has_buffered(connection):
        return True
    ready, _write, _error = select.select([connection.socket(), stop], [], [], seconds)
    return connection.socket() in ready


def _has_buffered(connection):
    """Tell whether bytes were read from the socket that nobody has looked at."""
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

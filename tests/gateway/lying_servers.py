"""An IMAP and a POP3 server that can lie in the answer to any command.

Honest, they are as much of a server as the fetcher needs. ``lies`` maps a command to a function
of the honest answer, as bytes, that returns what is sent instead: bytes, or an iterable of bytes
for an answer that takes its time. Bytes that end with :data:`HANG_UP` close the connection.
"""

import contextlib
import re
import socket
import threading

HANG_UP = b"\0hang up\0"
LOOPBACK = "127.0.0.1"


class HungUp(Exception):
    """The server has closed the connection."""


class LyingServer:
    """A server on the loopback interface, for one mailbox.

    :param lies: ``{command: function of the honest answer}``
    :param tls: the :class:`ssl.SSLContext` to use after STARTTLS
    """

    greeting = b""

    def __init__(self, lies=None, tls=None):
        self.lies = dict(lies or {})
        self.tls = tls
        # What the clients have sent, without tags.
        self.commands = []
        self.connections = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def verbs(self):
        return [command.split()[0].upper() for command in self.commands]

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        session = self.session(connection)
        try:
            session.send(self.answer("GREETING", self.greeting))
            while line := session.lines.readline():
                session.obey(line.decode("latin-1").strip())
        except (HungUp, OSError, ValueError):
            # The client has gone, perhaps in the middle of an answer.
            return
        finally:
            with contextlib.suppress(OSError):
                session.connection.close()

    def answer(self, command, honest):
        lie = self.lies.get(command)
        return honest if lie is None else lie(honest)


class Session:
    """One connection of a client."""

    def __init__(self, server, connection):
        self.server = server
        self.connection = connection
        self.lines = connection.makefile("rb")

    def send(self, answer):
        for part in [answer] if isinstance(answer, bytes) else answer:
            text, ends, _rest = part.partition(HANG_UP)
            self.connection.sendall(text)
            if ends:
                self.connection.shutdown(socket.SHUT_RDWR)
                raise HungUp

    def start_tls(self):
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")


# --- POP3 -----------------------------------------------------------------------------


class PopServer(LyingServer):
    """A POP3 mailbox.

    :param messages: ``[(unique id, bytes)]``
    """

    greeting = b"+OK ready\r\n"

    def __init__(self, messages=(), lies=None, tls=None):
        self.messages = list(messages)
        super().__init__(lies, tls)

    def session(self, connection):
        return PopSession(self, connection)


class PopSession(Session):
    def __init__(self, server, connection):
        super().__init__(server, connection)
        self.messages = dict(enumerate(server.messages, 1))
        self.deleted = set()

    def obey(self, line):
        self.server.commands.append(line)
        verb, _space, argument = line.partition(" ")
        verb = verb.upper()
        honest = getattr(self, f"_{verb.lower()}", self._unknown)(*argument.split())
        self.send(self.server.answer(verb, honest))
        if verb == "STLS":
            self.start_tls()
        if verb == "QUIT":
            raise HungUp

    def _unknown(self, *_arguments):
        return b"-ERR unknown command\r\n"

    def _capa(self):
        offers = b"STLS\r\n" if self.server.tls else b""
        return b"+OK\r\nPIPELINING\r\nTOP\r\nUIDL\r\n" + offers + b".\r\n"

    def _ok(self, *_arguments):
        return b"+OK\r\n"

    _user = _pass = _stls = _noop = _ok

    def _present(self):
        return {
            number: message
            for number, message in self.messages.items()
            if number not in self.deleted
        }

    def _stat(self):
        present = self._present().values()
        return b"+OK %d %d\r\n" % (len(present), sum(len(raw) for _id, raw in present))

    def _list(self):
        return self._listing(b"%d" % len(raw) for _unique_id, raw in self._present().values())

    def _uidl(self):
        return self._listing(unique_id.encode() for unique_id, _raw in self._present().values())

    def _listing(self, values):
        lines = (
            b"%d %s\r\n" % (number, value)
            for number, value in zip(self._present(), values, strict=True)
        )
        return b"+OK\r\n" + b"".join(lines) + b".\r\n"

    def _retr(self, number):
        return self._content(number, whole=True)

    def _top(self, number, _count):
        return self._content(number, whole=False)

    def _content(self, number, whole):
        if int(number) not in self._present():
            return b"-ERR no such message\r\n"
        _unique_id, raw = self.messages[int(number)]
        if not whole:
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        lines = raw.removesuffix(b"\r\n").split(b"\r\n")
        stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
        return b"+OK\r\n" + b"\r\n".join(stuffed) + b"\r\n.\r\n"

    def _dele(self, number):
        if int(number) not in self._present():
            return b"-ERR no such message\r\n"
        if "DELE" not in self.server.lies:
            self.deleted.add(int(number))
        return b"+OK\r\n"

    def _quit(self):
        gone = [self.messages[number] for number in self.deleted]
        self.server.messages = [kept for kept in self.server.messages if kept not in gone]
        return b"+OK\r\n"


# --- IMAP -----------------------------------------------------------------------------


class ImapServer(LyingServer):
    """An IMAP mailbox with one folder; any name opens it.

    The lies about a FETCH of sizes are those of the command ``SIZE``.

    :param messages: ``{UID: bytes}``
    """

    greeting = b"* OK ready\r\n"

    def __init__(self, messages=(), lies=None, tls=None, uidvalidity=1):
        self.messages = dict(messages)
        self.uidvalidity = uidvalidity
        self.seen = set()
        super().__init__(lies, tls)

    def session(self, connection):
        return ImapSession(self, connection)


class ImapSession(Session):
    def obey(self, line):
        tag, _space, line = line.partition(" ")
        self.server.commands.append(line)
        words = line.split()
        verb = words.pop(0).upper()
        if verb == "UID":
            verb = words.pop(0).upper()
        command = "SIZE" if verb == "FETCH" and "RFC822.SIZE" in line else verb
        honest = getattr(self, f"_{command.lower()}", self._nothing)(*words)
        answer = self.server.answer(command, honest + b"TAG OK done\r\n")
        answers = [answer] if isinstance(answer, bytes) else answer
        self.send(part.replace(b"TAG ", tag.encode() + b" ") for part in answers)
        if verb == "STARTTLS":
            self.start_tls()
        if verb == "LOGOUT":
            raise HungUp

    def _nothing(self, *_arguments):
        return b""

    def _capability(self):
        offers = b" STARTTLS" if self.server.tls else b""
        return b"* CAPABILITY IMAP4rev1 UIDPLUS MOVE" + offers + b"\r\n"

    def _select(self, *_name):
        server = self.server
        return (
            b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] valid\r\n* OK [UIDNEXT %d] next\r\n"
            b"* OK [PERMANENTFLAGS (\\Seen)] flags\r\n"
        ) % (len(server.messages), server.uidvalidity, max(server.messages, default=0) + 1)

    def _search(self, *criteria):
        found = set(self.server.messages)
        if "SEEN" in criteria:
            found &= self.server.seen
        if "UNSEEN" in criteria:
            found -= self.server.seen
        if "UID" in criteria:
            found &= set(self._uids(criteria[criteria.index("UID") + 1]))
        return b"* SEARCH" + b"".join(b" %d" % uid for uid in sorted(found)) + b"\r\n"

    def _uids(self, uid_set):
        last = max(self.server.messages, default=0)
        found = []
        for part in uid_set.replace("*", str(last)).split(","):
            first, _colon, final = part.partition(":")
            ends = sorted((int(first), int(final or first)))
            found += [uid for uid in sorted(self.server.messages) if ends[0] <= uid <= ends[1]]
        return found

    def _size(self, uid_set, *_items):
        return b"".join(
            b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, len(self.server.messages[uid]))
            for uid in self._uids(uid_set)
        )

    def _fetch(self, uid_set, *items):
        is_header = "HEADER" in " ".join(items)
        return b"".join(self._item(uid, is_header) for uid in self._uids(uid_set))

    def _item(self, uid, is_header):
        raw = self.server.messages[uid]
        if is_header:
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return literal(uid, len(raw), raw)

    def _store(self, uid_set, *_flags):
        self.server.seen.update(self._uids(uid_set))
        return b""

    def _logout(self):
        return b"* BYE\r\n"


def literal(uid, size, raw):
    """Return the answer of an IMAP server with the content of a message, whatever its size."""
    return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, uid, size, raw)


def sizes_said(answer, size):
    """Return an answer with other sizes: of IMAP's ``RFC822.SIZE``, or of POP3's ``LIST``."""
    answer = re.sub(rb"RFC822\.SIZE \d+", b"RFC822.SIZE %s" % size, answer)
    return re.sub(rb"(?m)^(\d+) \d+\r$", rb"\1 %s\r" % size, answer)

"""Waiting at a mailbox, with a server that sends what a test defines."""

import imaplib
import socket
import threading

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import idle


class Server:
    """The other end of a connection: it replies to each line it expects.

    :param script: ``(part of the line, reply)``; a reply of None closes the connection
    """

    def __init__(self, script):
        self.client, self._end = socket.socketpair()
        self.said = []
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self._thread.start()

    def _run(self, script):
        lines = self._end.makefile("rb")
        for expected, answer in script:
            line = lines.readline()
            self.said.append(line)
            assert expected in line, line
            if answer is None:
                break
            tag = line.split()[0] if line.split() else b""
            self._end.sendall(answer.replace(b"TAG", tag))
        self._end.close()
        lines.close()


class Connection(imaplib.IMAP4):
    """An IMAP connection over an existing socket."""

    def open(self, host="", port=0, timeout=None):
        self.sock = host
        self.file = self.sock.makefile("rb")


GREETING = b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\r\n"


def connect(*script):
    server = Server(((b"CAPABILITY", b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK done\r\n"), *script))
    server._end.sendall(GREETING)
    return server, Connection(server.client)


SELECTED = (b"EXAMINE INBOX", b"* 3 EXISTS\r\n* 0 RECENT\r\nTAG OK [READ-ONLY] selected\r\n")
DONE = (b"DONE", b"P1DL OK done\r\n")


class TestIdle(BaseCase):
    def setUp(self):
        super().setUp()
        self.stop, self.stopping = socket.socketpair()
        self.addCleanup(self.stop.close)
        self.addCleanup(self.stopping.close)

    def wait(self, *script, seconds=5):
        _server, connection = connect(SELECTED, *script)
        idle.watch(connection)
        return idle.idle(connection, seconds, self.stop)

    def test_told_while_waiting(self):
        self.assertTrue(self.wait((b"P1DL IDLE", b"+ idling\r\n* 4 EXISTS\r\n"), DONE))

    def test_told_before_the_wait(self):
        self.assertTrue(self.wait((b"P1DL IDLE", b"* 4 EXISTS\r\n+ idling\r\n"), DONE))

    def test_told_at_the_end(self):
        self.assertTrue(
            self.wait(
                (b"P1DL IDLE", b"+ idling\r\n"),
                (b"DONE", b"* 4 EXISTS\r\nP1DL OK done\r\n"),
                seconds=0.05,
            )
        )

    def test_other_news_is_no_mail(self):
        for line in (b"* OK Still here", b"* 2 EXPUNGE", b"* 1 FETCH (FLAGS (\\Seen))", b"* FLAGS"):
            with self.subTest(line):
                answer = b"+ idling\r\n" + line + b"\r\n"
                self.assertFalse(self.wait((b"P1DL IDLE", answer), DONE))

    def test_time_is_over(self):
        self.assertFalse(self.wait((b"P1DL IDLE", b"+ idling\r\n"), DONE, seconds=0.05))

    def test_stopped(self):
        self.stopping.send(b"x")
        self.assertFalse(self.wait((b"P1DL IDLE", b"+ idling\r\n"), DONE, seconds=60))

    def test_refused(self):
        with self.assertRaisesRegex(idle.IdleError, "not now"):
            self.wait((b"P1DL IDLE", b"P1DL NO not now\r\n"))

    def test_server_says_goodbye(self):
        with self.assertRaisesRegex(idle.IdleError, "BYE"):
            self.wait((b"P1DL IDLE", b"+ idling\r\n* BYE shutting down\r\n"))

    def test_connection_ends(self):
        for answer in (None, b"+ idling\r\n"):
            with self.subTest(answer), self.assertRaises((idle.IdleError, OSError)):
                self.wait((b"P1DL IDLE", answer))

    def test_capability_is_asked_after_the_login(self):
        for listed, expected in ((b"IMAP4rev1 IDLE", True), (b"IMAP4rev1 XIDLE", False)):
            with self.subTest(listed):
                _server, connection = connect(
                    (b"CAPABILITY", b"* CAPABILITY " + listed + b"\r\nTAG OK done\r\n"),
                )
                self.assertIs(idle.can_idle(connection), expected)

    def test_no_such_folder(self):
        _server, connection = connect((b"EXAMINE Other", b"TAG NO no such folder\r\n"))
        with self.assertRaises(imaplib.IMAP4.error):
            idle.watch(connection, "Other")

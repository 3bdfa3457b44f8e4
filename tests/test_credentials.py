"""Non-ASCII passwords, and errors of servers that do not reveal them."""

import base64
import imaplib
import logging
import poplib
import sys
import threading
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from unittest.mock import MagicMock, patch

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .test_logs import EverythingLogged

USER, PASSWORD = "änn@customer.test", 'Ärsenik"\\7'
ASCII_USER, ASCII_PASSWORD = "ann@customer.test", "Arsenik-7"
GREETING = {"imap": b"* OK ready\r\n", "pop": b"+OK ready\r\n"}


class Repeating(StreamRequestHandler):
    """A server that refuses every login and echoes what it received."""

    def handle(self):
        self.wfile.write(GREETING[self.server.kind])
        while line := self.rfile.readline().strip():
            self.server.lines.append(line)
            tag, _blank, command = line.partition(b" ")
            if self.server.kind == "pop":
                self.wfile.write(b"+OK\r\n" if tag == b"USER" else b"-ERR %s?\r\n" % line)
            elif command == b"CAPABILITY":
                self.wfile.write(
                    b"* CAPABILITY IMAP4rev1 %s\r\n%s OK done\r\n" % (self.server.offers, tag)
                )
            elif command.startswith(b"AUTHENTICATE"):
                self.wfile.write(b"+ \r\n")
                line = self.rfile.readline().strip()
                self.server.lines.append(line)
                self.wfile.write(b"%s %s %s?\r\n" % (tag, self.server.verdict, line))
            else:
                self.wfile.write(b"%s %s %s?\r\n" % (tag, self.server.verdict, line))


@tagged("post_install", "-at_install")
class TestCredentials(TransactionCase, EverythingLogged):
    @contextmanager
    def listening(self, kind, offers=b"AUTH=PLAIN", verdict=b"NO"):
        with ThreadingTCPServer(("127.0.0.1", 0), Repeating) as server:
            server.daemon_threads = True
            server.kind, server.offers, server.verdict, server.lines = kind, offers, verdict, []
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()

    def make_server(self, kind, listening=None, user=USER, password=PASSWORD, **values):
        server = self.env["fetchmail.server"].create(
            {
                "name": kind,
                "server_type": kind,
                "server": "127.0.0.1",
                "user": user,
                "port": listening and listening.server_address[1],
                "password": password,
                "is_ssl": False,
                **values,
            }
        )
        self.env.flush_all()
        return server

    def assert_hidden(self, text, *secrets):
        for secret in secrets or (USER, PASSWORD):
            octets = secret.encode()
            for spelling in (
                secret,
                repr(octets)[2:-1],
                octets.decode("latin-1"),
                secret.replace("Ä", ""),
                ascii(secret)[1:-1],
                base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
            ):
                self.assertNotIn(spelling, text)

    # --- Logging in -------------------------------------------------------------------

    def test_login_that_is_not_ascii(self):
        for user, password in ((USER, ASCII_PASSWORD), (ASCII_USER, PASSWORD), (USER, PASSWORD)):
            with self.subTest(user=user, password=password), self.listening("imap") as listening:
                server = self.make_server("imap", listening, user, password)
                with self.assertRaises(imaplib.IMAP4.error):
                    server._connect__()
                self.assertIn(b" AUTHENTICATE PLAIN", listening.lines[-2])
                self.assertEqual(
                    base64.b64decode(listening.lines[-1]),
                    f"\0{user}\0{password}".encode(),
                )

    def test_login_that_is_ascii_is_cores(self):
        with self.listening("imap") as listening:
            server = self.make_server("imap", listening, ASCII_USER, ASCII_PASSWORD)
            with self.assertRaises(imaplib.IMAP4.error):
                server._connect__()
            self.assertTrue(listening.lines[-1].endswith(b' LOGIN ann@customer.test "Arsenik-7"'))

    def test_server_without_that_login(self):
        with self.listening("imap", offers=b"AUTH=LOGIN") as listening:
            server = self.make_server("imap", listening)
            with self.assertRaisesRegex(UserError, "non-ASCII characters.*AUTH=PLAIN"):
                server.button_confirm_login()
            self.assertEqual([line.split()[1] for line in listening.lines], [b"CAPABILITY"])

    def test_pop3_sends_utf8(self):
        with self.listening("pop") as listening:
            with self.assertRaises(poplib.error_proto):
                self.make_server("pop", listening)._connect__()
            self.assertEqual(
                listening.lines[:2],
                [f"USER {USER}".encode(), f"PASS {PASSWORD}".encode()],
            )

    def test_login_with_a_token_is_not_touched(self):
        server = self.make_server("imap", password=False)
        base = next(
            model
            for model in type(server).mro()
            if model.__module__ == "odoo.addons.mail.models.fetchmail"
        )

        def _imap_login__(server, connection):
            connection.authenticate("XOAUTH2", lambda _challenge: b"token")

        connection = MagicMock()
        with patch.object(base, "_imap_login__", _imap_login__):
            server._imap_login__(connection)
        connection.authenticate.assert_called_once()
        self.assertEqual(connection.authenticate.call_args[0][0], "XOAUTH2")

    # --- Errors -----------------------------------------------------------------------

    def test_servers_that_repeat_the_login(self):
        for kind, verdict, user, password in (
            ("imap", b"NO", USER, PASSWORD),
            ("imap", b"BAD", USER, PASSWORD),
            ("imap", b"NO", ASCII_USER, ASCII_PASSWORD),
            ("imap", b"BAD", ASCII_USER, ASCII_PASSWORD),
            ("pop", b"", USER, PASSWORD),
            ("pop", b"", ASCII_USER, ASCII_PASSWORD),
        ):
            with (
                self.subTest(kind=kind, verdict=verdict, user=user),
                self.listening(kind, verdict=verdict) as listening,
            ):
                server = self.make_server(kind, listening, user, password, state="done")
                said = self.errors_of(server)
                self.assertTrue(said["screen"].startswith("Server replied"), said["screen"])
                for text in said.values():
                    self.assertIn("?", text)
                    self.assert_hidden(text, user, password)

    def errors_of(self, server):
        """Return what a failed login shows, stores and logs."""
        with self.everything_logged() as log:
            with self.assertRaises(UserError) as shown:
                server.button_confirm_login()
            # Like the fetcher, in whose loop tests cannot commit.
            try:
                server.with_context(fetchmail_cron_running=True)._connect__()
            except Exception as error:  # noqa: BLE001  what core does
                problem = error
                server.error_message = "\n".join(map(str, error.args))
            self.env.flush_all()
            log_of_core().info("General failure", exc_info=problem)
        self.assertIsNone(problem.__cause__)
        self.assertTrue(problem.__suppress_context__)
        return {
            "screen": str(shown.exception),
            "stored": server.error_message,
            "log": log.text,
            "returned": str(problem),
        }

    def test_error_that_does_not_come_from_the_login(self):
        """Core writes the text of the exception, and logs its traceback."""
        server = self.make_server("imap")
        for error, stored in (
            (psycopg2.DataError(f"invalid: {PASSWORD}"), "DataError"),
            (ValueError(PASSWORD, "x"), "ValueError"),
            (imaplib.IMAP4.error(f"LOGIN {USER} {PASSWORD} failed".encode()), "LOGIN … … failed"),
        ):
            with self.subTest(type(error)), self.everything_logged() as log:
                try:
                    raise error
                except Exception:  # noqa: BLE001  as core's fetcher
                    log_of_core().info("General failure", exc_info=True)
                    server.error_message = "\n".join(
                        part.decode() if isinstance(part, bytes) else part for part in error.args
                    )
                self.assertEqual(server.error_message, stored)
                self.assertIn(type(error).__name__, log.text)
                self.assert_hidden(log.text)
        self.assertIsNone(sys.exc_info()[1])
        server.error_message = f"Written by hand: {PASSWORD}"
        self.assertEqual(server.error_message, "Written by hand: …")

    def test_folder_that_cannot_be_read(self):
        folder = self.env["mail.postmaster.folder"].create(
            {
                "server_id": self.make_server("imap").id,
            }
        )
        self.env.flush_all()
        run = folder.server_id.with_context(mail_postmaster_fetch_run=None)
        self.assertEqual(
            run._without_credentials(f"SELECT {PASSWORD}: no"),
            "SELECT …: no",
        )

    def test_credentials_are_all_that_servers_log_in_with(self):
        server = self.make_server("imap")
        secrets, users = server._credentials()
        self.assertEqual((secrets, users), ([PASSWORD], [USER]))
        server.google_gmail_refresh_token = "refresh-7"
        server.microsoft_outlook_access_token = "access-7"
        self.assertEqual(
            set(server._credentials()[0]),
            {PASSWORD, "refresh-7", "access-7"},
        )

    def test_password_of_an_outgoing_server(self):
        """smtplib encodes it as ASCII, and core writes what failed to encode on the message."""
        server = self.env["ir.mail_server"].create(
            {
                "name": "Outgoing",
                "smtp_host": "localhost",
                "smtp_user": USER,
                "smtp_pass": PASSWORD,
            }
        )
        self.env.flush_all()

        def connect(*_args, **_options):
            f"\0{USER}\0{PASSWORD}".encode("ascii")

        base = next(
            model
            for model in type(server).mro()
            if model.__module__ == "odoo.addons.base.models.ir_mail_server"
        )
        with (
            self.everything_logged() as log,
            patch.object(base, "_connect__", connect),
            self.assertRaisesRegex(UserError, "characters that this login") as shown,
        ):
            server.test_smtp_connection()
        self.assert_hidden(log.text + str(shown.exception))


def log_of_core():
    return logging.getLogger("odoo.addons.mail.models.fetchmail")

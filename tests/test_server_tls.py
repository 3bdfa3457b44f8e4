"""Connections to incoming servers verify the certificate."""

import ssl
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.mail.models import fetchmail

from .neighbours_common import neighbour

ANSWERS = {
    "imap": {
        b"": b"* OK ready\r\n",
        b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%s OK done\r\n",
        b"LOGIN": b"%s OK welcome\r\n",
        b"STARTTLS": b"%s OK go\r\n",
        b"LOGOUT": b"* BYE\r\n%s OK bye\r\n",
    },
    "pop": {
        b"": b"+OK ready\r\n",
        b"USER": b"+OK\r\n",
        b"PASS": b"+OK\r\n",
        b"STLS": b"+OK\r\n",
        b"CAPA": b"+OK\r\nSTLS\r\n.\r\n",
        b"QUIT": b"+OK\r\n",
    },
}


class Handler(BaseRequestHandler):
    """As much of a server as a login needs."""

    def handle(self):
        server = self.server
        connection = self.request
        try:
            if server.is_ssl:
                connection = server.tls.wrap_socket(connection, server_side=True)
            connection.sendall(server.answers[b""])
            while line := connection.recv(4096):
                words = line.split()
                tag, verb = (words[0], words[1]) if server.kind == "imap" else (b"", words[0])
                server.verbs.append((verb.upper(), isinstance(connection, ssl.SSLSocket)))
                answer = server.answers[verb.upper()]
                connection.sendall(answer % tag if b"%s" in answer else answer)
                if verb.upper() in (b"STARTTLS", b"STLS"):
                    connection = server.tls.wrap_socket(connection, server_side=True)
        except OSError:
            # The client has disconnected, as it should for an untrusted certificate.
            return


@tagged("post_install", "-at_install")
class TestServerTls(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificate = Path(folder.name) / "certificate.pem"
        cls.write_certificate()

    @classmethod
    def write_certificate(cls):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                False,
            )
            .sign(key, hashes.SHA256())
        )
        cls.certificate.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )

    @contextmanager
    def listening(self, kind, is_ssl):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate)
        with ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
            listener.kind, listener.is_ssl, listener.tls = kind, is_ssl, tls
            listener.answers, listener.verbs, listener.daemon_threads = ANSWERS[kind], [], True
            threading.Thread(target=listener.serve_forever, daemon=True).start()
            yield listener
            listener.shutdown()

    def make_server(self, kind, listener, **values):
        return self.env["fetchmail.server"].create(
            {
                "name": kind,
                "server_type": kind,
                "server": "127.0.0.1",
                "port": listener.server_address[1],
                "user": "u",
                "password": "secret",
                **values,
            }
        )

    def connect(self, server):
        connection = server._connect__()
        connection.disconnect()

    def test_untrusted_certificate_is_named_and_gets_no_password(self):
        for kind in ("imap", "pop"):
            for is_ssl in (True, False):
                with self.subTest(kind=kind, is_ssl=is_ssl), self.listening(kind, is_ssl) as other:
                    server = self.make_server(kind, other, is_ssl=is_ssl, starttls=not is_ssl)
                    self.assertEqual(server.certificate_policy, "verify")
                    with self.assertRaisesRegex(UserError, "127.0.0.1 cannot be trusted.*signed"):
                        server.button_confirm_login()
                    self.assertNotIn(b"LOGIN", [verb for verb, _tls in other.verbs])
                    self.assertNotIn(b"USER", [verb for verb, _tls in other.verbs])
                    self.assertEqual(server.state, "draft")

    def test_trusted_certificate(self):
        for kind, login in (("imap", b"LOGIN"), ("pop", b"USER")):
            for is_ssl in (True, False):
                with self.subTest(kind=kind, is_ssl=is_ssl), self.listening(kind, is_ssl) as other:
                    server = self.make_server(kind, other, is_ssl=is_ssl, starttls=not is_ssl)
                    with patch.dict("os.environ", SSL_CERT_FILE=str(self.certificate)):
                        self.connect(server)
                    self.assertIn((login, True), other.verbs)

    def test_addons_that_open_connections_differently_are_called(self):
        """Above and below, with a verified certificate, with STARTTLS and without."""
        for is_above in (True, False):
            for kind in ("imap", "pop"):
                for is_ssl, starttls in ((True, False), (False, True), (False, False)):
                    seen = []

                    class Neighbour:
                        __slots__ = ()

                        def _connect__(self, allow_archived=False):
                            connection = super()._connect__(allow_archived=allow_archived)
                            seen.append((allow_archived, connection.sock))  # noqa: B023
                            return connection

                    with (
                        self.subTest(is_above=is_above, kind=kind, is_ssl=is_ssl, tls=starttls),
                        self.listening(kind, is_ssl) as other,
                        neighbour(self.env, "fetchmail.server", Neighbour, is_above),
                        patch.dict("os.environ", SSL_CERT_FILE=str(self.certificate)),
                    ):
                        server = self.make_server(kind, other, is_ssl=is_ssl, starttls=starttls)
                        server.button_confirm_login()
                        [(allow_archived, sock)] = seen
                        self.assertTrue(allow_archived)
                        self.assertEqual(isinstance(sock, ssl.SSLSocket), is_ssl or starttls)
                        if is_ssl or starttls:
                            self.assertEqual(sock.context.verify_mode, ssl.CERT_REQUIRED)

    def test_connections_of_others_are_opened_as_by_core(self):
        """The classes of core are shared by all databases of a process."""
        with self.listening("imap", True) as other:
            server = self.make_server("imap", other, is_ssl=True)
            with self.assertRaises(UserError):
                server.button_confirm_login()
            connection = fetchmail.OdooIMAP4_SSL(*other.server_address, timeout=10)
            self.assertIsInstance(connection, fetchmail.OdooIMAP4_SSL)
            self.assertEqual(connection.sock.context.verify_mode, ssl.CERT_NONE)
            self.assertNotIn("bounds", vars(connection))
            connection.logout()

    def test_exception_for_one_server(self):
        for is_ssl in (True, False):
            with self.subTest(is_ssl=is_ssl), self.listening("imap", is_ssl) as other:
                server = self.make_server(
                    "imap",
                    other,
                    is_ssl=is_ssl,
                    starttls=not is_ssl,
                    certificate_policy="any",
                )
                self.connect(server)
                self.assertIn((b"LOGIN", True), other.verbs)
                unverified = self.env["fetchmail.server"].search(
                    [("certificate_policy", "=", "any")]
                )
                self.assertIn(server, unverified)

    def test_password_is_not_sent_where_encryption_is_refused(self):
        for kind in ("imap", "pop"):
            refusals = {b"STARTTLS": b"%s NO never\r\n", b"STLS": b"-ERR never\r\n"}
            with (
                self.subTest(kind=kind),
                patch.dict(ANSWERS[kind], refusals),
                self.listening(kind, False) as other,
            ):
                server = self.make_server(kind, other, starttls=True)
                with self.assertRaisesRegex(UserError, "STARTTLS"):
                    server.button_confirm_login()
                self.assertFalse({b"LOGIN", b"USER"} & {verb for verb, _tls in other.verbs})

    def test_column_of_servers_from_before(self):
        """The rest is in dev/system/test_installing.py: it needs a real installation."""
        old, new = self.env["fetchmail.server"].create([{"name": "Old"}, {"name": "New"}])
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE fetchmail_server ALTER certificate_policy DROP NOT NULL;"
            "UPDATE fetchmail_server SET certificate_policy = NULL WHERE id = %s",
            [old.id],
        )
        self.env["fetchmail.server"]._init_column("certificate_policy")
        self.env.invalidate_all()
        self.assertEqual(old.certificate_policy, "any")
        self.assertEqual(new.certificate_policy, "verify")

"""Text that is inserted before encryption begins, and limits from the first byte on."""

import imaplib
import itertools
import poplib
import ssl
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.addons.mail_postmaster.gateway.mailbox import bounds
from odoo.addons.mail_postmaster.gateway.mailbox.bounds import bounded

from .lying_servers import LOOPBACK, PopServer
from .mailbox_case import SOCKET_SECONDS, MailboxCase, Store, message

RAWS = [message(1), message(2)]
INSERTED = b"* SEARCH 666\r\n* 1 FETCH (UID 1 BODY[] {6}\r\nforged)\r\nTAG OK done\r\n"


def certificate(folder):
    """Write a certificate with its key; return the path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = Path(folder) / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TestStartTls(MailboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            cls.tls.load_cert_chain(certificate(folder))

    def connect(self, server):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if isinstance(server, PopServer):
            connection = bounded(poplib.POP3)(LOOPBACK, server.port, timeout=SOCKET_SECONDS)
            connection.stls(context)
            connection.user("u")
            connection.pass_("p")
        else:
            connection = bounded(imaplib.IMAP4)(LOOPBACK, server.port, timeout=SOCKET_SECONDS)
            connection.starttls(context)
            connection.login("u", "p")
        return connection

    def servers(self):
        imap = self.imap(dict(enumerate(RAWS, 1)), tls=self.tls)
        pop = self.pop([(f"id{number}", raw) for number, raw in enumerate(RAWS)], tls=self.tls)
        return (imap, "STARTTLS"), (pop, "STLS")

    def test_honest(self):
        for server, _command in self.servers():
            run = Store()
            self.assertIsNone(self.fetch(server, run))
            self.assert_stored_once(run, RAWS)

    def test_text_before_the_answer_is_not_that_of_a_later_command(self):
        server, command = self.servers()[0]
        server.lies[command] = lambda honest: INSERTED.removesuffix(b"TAG OK done\r\n") + honest
        run = Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, RAWS)

    def test_text_after_the_answer_is_dropped(self):
        """It came before the encryption, and could be anybody's."""
        forged = b"+OK\r\n+OK\r\n1 forged\r\n.\r\n"
        for server, command in self.servers():
            text = forged if isinstance(server, PopServer) else INSERTED
            server.lies[command] = lambda honest, text=text: honest + text
            run = Store()
            error = self.fetch(server, run)
            # What of it was read with the answer is dropped; the rest is not TLS.
            self.assertTrue(error is None or isinstance(error, ssl.SSLError), error)
            if error is None:
                self.assert_stored_once(run, RAWS)
            self.assertNotIn(b"forged", b"".join(run.raws))


class TestFirstByte(MailboxCase):
    def connect(self, server):
        kind = poplib.POP3 if isinstance(server, PopServer) else imaplib.IMAP4
        return bounded(kind)(LOOPBACK, server.port, timeout=SOCKET_SECONDS)

    def test_greeting_that_never_ends(self):
        def drip(_honest):
            for octet in itertools.cycle(b"* OK x"):
                yield bytes([octet])
                time.sleep(0.05)

        for server in (self.imap(), self.pop()):
            server.lies["GREETING"] = drip
            with patch.object(bounds, "COMMAND_SECONDS", 0.3), self.assertRaises(TimeoutError):
                self.connect(server)

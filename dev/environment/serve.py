"""The mail daemon of the addon, ``odoo-bin postmaster serve``, as a background program."""

import os
import smtplib
from itertools import count

from . import addons
from . import odoo as odoo_source
from .databases import LOGS
from .places import WORK
from .processes import LOOPBACK, Background, free_port, is_answering

_numbers = count(1)


class MailDaemon:
    """A mail daemon; usable in a ``with`` statement.

    :param str database: name of the database
    :param options: additional command-line arguments
    :param lmtp: where it listens: a TCP port, 0 for a free one, a path, or None for nowhere
    :param dict environment: additional environment variables
    :param settings: additional options of Odoo's configuration
    """

    def __init__(self, database, *options, lmtp=0, environment=None, **settings):
        self.name = f"{database}-serve-{os.getpid()}-{next(_numbers)}"
        self.log = LOGS / f"{self.name}.log"
        self.database = database
        self.lmtp = free_port() if lmtp == 0 else lmtp
        self.options = [*self._lmtp_options(), *options]
        self.environment = environment or {}
        self.settings = settings
        self._process = None

    def _lmtp_options(self):
        if self.lmtp is None:
            return ["--lmtp=none"]
        is_port = isinstance(self.lmtp, int)
        return [f"--lmtp={LOOPBACK}:{self.lmtp}" if is_port else f"--lmtp=unix:{self.lmtp}"]

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()

    @property
    def pid(self):
        return self._process.process.pid

    def launch(self):
        """Start the daemon without waiting for it; return the ``Background``."""
        source = odoo_source.locate()
        configuration = odoo_source.write_configuration(
            WORK / "conf" / f"{self.name}.conf",
            **self.settings,
        )
        self._process = Background(
            "The mail daemon",
            source.command(
                f"--addons-path={addons.link()}",
                "postmaster",
                "serve",
                "-c",
                configuration,
                "-d",
                self.database,
                *self.options,
            ),
            self.log,
            env={**source.environment(), **self.environment},
        )
        return self._process

    def start(self, seconds=120):
        """Start the daemon and wait until it serves."""
        self.launch().wait_until(self.is_serving, seconds)
        return self

    def is_serving(self):
        text = self.log.read_text(errors="replace")
        return "Serving " in text and (not isinstance(self.lmtp, int) or is_answering(self.lmtp))

    def stop(self, seconds=90):
        """Ask it to end, and wait; return the exit status."""
        if self._process:
            self._process.stop(seconds)
            return self._process.process.returncode
        return None

    def kill(self):
        """Kill it and all its processes at once, like a power cut."""
        self._process.kill()

    def connect(self, timeout=60):
        """Return an open ``smtplib.LMTP``."""
        if isinstance(self.lmtp, int):
            return smtplib.LMTP(LOOPBACK, self.lmtp, timeout=timeout)
        return smtplib.LMTP(str(self.lmtp), timeout=timeout)


def deliver(connection, raw, recipients=("sales@example.com",), sender="jane@customer.test"):
    """Deliver a message; return the reply for each recipient, as ``[(code, text)]``.

    For recipients refused at RCPT, this is the reply to RCPT.
    """
    connection.ehlo_or_helo_if_needed()
    code, text = connection.mail(sender, [f"size={len(raw)}"])
    if code != 250:
        connection.rset()
        return [(code, text)] * len(recipients)
    answers = {recipient: connection.rcpt(recipient) for recipient in recipients}
    taken = [recipient for recipient, (code, _text) in answers.items() if code == 250]
    if not taken:
        connection.rset()
        return list(answers.values())
    code, text = connection.docmd("DATA")
    if code != 354:
        return [(code, text)] * len(recipients)
    connection.send(transparent(raw))
    answers |= {recipient: connection.getreply() for recipient in taken}
    return list(answers.values())


def transparent(raw):
    """Return a message as sent after DATA, with its end (RFC 5321 section 4.5.2)."""
    text = raw.replace(b"\r\n.", b"\r\n..")
    text = b"." + text if text.startswith(b".") else text
    return text + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n"

"""An SMTP server that keeps the messages it receives and sends nothing.

Each message becomes a file in a folder, named by order of arrival, with the envelope in two
header lines before the message. Tests use the class in their own process; ``make run`` starts the
module as a separate program::

    python -m environment.smtp_sink FOLDER PORT
"""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller

from .processes import LOOPBACK, free_port


@dataclass(frozen=True)
class SentMail:
    """A message as it left Odoo.

    :param mail_from: envelope sender, empty for the null sender
    :param recipients: envelope recipients as a list
    :param raw: bytes of the message
    """

    mail_from: str
    recipients: list
    raw: bytes


class SmtpSink:
    """The server; usable in a ``with`` statement.

    :param folder: keeps a copy of each message as a file; None keeps them in memory only
    :param port: TCP port, 0 for a free one
    """

    def __init__(self, folder=None, port=0):
        self.folder = Path(folder) if folder else None
        self.host = LOOPBACK
        self.port = port or free_port()
        self.messages = []
        self.refusal = None
        # Seconds it takes to accept a message.
        self.delay = 0
        self.is_busy = False
        self._controller = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
        # A notification of a big message is also big: the limit is four times the default.
        self._controller = Controller(
            self,
            hostname=self.host,
            port=self.port,
            data_size_limit=128 * 1024 * 1024,
        )
        self._controller.start()
        return self

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server, session, envelope):
        """Keep a message, or reply with ``refusal`` if a test has set one."""
        if self.refusal:
            return self.refusal
        self.is_busy = True
        await asyncio.sleep(self.delay)
        self.is_busy = False
        # RFC 5321 4.5.5: the null sender, which aiosmtpd passes on as written.
        sender = "" if envelope.mail_from in (None, "<>") else envelope.mail_from
        mail = SentMail(sender, list(envelope.rcpt_tos), envelope.original_content)
        self.messages.append(mail)
        if self.folder:
            self._write(mail)
        return "250 kept"

    def _write(self, mail):
        number = len(list(self.folder.glob("*.eml"))) + 1
        recipients = ", ".join(mail.recipients)
        envelope = f"X-Envelope-From: {mail.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
        (self.folder / f"{number:04}.eml").write_bytes(envelope.encode() + mail.raw)


def main(folder, port):
    """Run until the process is ended."""
    with SmtpSink(folder, int(port)):
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(*sys.argv[1:])

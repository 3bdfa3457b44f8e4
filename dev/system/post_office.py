"""The mail system between databases: it delivers what they send by SMTP.

Odoo sends to a real SMTP server here. Its messages are delivered as a mail server does: with the
envelope in ``Return-Path`` and ``Delivered-To`` on top (RFC 5321 section 4.4).
"""

import smtplib
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.utils import formatdate, make_msgid, parseaddr
from unittest import mock

from setup_gateway import recommend, send_by, set_up

# A loop that does not end by itself is stopped here.
MOST_MAILS = 200
# The mail server that reports undeliverable messages; nothing reads what it receives.
RELAY = "relay.example"


def send(sink, sender, recipient, raw):
    """Send a message by SMTP."""
    with smtplib.SMTP(sink.host, sink.port) as connection:
        connection.sendmail(sender, [recipient], raw)


class PostOffice:
    """The mail system with its parties, which :meth:`add` adds.

    :param sink: the ``SmtpSink`` that all parties send to
    """

    def __init__(self, sink):
        self.sink = sink
        self.parties = {RELAY: Person()}
        self.refused = []

    def add(self, domain, party):
        self.parties[domain] = party
        return party

    def run(self):
        """Deliver messages until no party sends any more."""
        delivered = 0
        self._flush()
        while delivered < min(len(self.sink.messages), MOST_MAILS):
            sent = self.sink.messages[delivered]
            delivered += 1
            for recipient in sent.recipients:
                self._deliver(sent, recipient)
            self._flush()

    def _flush(self):
        for party in self.parties.values():
            party.flush()

    def _deliver(self, sent, recipient):
        party = self.parties[recipient.rpartition("@")[2]]
        envelope = f"Delivered-To: {recipient}\r\nReturn-Path: <{sent.mail_from}>\r\n"
        try:
            party.receive(envelope.encode() + sent.raw, recipient)
        except ValueError:
            self.refused.append(recipient)
            if sent.mail_from:
                self._report(sent.mail_from, recipient, sent.raw)

    def _report(self, sender, recipient, raw):
        """Send the sender a failure report with a null return path (RFC 3464)."""
        head = raw.partition(b"\r\n\r\n")[0].decode()
        parts = (
            ("text/plain", f"{recipient} takes no mail."),
            (
                "message/delivery-status",
                (
                    f"Reporting-MTA: dns; {RELAY}\r\n\r\n"
                    f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1"
                ),
            ),
            ("text/rfc822-headers", head),
        )
        text = "".join(f"--b\r\nContent-Type: {kind}\r\n\r\n{part}\r\n" for kind, part in parts)
        send(
            self.sink,
            "",
            sender,
            (
                f"From: MAILER-DAEMON@{RELAY}\r\nTo: {sender}\r\nSubject: Undelivered\r\n"
                f"Message-Id: {make_msgid(domain=RELAY)}\r\nDate: {formatdate()}\r\n"
                "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
                f"\r\n\r\n{text}--b--\r\n"
            ).encode(),
        )

    def sent_to(self, domain):
        """Return the messages sent to a party, as a list of ``SentMail``."""
        return [
            sent
            for sent in self.sink.messages
            if any(recipient.endswith(f"@{domain}") for recipient in sent.recipients)
        ]


class OdooParty:
    """A database with the addon that receives all messages of a domain.

    :param database: an ``OdooDatabase``
    """

    def __init__(self, database, domain, sink):
        self.database = database
        self.domain = domain
        with database.env() as env:
            set_up(env, domain)
            send_by(env, sink, from_filter=domain)
            env.company.email = f"office@{domain}"
            recommend(env)

    @contextmanager
    def env(self):
        """Yield an environment on its own host: Odoo recognises its own notices by the host."""
        with mock.patch("socket.gethostname", lambda: f"host.{self.domain}"):
            with self.database.env() as env:
                yield env

    def receive(self, raw, _recipient):
        with self.env() as env:
            env["mail.thread"].message_process(False, raw)

    def flush(self):
        """Send what is in the queue."""
        with self.env() as env:
            env["mail.mail"].process_email_queue()

    def log(self):
        """Return ``(sender, state, reason)`` of each message in the log, in order."""
        with self.env() as env:
            return [
                (row.email_normalized, row.state, row.reason_code)
                for row in env["mail.postmaster.message"].search([], order="id")
            ]


class Person:
    """A person who reads incoming messages."""

    def __init__(self):
        self.received = []

    def receive(self, raw, _recipient):
        self.received.append(message_from_bytes(raw, policy=policy.default))

    def flush(self):
        """Nothing is sent."""


class Robot:
    """A program that replies to every message, unmarked, with varying subjects.

    :param address: the address it replies from
    :param bool quotes_id: whether its replies refer to the message they reply to
    """

    def __init__(self, address, sink, quotes_id=False):
        self.address = address
        self.sink = sink
        self.quotes_id = quotes_id
        self.answers = 0

    def receive(self, raw, recipient):
        assert recipient == self.address
        mail = message_from_bytes(raw, policy=policy.default)
        _name, answer_to = parseaddr(str(mail["Reply-To"] or mail["From"]))
        self.answers += 1
        lines = [
            f"From: {self.address}",
            f"To: {answer_to}",
            f"Subject: Ticket {self.answers}",
            f"Message-Id: {make_msgid(domain='robot.example')}",
            f"Date: {formatdate()}",
        ]
        if self.quotes_id:
            lines.append(f"In-Reply-To: {mail['Message-Id']}")
        text = "\r\n".join([*lines, "", "We have got your mail.", ""])
        send(self.sink, self.address, answer_to, text.encode())

    def flush(self):
        """Nothing to do: it sends at once."""

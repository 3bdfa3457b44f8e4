"""What is common to the tests that fetch from :mod:`.lying_servers`."""

import imaplib
import poplib
from collections import Counter

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox import mailbox_class
from odoo.addons.mail_postmaster.gateway.mailbox.folder import ALL, Folder
from odoo.addons.mail_postmaster.gateway.mailbox.run import FetchRun
from odoo.addons.mail_postmaster.gateway.mailbox.unique_ids import Kept

from .lying_servers import LOOPBACK, ImapServer, PopServer

# No test waits for a server that does not answer at all.
SOCKET_SECONDS = 20


def message(number, size=0):
    """Return a small message, or one of at least a size, whose header is always the same."""
    head = b"From: a@customer.test\r\nSubject: All alike\r\n\r\nNumber %d\r\n" % number
    lines = max(0, size - len(head)) // 72 + 1 if size else 0
    return head + (b"x" * 70 + b"\r\n") * lines


class Store(FetchRun):
    """A run that stores messages in memory, for several sessions, as the database does."""

    def __init__(self, choice=ALL, leaves=False, is_by_number=True, most_bytes=None):
        self.folder = Folder()
        super().__init__([self.folder], is_by_number, most_bytes, leaves)
        self.choice = choice
        self.are_due = not leaves
        self.mails = []
        self.entries = {}
        self.problems = []
        self.is_caught_up = False

    @property
    def raws(self):
        """The bytes of the messages that were stored as a whole."""
        return [mail.raw for mail in self.mails if not mail.missing]

    def settle_start(self, folder, has_old_mail):
        folder.start(self.choice)

    def store(self, folder, mails):
        for mail in mails:
            if mail.unique_id is None:
                folder.pass_over(mail.number)
            else:
                self.entries[mail.unique_id, mail.digest] = not mail.missing
        self.mails += mails
        return mails

    def leave(self, folder, messages):
        self.entries |= dict.fromkeys(messages)

    def kept(self, folder, present):
        self.entries = {key: todo for key, todo in self.entries.items() if key[0] in present}
        return [
            Kept(*key, is_due=bool(is_stored) and self.are_due, is_old=is_stored is None)
            for key, is_stored in self.entries.items()
        ]

    def deleted(self, folder, messages):
        for key in messages:
            del self.entries[key]

    def report(self, folder, problem):
        if problem:
            self.problems.append(problem)

    def caught_up(self, folder):
        folder.catch_up()
        self.is_caught_up = True


class MailboxCase(BaseCase):
    """Fetches over a real socket from a server that may lie."""

    def serve(self, server):
        self.addCleanup(server.close)
        return server

    def imap(self, messages=(), lies=None, **options):
        return self.serve(ImapServer(messages, lies, **options))

    def pop(self, messages=(), lies=None, **options):
        return self.serve(PopServer(messages, lies, **options))

    def connect(self, server):
        if isinstance(server, PopServer):
            connection = poplib.POP3(LOOPBACK, server.port, timeout=SOCKET_SECONDS)
            connection.user("u")
            connection.pass_("p")
        else:
            connection = imaplib.IMAP4(LOOPBACK, server.port, timeout=SOCKET_SECONDS)
            connection.login("u", "p")
        return connection

    def fetch(self, server, run):
        """Fetch once as core does; return the error that ended it, or None."""
        error = mailbox = None
        try:
            connection = self.connect(server)
            mailbox = mailbox_class(connection)(connection, run)
            mailbox.check_unread_messages()
            for number, _raw in mailbox.retrieve_unread_messages():
                run.acknowledge()
                mailbox.handled_message(number)
        except Exception as problem:  # noqa: BLE001  core handles all of them
            error = problem
        if mailbox:
            try:
                mailbox.disconnect()
            except OSError as problem:
                error = error or problem
        return error

    def assert_stored_once(self, run, raws):
        self.assertEqual(Counter(run.raws), Counter(raws))

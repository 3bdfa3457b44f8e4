"""The four methods of core's fetcher, against connections that record what they are told."""

import imaplib
import io
import poplib

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox import FetchRun, open_mailbox


class RecordingImap(imaplib.IMAP4):
    """IMAP without a network: answers from a dict of UIDs, and keeps the commands."""

    def __init__(self, mails):
        self.mails = mails
        self.commands = []

    def select(self, *arguments):
        self.commands.append(("SELECT",))

    def uid(self, command, *arguments):
        self.commands.append((command, *arguments))
        if command == "SEARCH":
            return "OK", [b" ".join(self.mails)]
        if command == "FETCH" and self.mails.get(arguments[0]):
            return "OK", [(b"1 (UID 7 BODY[] {3}", self.mails[arguments[0]]), b")"]
        return "OK", [None]

    def logout(self):
        self.commands.append(("LOGOUT",))

    def idle_time(self):
        return "core's own"


class RecordingPop(poplib.POP3):
    def __init__(self, transmitted):
        self.file = io.BytesIO(transmitted)
        self.commands = []

    def stat(self):
        return 1, 10

    def _shortcmd(self, line):
        self.commands.append(line)

    def dele(self, number):
        self.commands.append(f"DELE {number}")


class TestImap(BaseCase):
    def setUp(self):
        super().setUp()
        self.run = FetchRun()
        self.connection = RecordingImap({b"7": b"raw", b"8": None, b"9": b"two"})
        self.mailbox = open_mailbox(self.connection, self.run)

    def test_fetches_without_marking_as_read(self):
        self.assertEqual(self.mailbox.check_unread_messages(), 3)
        self.assertEqual(
            list(self.mailbox.retrieve_unread_messages()), [(b"7", b"raw"), (b"9", b"two")]
        )
        self.assertIn(("FETCH", b"7", "(BODY.PEEK[])"), self.connection.commands)
        self.assertFalse([c for c in self.connection.commands if c[0] == "STORE"])

    def test_marks_only_what_is_stored(self):
        self.mailbox.check_unread_messages()
        for number, _raw in self.mailbox.retrieve_unread_messages():
            if number == b"9":
                self.run.acknowledge()
            self.mailbox.handled_message(number)
        stored = [command for command in self.connection.commands if command[0] == "STORE"]
        self.assertEqual(stored, [("STORE", b"9", "+FLAGS.SILENT", r"(\Seen)")])

    def test_numbers_of_another_mailbox_mean_nothing(self):
        self.mailbox.check_unread_messages()
        next(self.mailbox.retrieve_unread_messages())
        self.run.acknowledge()
        other = open_mailbox(RecordingImap({}), self.run)
        other.handled_message(b"7")
        self.assertEqual(other.commands, [])

    def test_everything_else_is_the_connections(self):
        self.assertEqual(self.mailbox.idle_time(), "core's own")
        self.mailbox.disconnect()
        self.assertEqual(self.connection.commands, [("LOGOUT",)])


class TestPop(BaseCase):
    def test_bytes_come_through_unchanged(self):
        sent = b"Subject: x\r\n\r\n.\r\n..two\r\n" + b"y" * 100_000 + b"\r\n"
        stuffed = b"Subject: x\r\n\r\n..\r\n...two\r\n" + b"y" * 100_000 + b"\r\n.\r\n"
        run = FetchRun()
        connection = RecordingPop(stuffed)
        mailbox = open_mailbox(connection, run)
        mailbox.check_unread_messages()
        self.assertEqual(list(mailbox.retrieve_unread_messages()), [(1, sent)])
        mailbox.handled_message(1)
        self.assertEqual(connection.commands, ["RETR 1"])
        run.acknowledge()
        mailbox.handled_message(1)
        self.assertEqual(connection.commands, ["RETR 1", "DELE 1"])

    def test_connection_that_ends_in_the_middle(self):
        mailbox = open_mailbox(RecordingPop(b"Subject: x\r\n"), FetchRun())
        mailbox.check_unread_messages()
        with self.assertRaises(poplib.error_proto):
            list(mailbox.retrieve_unread_messages())


class TestOther(BaseCase):
    def test_unknown_connection_is_left_alone(self):
        connection = object()
        self.assertIs(open_mailbox(connection, FetchRun()), connection)

"""Servers with odd answers: no message is lost, and none blocks the ones behind it."""

import imaplib
import poplib

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox.folder import ALL, NOW, Folder
from odoo.addons.mail_postmaster.gateway.mailbox.over_imap import FolderError
from odoo.addons.mail_postmaster.gateway.mailbox.run import TOO_LARGE, UNREADABLE

from .test_mailbox import Memory, RecordingImap, RecordingPop, mails, open_mailbox, read


class OddImap(RecordingImap):
    """Like :mod:`imaplib`: a failed attempt to open a folder leaves none open."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.is_open = False
        self.refused = None
        self.without_size = set()

    def select(self, name):
        answer = super().select(name)
        self.is_open = answer[0] == "OK"
        if name == '"Bad"':
            raise imaplib.IMAP4.error("SELECT command error: BAD [b'Invalid name']")
        if name == '"Read only"':
            self._codes["READ-ONLY"] = [b""]
            raise imaplib.IMAP4.readonly("Read only is not writable")
        return answer

    def uid(self, command, criteria):
        answer = super().uid(command, criteria)
        return answer if self.refused is None else ("NO", [self.refused])

    def _command(self, name, *arguments):
        if not self.is_open or "READ-ONLY" in self._codes:
            raise self.error(f"command {name} illegal in state AUTH")
        return super()._command(name, *arguments)

    def _fetch(self, tag, uids, what):
        super()._fetch(tag, uids, what)
        if "SIZE" in what:
            self._codes["FETCH"] = [
                line
                for line in self._codes["FETCH"]
                if int(line.split()[2]) not in self.without_size
            ]

    def logout(self):
        if self._codes.get("READ-ONLY"):
            raise self.readonly("mailbox status changed to READ-ONLY")
        super().logout()


class TestOddImap(BaseCase):
    def test_folder_that_fails_after_another_one(self):
        """A failed attempt to open a folder has closed the previous one."""
        for name in ("Missing", "Bad", "Read only"):
            with self.subTest(name):
                run = Memory(Folder("Sales"), Folder(name), choice=ALL)
                mailbox = open_mailbox(OddImap(mails(1)), run)
                self.assertEqual(len(read(mailbox)), 1)
                self.assertIn(name, [event[1] for event in run.events if event[0] == "problem"])

    def test_goodbye_after_a_folder_that_is_read_only(self):
        run = Memory(Folder("Sales"), Folder("Read only"), choice=ALL)
        mailbox = open_mailbox(OddImap({}), run)
        self.assertEqual(read(mailbox), [])
        mailbox.disconnect()
        self.assertIn("LOGOUT", mailbox._connection.verbs())

    def test_search_that_is_refused_is_no_answer(self):
        """Its text is not an answer, despite its numbers; the folder was not fully read."""
        connection, run = OddImap(mails(5)), Memory(Folder(uidvalidity=1), choice=ALL)
        connection.refused = b"[SERVERBUG] Internal error, refer to 2026-01-05"
        with self.assertRaisesRegex(FolderError, "Internal error"):
            read(open_mailbox(connection, run))
        self.assertEqual(run.stored, [])
        self.assertNotIn(("caught up", "INBOX"), run.events)

    def test_mail_without_a_size_is_not_passed_over(self):
        connection, run = OddImap(mails(1, 2, 3)), Memory(choice=ALL)
        connection.without_size = {2}
        handed_over = read(open_mailbox(connection, run))
        self.assertEqual([number for number, _raw in handed_over], [1, 2, 3])

    def test_mail_without_a_size_is_fetched_alone(self):
        connection, run = OddImap(mails(1, 2, 3)), Memory(choice=ALL)
        connection.without_size = {1, 2, 3}
        read(open_mailbox(connection, run))
        self.assertEqual(
            [numbers for event, numbers in run.events if event == "store"],
            [[1], [2], [3]],
        )

    def test_uidvalidity_that_is_none(self):
        """0 is not a UIDVALIDITY (RFC 3501 section 9), and here means never read."""
        folder = Folder()
        read(open_mailbox(OddImap(mails(1), uidvalidity=0), Memory(folder, choice=NOW)))
        self.assertEqual(folder.uidvalidity, 1)

    def test_folder_that_is_renumbered_before_its_mails_are_fetched(self):
        run = Memory(Folder("One"), Folder("Two"), choice=ALL)
        mailbox = open_mailbox(OddImap(mails(1)), run)
        mailbox.check_unread_messages()
        mailbox._connection.uidvalidity = 2
        with self.assertRaises(FolderError):
            list(mailbox.retrieve_unread_messages())
        self.assertEqual(run.stored, [])


class OddPop(RecordingPop):
    """A server that refuses commands, by their text."""

    refused = ()

    def _putcmd(self, line):
        super()._putcmd(line)
        self.asked = [*getattr(self, "asked", ()), line]

    def _getresp(self):
        if self.asked.pop(0) in self.refused:
            raise poplib.error_proto(b"-ERR cannot read this message")


class TestOddPop(BaseCase):
    def read(self, *refused, contents=(b"x\r\n.\r\n", b"y\r\n.\r\n"), **options):
        connection, run = OddPop(["a", "b", "c"], contents), Memory(choice=ALL, **options)
        connection.refused = refused
        handed_over = read(open_mailbox(connection, run))
        self.deleted = [line for line in connection.commands if line.startswith("DELE")]
        self.stored = [(mail.unique_id, mail.raw, mail.missing) for mail in run.stored]
        return handed_over

    def test_mail_the_server_can_not_read_does_not_stop_the_others(self):
        self.assertEqual(
            self.read("RETR 2", "TOP 2 0"),
            [(1, b"x\r\n"), (3, b"y\r\n")],
        )
        self.assertEqual(self.stored[1], ("b", b"", UNREADABLE))
        self.assertEqual(self.deleted, ["DELE 1", "DELE 3"])

    def test_its_header_is_stored_where_it_can_be_had(self):
        contents = (b"x\r\n.\r\n", b"y\r\n.\r\n", b"Subject: b\r\n\r\n.\r\n")
        self.read("RETR 2", contents=contents)
        self.assertEqual(self.stored[1], ("b", b"Subject: b\r\n\r\n", UNREADABLE))

    def test_large_mail_where_there_is_no_top(self):
        self.read("TOP 1 0", "TOP 2 0", "TOP 3 0", most_bytes=1)
        self.assertEqual(self.stored, [(name, b"", TOO_LARGE) for name in "abc"])
        self.assertEqual(self.deleted, [])


class TestImport(BaseCase):
    def test_ends_when_everything_was_fetched(self):
        """The newest existing message may be gone, or older than the chosen date."""
        folder = Folder(uidvalidity=1, next_uid=3, contact_uid=50)
        folder.catch_up()
        self.assertFalse(folder.is_importing)
        self.assertEqual(folder.next_uid, 50)
        folder.pass_over(60)
        folder.catch_up()
        self.assertEqual(folder.next_uid, 61)

    def test_has_not_begun_before_somebody_has_chosen(self):
        folder = Folder(uidvalidity=1, contact_uid=50, is_asking=True)
        folder.catch_up()
        self.assertEqual(folder.next_uid, 1)

"""POP3 servers that give one unique id to several messages: none is lost, none is doubled."""

from odoo.addons.mail_postmaster.gateway.mailbox.folder import NOW
from odoo.addons.mail_postmaster.gateway.mailbox.run import TOO_LARGE

from .lying_servers import HANG_UP
from .mailbox_case import MailboxCase, Store, message


def alike(*numbers, size=0):
    """Return messages that share a unique id."""
    return [("same", message(number, size)) for number in numbers]


def raws(messages):
    return [raw for _unique_id, raw in messages]


class TestSharedUniqueIds(MailboxCase):
    def test_many_messages_with_one_id_are_all_stored(self):
        messages = alike(*range(250))
        server, run = self.pop(messages), Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, raws(messages))
        self.assertEqual(server.messages, [])
        self.assertEqual(run.entries, {})

    def test_messages_of_several_batches_are_all_stored(self):
        messages = alike(1, 2, size=5_000_000)
        server, run = self.pop(messages), Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, raws(messages))
        self.assertEqual(server.messages, [])

    def test_only_what_was_stored_is_deleted(self):
        """The session ends after the first batch; the rest is fetched by the next one."""

        class OneBatch(Store):
            def is_over(self):
                return bool(self.mails)

        messages = alike(*range(150))
        server, run = self.pop(messages), OneBatch()
        self.fetch(server, run)
        self.assertEqual(len(run.mails), 100)
        self.assertEqual(server.messages, messages[100:])
        second = Store()
        second.folder, second.folders, second.entries = run.folder, run.folders, run.entries
        self.fetch(server, second)
        self.assert_stored_once(second, raws(messages[100:]))
        self.assertEqual(server.messages, [])

    def test_messages_that_are_left_are_told_apart(self):
        messages = alike(1, 2)
        server, run = self.pop(messages), Store(leaves=True)
        self.fetch(server, run)
        self.assert_stored_once(run, raws(messages))
        del server.commands[:]
        self.fetch(server, run)
        self.assertNotIn("RETR", server.verbs())
        # Another one under the same id, and a copy of the first.
        server.messages += alike(3, 1)
        self.fetch(server, run)
        self.assert_stored_once(run, raws(server.messages))
        del server.commands[:]
        self.fetch(server, run)
        self.assertNotIn("RETR", server.verbs())
        self.assertEqual(len(server.messages), 4)
        run.are_due = True
        self.fetch(server, run)
        self.assertEqual((server.messages, run.entries), ([], {}))
        self.assertEqual(len(run.mails), 4)

    def test_message_that_replaced_another_one_is_not_deleted_unread(self):
        """The user has deleted the first; the second has its id, and was never read."""
        server, run = self.pop(alike(1)), Store(leaves=True)
        self.fetch(server, run)
        server.messages = alike(2)
        run.are_due = True
        self.fetch(server, run)
        self.assertEqual(run.raws, [message(1), message(2)])
        self.fetch(server, run)
        self.assertEqual(server.messages, [])

    def test_id_of_a_deleted_message_is_given_to_a_new_one(self):
        server, run = self.pop(alike(1)), Store()
        self.fetch(server, run)
        server.messages = alike(2)
        self.fetch(server, run)
        self.assertEqual(run.raws, [message(1), message(2)])
        self.assertEqual(server.messages, [])

    def test_deletions_that_a_lost_connection_undid_are_repeated(self):
        messages = alike(1, 2)
        server, run = self.pop(messages, {"QUIT": lambda _honest: HANG_UP}), Store()
        self.assertIsInstance(self.fetch(server, run), OSError)
        # The server had not deleted anything.
        server.messages = [*messages, *alike(3)]
        server.lies.clear()
        self.fetch(server, run)
        self.fetch(server, run)
        self.assert_stored_once(run, raws(alike(1, 2, 3)))
        self.assertEqual((server.messages, run.entries), ([], {}))

    def test_message_whose_deletion_is_refused_is_still_there(self):
        messages = alike(1, 2) + [("other", message(3))]
        server, run = self.pop(messages, {"DELE": lambda _honest: b"-ERR read only\r\n"}), Store()
        for _time in range(2):
            self.assertIsNone(self.fetch(server, run))
            self.assert_stored_once(run, raws(messages))
            self.assertIn("refuses to delete", run.problems[-1])
        self.assertEqual(len(run.entries), 3)
        # The second time, no more than one message was read again.
        self.assertEqual(server.verbs().count("RETR"), 4)
        server.lies.clear()
        self.fetch(server, run)
        self.assertEqual((server.messages, run.entries), ([], {}))

    def test_what_was_there_before_is_neither_fetched_nor_deleted(self):
        old = alike(1, 2)
        server, run = self.pop(old), Store(choice=NOW)
        self.fetch(server, run)
        self.fetch(server, run)
        self.assertEqual((run.mails, server.messages), ([], old))
        # Which of three is the new one cannot be told: all are fetched, and none is deleted.
        server.messages += alike(3)
        self.fetch(server, run)
        self.fetch(server, run)
        self.assert_stored_once(run, raws(alike(1, 2, 3)))
        self.assertEqual(len(server.messages), 3)

    def test_large_message_does_not_hide_a_small_one(self):
        large = ("same", message(1, size=5_000))
        for is_by_number in (True, False):
            with self.subTest(is_by_number=is_by_number):
                server = self.pop([large])
                run = Store(most_bytes=1_000, is_by_number=is_by_number)
                self.fetch(server, run)
                server.messages += alike(2)
                self.fetch(server, run)
                self.assertEqual(run.raws, [message(2)])
                self.assertEqual([mail.missing for mail in run.mails][0], TOO_LARGE)
                self.assertEqual(server.messages, [large])


class TestFetchOne(MailboxCase):
    def fetch_one(self, server, digest):
        from odoo.addons.mail_postmaster.gateway.mailbox import mailbox_class

        connection = self.connect(server)
        mailbox = mailbox_class(connection)(connection, Store())
        try:
            return mailbox.fetch_one(None, 1, "same", digest)
        finally:
            mailbox.disconnect()

    def test_message_is_found_by_its_header(self):
        first = b"Subject: First\r\n\r\n" + b"x" * 5_000 + b"\r\n"
        second = b"Subject: Second\r\n\r\n" + b"y" * 5_000 + b"\r\n"
        server = self.pop([("same", first), ("same", second)])
        run = Store(most_bytes=1_000)
        self.fetch(server, run)
        self.assertEqual(
            [self.fetch_one(server, mail.digest) for mail in run.mails],
            [first, second],
        )
        server.messages.pop()
        self.assertIsNone(self.fetch_one(server, run.mails[1].digest))

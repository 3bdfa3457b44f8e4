"""The four methods of core's fetcher, with connections that record commands."""

import imaplib
import io
import poplib
from dataclasses import replace

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox import mailbox_class
from odoo.addons.mail_postmaster.gateway.mailbox.folder import ALL, NOW, Folder
from odoo.addons.mail_postmaster.gateway.mailbox.run import NO_ROOM, TOO_LARGE, UNREADABLE, FetchRun
from odoo.addons.mail_postmaster.gateway.mailbox.unique_ids import Kept, digest_of


class RecordingImap(imaplib.IMAP4):
    """IMAP without a network: answers from a dict of UIDs, and records the commands."""

    def __init__(self, mails, uidvalidity=1, unseen=None):
        self.mails = mails
        self.uidvalidity = uidvalidity
        self.unseen = mails if unseen is None else unseen
        self.commands = []
        self.capabilities = (b"IMAP4REV1",)
        # UIDs whose content the server cannot read.
        self.broken = set()
        self._answers = {}

    def select(self, name):
        self.commands.append(("SELECT", name))
        if name == '"Missing"':
            return "NO", [b"Mailbox does not exist"]
        self._codes = {
            "UIDVALIDITY": [b"%d" % self.uidvalidity],
            "UIDNEXT": [b"%d" % (max(self.mails, default=0) + 1)],
        }
        return "OK", [b"%d" % len(self.mails)]

    def response(self, code):
        return code, self._codes.pop(code, [None])

    def uid(self, command, criteria):
        assert command == "SEARCH"
        self.commands.append((command, criteria))
        found = {"UNSEEN": self.unseen, "SEEN": set(self.mails) - set(self.unseen)}
        uids = found.get(criteria, self.mails)
        return "OK", [b" ".join(b"%d" % uid for uid in sorted(uids))]

    def _command(self, _uid, verb, *arguments):
        self.commands.append((verb, *arguments))
        tag = str(len(self.commands))
        self._answers[tag] = "OK", [b"done"]
        if verb == "FETCH":
            self._fetch(tag, *arguments)
        return tag

    def _fetch(self, tag, uids, what):
        wanted = [
            uid
            for part in uids.split(",")
            for uid in range(int(part.split(":")[0]), int(part.split(":")[-1]) + 1)
            if uid in self.mails
        ]
        data = self._codes.setdefault("FETCH", [])
        for uid in wanted:
            if "SIZE" in what:
                data.append(b"1 (UID %d RFC822.SIZE %d)" % (uid, len(self.mails[uid])))
            elif uid in self.broken:
                self._answers[tag] = "NO", [b"[SERVERBUG]"]
            else:
                raw = self.mails[uid]
                if "HEADER" in what:
                    raw = raw.partition(b"\r\n\r\n")[0]
                data += [(b"1 (UID %d BODY[] {%d}" % (uid, len(raw)), raw), b")"]

    def _command_complete(self, _uid, tag):
        return self._answers[tag]

    def capability(self):
        return "OK", [b" ".join(self.capabilities)]

    def create(self, name):
        self.commands.append(("CREATE", name))

    def expunge(self):
        self.commands.append(("EXPUNGE",))

    def logout(self):
        self.commands.append(("LOGOUT",))

    def idle_time(self):
        return "core's own"

    def verbs(self):
        return [command[0] for command in self.commands]


class RecordingPop(poplib.POP3):
    """POP3 without a network: ``sent`` is what the server sends, line by line."""

    def __init__(self, unique_ids, contents=(), can_pipeline=True):
        self.unique_ids = unique_ids
        self.file = io.BytesIO(b"".join(contents))
        self.can_pipeline = can_pipeline
        self.commands = []

    def stat(self):
        return len(self.unique_ids), 10

    def uidl(self):
        lines = [f"{number} {name}".encode() for number, name in enumerate(self.unique_ids, 1)]
        return b"+OK", lines, 0

    def list(self):
        return b"+OK", [b"%d 10" % number for number, _id in enumerate(self.unique_ids, 1)], 0

    def capa(self):
        return {"PIPELINING": []} if self.can_pipeline else {}

    def _putcmd(self, line):
        self.commands.append(line)

    def _getresp(self):
        self.commands.append("answer")

    def quit(self):
        self.commands.append("QUIT")


class Memory(FetchRun):
    """A run that stores batches, in memory."""

    def __init__(self, *folders, choice=None, time=1_000, **options):
        super().__init__(folders or [Folder()], is_by_number=True, **options)
        self.choice = choice
        # How often there is time left.
        self.time = time
        self.stored = []
        self.events = []
        self.is_closed = False
        self.to_move = {}
        self.left_unmarked = []

    def is_over(self):
        self.time -= 1
        return self.time < 0

    def settle_start(self, folder, has_old_mail):
        if self.choice or not has_old_mail():
            folder.start(self.choice or ALL)

    def store(self, folder, mails):
        self.events.append(("store", [mail.number for mail in mails]))
        self.stored += mails
        for mail in mails:
            if isinstance(mail.number, int):
                folder.pass_over(mail.number)
        return mails

    def marked(self, folder, numbers):
        self.events.append(("marked", numbers))

    def unmarked(self, folder):
        return self.left_unmarked

    def moves(self, folder):
        return self.to_move

    def moved(self, folder, numbers):
        self.to_move = {}
        self.events.append(("moved", numbers))

    def report(self, folder, problem):
        if problem:
            self.events.append(("problem", folder.name, problem))

    def caught_up(self, folder):
        self.events.append(("caught up", folder.name))

    def close(self):
        self.is_closed = True


def mails(*uids):
    return {uid: b"Subject: %d\r\n\r\nbody" % uid for uid in uids}


def open_mailbox(connection, run):
    return mailbox_class(connection)(connection, run)


def read(mailbox):
    mailbox.check_unread_messages()
    return list(mailbox.retrieve_unread_messages())


class TestImapByNumber(BaseCase):
    def open(self, connection, run):
        self.connection, self.run = connection, run
        return open_mailbox(connection, run)

    def test_many_mails_take_few_commands(self):
        mailbox = self.open(RecordingImap(mails(*range(1, 201))), Memory(choice=ALL))
        self.assertEqual(mailbox.check_unread_messages(), 200)
        read_mails = list(mailbox.retrieve_unread_messages())
        self.assertEqual([number for number, _raw in read_mails], list(range(1, 201)))
        self.assertEqual(read_mails[6][1], b"Subject: 7\r\n\r\nbody")
        mailbox.disconnect()
        self.assertEqual(
            self.connection.verbs(),
            [
                "SELECT",
                # At the first contact, also for the last UID.
                "SEARCH",
                "SEARCH",
                "FETCH",
                "FETCH",
                "STORE",
                "FETCH",
                "STORE",
                "LOGOUT",
            ],
        )
        self.assertTrue(self.run.is_closed)

    def test_nothing_is_marked_before_it_is_stored(self):
        mailbox = self.open(RecordingImap(mails(7, 9)), Memory(choice=ALL))
        mailbox.check_unread_messages()
        handed_over = mailbox.retrieve_unread_messages()
        self.assertNotIn("STORE", self.connection.verbs())
        next(handed_over)
        self.assertEqual(self.run.events, [("store", [7, 9])])
        self.assertEqual(
            self.connection.commands[-1],
            ("STORE", "7,9", "+FLAGS.SILENT", r"(\Seen)"),
        )
        mailbox.handled_message(7)
        self.assertEqual(self.connection.verbs().count("STORE"), 1)
        list(handed_over)
        self.assertIn(("marked", [7, 9]), self.run.events)

    def test_what_there_is_no_room_for_is_not_marked(self):
        class Full(Memory):
            def store(self, folder, mails):
                stored = super().store(folder, mails)
                return [
                    replace(mail, missing=NO_ROOM) if mail.number == 8 else mail for mail in stored
                ]

        mailbox = self.open(RecordingImap(mails(7, 8, 9)), Full(choice=ALL))
        self.assertEqual([number for number, _raw in read(mailbox)], [7, 9])
        self.assertIn(("marked", [7, 9]), self.run.events)

    def test_store_that_fails_marks_nothing(self):
        class Failing(Memory):
            def store(self, folder, mails):
                raise OSError("the database is away")

        mailbox = self.open(RecordingImap(mails(7)), Failing(choice=ALL))
        mailbox.check_unread_messages()
        with self.assertRaises(OSError):
            list(mailbox.retrieve_unread_messages())
        self.assertNotIn("STORE", self.connection.verbs())

    def test_read_in_webmail_is_new_all_the_same(self):
        folder = Folder(uidvalidity=1, next_uid=8, contact_uid=1)
        mailbox = self.open(RecordingImap(mails(7, 8, 9), unseen=[]), Memory(folder))
        self.assertEqual([number for number, _raw in read(mailbox)], [8, 9])
        self.assertEqual((folder.next_uid, folder.is_asking), (10, False))

    def test_last_mail_is_not_new_for_ever(self):
        """``n:*`` includes the last message even if its UID is lower."""
        mailbox = self.open(RecordingImap(mails(7)), Memory(Folder(uidvalidity=1, next_uid=8)))
        self.assertEqual(read(mailbox), [])
        self.assertIn(("caught up", "INBOX"), self.run.events)

    def test_first_contact_with_read_mail_asks(self):
        folder = Folder()
        connection = RecordingImap(mails(1, 2, 3), unseen=[3])
        self.assertEqual(read(self.open(connection, Memory(folder))), [])
        self.assertTrue(folder.is_asking)
        self.assertEqual(folder.contact_uid, 4)
        connection.mails[4] = b"Subject: new\r\n\r\n"
        # The search ran before the new message arrived, which is fetched whatever the answer.
        mailbox = self.open(connection, Memory(folder, choice=NOW))
        self.assertEqual([number for number, _raw in read(mailbox)], [4])
        self.assertFalse(folder.is_asking)

    def test_first_contact_with_few_unread_mails_takes_them(self):
        self.assertEqual(len(read(self.open(RecordingImap(mails(1, 2)), Memory()))), 2)

    def test_first_contact_with_many_mails_asks(self):
        folder = Folder()
        self.assertEqual(read(self.open(RecordingImap(mails(*range(1, 102))), Memory(folder))), [])
        self.assertTrue(folder.is_asking)

    def test_large_mail_is_fetched_alone(self):
        content = mails(1, 2, 3)
        content[2] += b"x" * 9_000_000
        self.assertEqual(len(read(self.open(RecordingImap(content), Memory(choice=ALL)))), 3)
        self.assertEqual(
            [command[1:] for command in self.connection.commands if "BODY" in str(command)],
            [("1", "(UID BODY.PEEK[])"), ("2", "(UID BODY.PEEK[])"), ("3", "(UID BODY.PEEK[])")],
        )

    def test_mail_above_the_limit_is_stored_by_its_header(self):
        content = mails(1, 2, 3)
        content[2] += b"x" * 1000
        run = Memory(choice=ALL, most_bytes=500)
        handed_over = read(self.open(RecordingImap(content), run))
        self.assertEqual([number for number, _raw in handed_over], [1, 3])
        self.assertEqual(
            [(mail.number, mail.missing, mail.raw, mail.size > 1000) for mail in run.stored][1],
            (2, TOO_LARGE, b"Subject: 2", True),
        )
        self.assertIn(("STORE", "1,3", "+FLAGS.SILENT", r"(\Seen)"), self.connection.commands)

    def test_mail_the_server_can_not_read_does_not_stop_the_others(self):
        connection, run = RecordingImap(mails(1, 2, 3)), Memory(choice=ALL)
        connection.broken = {2}
        self.assertEqual([number for number, _raw in read(self.open(connection, run))], [1, 3])
        self.assertEqual(
            [(mail.number, mail.missing, mail.raw) for mail in run.stored][1],
            (2, UNREADABLE, b""),
        )

    def test_no_time_is_left(self):
        """Stored messages are no longer returned, and no other batch is fetched."""
        run = Memory(choice=ALL, time=5)
        self.assertEqual(len(read(self.open(RecordingImap(mails(*range(1, 151))), run))), 3)
        self.assertEqual(len(run.stored), 100)
        self.assertNotIn(("caught up", "INBOX"), run.events)

    def test_folder_that_is_not_there_does_not_stop_the_others(self):
        run = Memory(Folder("Missing"), Folder("Sales"), choice=ALL)
        self.assertEqual(len(read(self.open(RecordingImap(mails(1)), run))), 1)
        self.assertIn(("problem", "Missing", "Mailbox does not exist"), run.events)
        run = Memory(Folder("Missing"))
        with self.assertRaisesRegex(imaplib.IMAP4.error, "does not exist"):
            read(self.open(RecordingImap({}), run))

    def test_each_folder_is_opened_before_its_mails_are_fetched(self):
        run = Memory(Folder("One"), Folder("Two"), choice=ALL)
        self.assertEqual(len(read(self.open(RecordingImap(mails(1)), run))), 2)
        opened = None
        for command in self.connection.commands:
            opened = command[1] if command[0] == "SELECT" else opened
            if "BODY" in str(command):
                self.assertIn(opened, ('"One"', '"Two"'))
        selected = [command[1] for command in self.connection.commands if command[0] == "SELECT"]
        self.assertEqual(selected, ['"One"', '"Two"', '"One"', '"Two"'])

    def test_what_a_crash_left_is_marked(self):
        run = Memory(Folder(uidvalidity=1, next_uid=9))
        run.left_unmarked = [7, 8]
        read(self.open(RecordingImap({}), run))
        self.assertIn(("STORE", "7:8", "+FLAGS.SILENT", r"(\Seen)"), self.connection.commands)
        self.assertIn(("marked", [7, 8]), run.events)

    def moved(self, *capabilities, deleted=()):
        run = Memory(Folder(uidvalidity=1, next_uid=9))
        run.to_move = {"Dön & e": [7, 8]}
        connection = RecordingImap(dict.fromkeys(deleted, b""))
        connection.capabilities = capabilities
        read(self.open(connection, run))
        self.assertIn(("moved", [7, 8]), run.events)
        return connection.commands[1:-1]

    def test_move(self):
        self.assertEqual(self.moved(b"MOVE"), [("MOVE", "7:8", '"D&APY-n &- e"')])

    def test_move_without_the_extension(self):
        copy = [
            ("COPY", "7:8", '"D&APY-n &- e"'),
            ("STORE", "7:8", "+FLAGS.SILENT", r"(\Deleted)"),
        ]
        self.assertEqual(self.moved(b"UIDPLUS"), [*copy, ("EXPUNGE", "7:8")])
        self.assertEqual(self.moved(deleted=[7, 8]), [*copy, ("SEARCH", "DELETED"), ("EXPUNGE",)])
        # Messages that another client has marked as deleted are not expunged.
        self.assertEqual(self.moved(deleted=[6, 7, 8]), [*copy, ("SEARCH", "DELETED")])

    def test_everything_else_is_the_connections(self):
        mailbox = self.open(RecordingImap({}), Memory())
        self.assertEqual(mailbox.idle_time(), "core's own")


class TestImapUnread(BaseCase):
    def setUp(self):
        super().setUp()
        self.run = FetchRun([Folder()])
        self.connection = RecordingImap(mails(7, 8, 9), unseen=[7, 9])
        self.mailbox = open_mailbox(self.connection, self.run)

    def test_fetches_without_marking_as_read(self):
        self.assertEqual([number for number, _raw in read(self.mailbox)], [7, 9])
        self.assertNotIn("STORE", self.connection.verbs())

    def test_what_is_left_there_is_not_fetched_each_time(self):
        self.run.left_there = lambda folder: {"7"}
        self.assertEqual([number for number, _raw in read(self.mailbox)], [9])

    def test_marks_only_what_is_stored(self):
        self.mailbox.check_unread_messages()
        for number, _raw in self.mailbox.retrieve_unread_messages():
            if number == 9:
                self.run.acknowledge()
            self.mailbox.handled_message(number)
        marked = [command for command in self.connection.commands if command[0] == "STORE"]
        self.assertEqual(marked, [("STORE", "9", "+FLAGS.SILENT", r"(\Seen)")])


class TestPop(BaseCase):
    SENT = b"Subject: x\r\n\r\n.\r\n..two\r\n" + b"y" * 100_000 + b"\r\n"
    STUFFED = b"Subject: x\r\n\r\n..\r\n...two\r\n" + b"y" * 100_000 + b"\r\n.\r\n"

    def test_bytes_come_through_unchanged(self):
        run = FetchRun([Folder()])
        connection = RecordingPop(["a"], [self.STUFFED])
        mailbox = open_mailbox(connection, run)
        self.assertEqual(read(mailbox), [(1, self.SENT)])
        mailbox.handled_message(1)
        self.assertNotIn("DELE 1", connection.commands)
        run.acknowledge()
        mailbox.handled_message(1)
        self.assertIn("DELE 1", connection.commands)

    def test_server_without_unique_ids(self):
        class Without(RecordingPop):
            def uidl(self):
                raise poplib.error_proto("-ERR unknown")

        run = FetchRun([Folder()])
        mailbox = open_mailbox(Without(["a"], [self.STUFFED]), run)
        self.assertEqual(read(mailbox), [(1, self.SENT)])
        # Without them it is unknown which message is new.
        with self.assertRaises(poplib.error_proto):
            read(open_mailbox(Without(["a"]), Memory(choice=ALL)))

    def test_what_is_left_there_is_not_fetched_each_time(self):
        class Leaving(FetchRun):
            def kept(self, folder, present):
                return [Kept("a", "digest of its header")]

        mailbox = open_mailbox(RecordingPop(["a"]), Leaving([Folder()]))
        self.assertEqual(mailbox.check_unread_messages(), 0)

    def test_commands_go_together_where_the_server_takes_that(self):
        for can_pipeline, expected in (
            (True, ["RETR 1", "RETR 2", "answer", "answer"]),
            (False, ["RETR 1", "answer", "RETR 2", "answer"]),
        ):
            connection = RecordingPop(["a", "b"], [self.STUFFED] * 2, can_pipeline)
            self.assertEqual(len(read(open_mailbox(connection, Memory(choice=ALL)))), 2)
            self.assertEqual(connection.commands[:4], expected)

    def test_stored_mail_is_deleted(self):
        connection = RecordingPop(["a", "b"], [self.STUFFED] * 2)
        read(open_mailbox(connection, Memory(choice=ALL)))
        self.assertLessEqual({"DELE 1", "DELE 2"}, set(connection.commands))

    def test_mail_is_left_and_known_by_its_unique_id(self):
        class Leaving(Memory):
            def kept(self, folder, present):
                return [Kept("a", "digest of a"), Kept("c", digest_of(TestPop.SENT), is_due=True)]

        run = Leaving(Folder(uidvalidity=1), leaves=True)
        connection = RecordingPop(["c", "a", "b"], [self.STUFFED] * 2)
        mailbox = open_mailbox(connection, run)
        self.assertEqual(mailbox.check_unread_messages(), 1)
        self.assertEqual([number for number, _raw in mailbox.retrieve_unread_messages()], [3])
        self.assertEqual([line for line in connection.commands if "DELE" in line], ["DELE 1"])

    def test_mailbox_that_shows_nothing_for_once_is_not_forgotten(self):
        asked = []

        class Leaving(Memory):
            def kept(self, folder, present):
                asked.append(present)
                return []

        for names in ([], ["a"]):
            run = Leaving(Folder(uidvalidity=1), leaves=True)
            open_mailbox(RecordingPop(names), run).check_unread_messages()
        self.assertEqual(asked, [{"a"}])

    def test_first_contact_with_many_mails_asks(self):
        names = [str(number) for number in range(101)]
        folder = Folder()
        self.assertEqual(read(open_mailbox(RecordingPop(names), Memory(folder))), [])
        self.assertTrue(folder.is_asking)
        left = []

        class Remembering(Memory):
            def leave(self, folder, messages):
                left.extend(messages)

            def kept(self, folder, present):
                return [Kept(*message, is_old=True) for message in left]

        run = Remembering(folder, choice=NOW)
        self.assertEqual(read(open_mailbox(RecordingPop([*names]), run)), [])
        self.assertEqual([unique_id for unique_id, _digest in left], names)

    def test_connection_that_ends_in_the_middle(self):
        mailbox = open_mailbox(RecordingPop(["a"], [b"Subject: x\r\n"]), FetchRun([Folder()]))
        mailbox.check_unread_messages()
        with self.assertRaises(poplib.error_proto):
            list(mailbox.retrieve_unread_messages())


class TestGoodbye(BaseCase):
    def test_problems_are_those_that_core_expects(self):
        class RudeImap(RecordingImap):
            def logout(self):
                raise imaplib.IMAP4.error("BAD")

        class RudePop(RecordingPop):
            def quit(self):
                raise poplib.error_proto("-ERR")

        for connection in (RudeImap({}), RudePop([])):
            run = Memory()
            with self.assertRaises(OSError):
                open_mailbox(connection, run).disconnect()
            self.assertTrue(run.is_closed)


class TestOther(BaseCase):
    def test_unknown_connection_is_left_alone(self):
        self.assertIsNone(mailbox_class(object()))

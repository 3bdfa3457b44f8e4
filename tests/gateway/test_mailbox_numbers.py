"""Numbers and ids of servers outside any range: no message is lost, no mailbox is blocked."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox import numbers
from odoo.addons.mail_postmaster.gateway.mailbox.folder import NOW
from odoo.addons.mail_postmaster.gateway.mailbox.run import TOO_LARGE

from .lying_servers import sizes_said
from .mailbox_case import MailboxCase, Store, message

HUGE = b"9" * 5_000
# Numbers that are too large for a column, for a 64-bit number and for Python's int().
TOO_LARGE_NUMBERS = (b"2147483648", b"9" * 30, HUGE)
LARGEST_BIGINT = 2**63 - 1
MESSAGES = {1: message(1), 2: message(2), 3: message(3)}
POP_MESSAGES = [(f"id{number}", raw) for number, raw in MESSAGES.items()]


def replaced(old, new):
    return lambda honest: honest.replace(old, new)


class TestNumbers(BaseCase):
    def test_clamped(self):
        for digits, expected in (
            (b"0", 0),
            (b"7", 7),
            (b"0" * 5_000 + b"7", 7),
            (b"2147483648", numbers.LARGEST_SIZE),
            (HUGE, numbers.LARGEST_SIZE),
        ):
            self.assertEqual(numbers.clamped(digits, numbers.LARGEST_SIZE), expected)

    def test_uid(self):
        for digits, expected in (
            (b"0", None),
            (b"1", 1),
            (b"4294967295", 2**32 - 1),
            (b"4294967296", None),
            (HUGE, None),
        ):
            self.assertEqual(numbers.read_uid(digits), expected)

    def test_uidvalidity_beyond_64_bits_is_still_told_from_others(self):
        self.assertEqual(numbers.read_uidvalidity(b"4294967295"), 4294967295)
        read = {numbers.read_uidvalidity(HUGE + last) for last in (b"1", b"2", b"3")}
        self.assertEqual(len(read), 3)
        self.assertTrue(all(0 < number <= LARGEST_BIGINT for number in read))

    def test_unique_id(self):
        self.assertEqual(numbers.read_unique_id(b"a\xe9b"), "a\xe9b")
        self.assertNotIn("\0", numbers.read_unique_id(b"a\0b"))
        long = {numbers.read_unique_id(HUGE + last) for last in (b"1", b"2")}
        self.assertEqual(len(long), 2)
        self.assertTrue(all(len(name) <= numbers.LONGEST_UNIQUE_ID for name in long))

    def test_listing(self):
        lines = [b"1 a", b"", b"2", b"x y", b"0 c", b"-3 d", HUGE + b" e", b"4  f g ", b"5\tg"]
        self.assertEqual(numbers.read_listing(lines), ({1: b"a", 4: b"f g", 5: b"g"}, 6))


class TestImap(MailboxCase):
    def assert_all_fetched(self, lies, problem=None):
        server, run = self.imap(MESSAGES, lies), Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, MESSAGES.values())
        if problem:
            self.assertIn(problem, " ".join(run.problems))
        # Later ones too.
        server.messages[4] = message(4)
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, server.messages.values())
        return run

    def test_uids_outside_their_range_are_passed_over(self):
        for uid in (b"0", b"4294967296", *TOO_LARGE_NUMBERS[1:]):
            with self.subTest(uid=uid[:12]):
                lie = replaced(b"* SEARCH", b"* SEARCH %s" % uid)
                self.assert_all_fetched({"SEARCH": lie}, "1 invalid UIDs")

    def test_uid_that_does_not_exist_does_not_hide_later_messages(self):
        self.assert_all_fetched({"SEARCH": replaced(b"* SEARCH", b"* SEARCH 4294967295")})

    def test_uidvalidity_of_any_size(self):
        for uidvalidity in (b"9223372036854775808", HUGE):
            with self.subTest(uidvalidity=uidvalidity[:12]):
                lie = replaced(b"UIDVALIDITY 1", b"UIDVALIDITY %s" % uidvalidity)
                run = self.assert_all_fetched({"SELECT": lie})
                self.assertLessEqual(run.folder.uidvalidity, LARGEST_BIGINT)

    def test_next_uid_that_is_too_high_does_not_hide_later_messages(self):
        for next_uid in (b"4294967295", *TOO_LARGE_NUMBERS):
            with self.subTest(next_uid=next_uid[:12]):
                lie = replaced(b"UIDNEXT 4", b"UIDNEXT %s" % next_uid)
                self.assert_all_fetched({"SELECT": lie})
                server, run = self.imap(MESSAGES, {"SELECT": lie}), Store(choice=NOW)
                self.fetch(server, run)
                server.messages[4] = message(4)
                self.fetch(server, run)
                self.assertEqual(run.raws, [message(4)])

    def test_count_of_any_size(self):
        for count in TOO_LARGE_NUMBERS:
            self.assert_all_fetched({"SELECT": replaced(b"* 3 EXISTS", b"* %s EXISTS" % count)})

    def test_sizes_of_any_size(self):
        for size in TOO_LARGE_NUMBERS:
            with self.subTest(size=size[:12]):
                self.assert_all_fetched(
                    {"SIZE": lambda honest, said=size: sizes_said(honest, said)}
                )
                run = Store(most_bytes=1_000)
                server = self.imap(
                    MESSAGES, {"SIZE": lambda honest, said=size: sizes_said(honest, said)}
                )
                self.assertIsNone(self.fetch(server, run))
                self.assertEqual([mail.missing for mail in run.mails], [TOO_LARGE] * 3)
                self.assertLessEqual(run.mails[0].size, numbers.LARGEST_SIZE)

    def test_sizes_that_are_not_numbers(self):
        for size in (b"x", b"-1", b""):
            self.assert_all_fetched({"SIZE": lambda honest, said=size: sizes_said(honest, said)})


class TestPop(MailboxCase):
    def assert_all_fetched(self, lies, problem=None, **options):
        for leaves in (False, True):
            server, run = self.pop(POP_MESSAGES, lies), Store(leaves=leaves, **options)
            self.assertIsNone(self.fetch(server, run))
            self.assertIsNone(self.fetch(server, run))
            self.assert_stored_once(run, MESSAGES.values())
            self.assertEqual(server.messages, POP_MESSAGES if leaves else [])
            if problem and leaves:
                self.assertIn(problem, " ".join(run.problems))
        return run

    def test_sizes_of_any_size(self):
        for size in TOO_LARGE_NUMBERS:
            lie = {"LIST": lambda honest, said=size: sizes_said(honest, said)}
            self.assert_all_fetched(lie)
            run = Store(most_bytes=1_000)
            self.fetch(self.pop(POP_MESSAGES, lie), run)
            self.assertEqual([mail.missing for mail in run.mails], [TOO_LARGE] * 3)
            self.assertLessEqual(run.mails[0].size, numbers.LARGEST_SIZE)

    def test_malformed_lines_of_list(self):
        for line in (b"2", b"2 x", b"", b"\0", HUGE + b" 1"):
            with self.subTest(line=line[:12]):
                lie = replaced(b"2 %d\r\n" % len(message(2)), line + b"\r\n")
                self.assert_all_fetched({"LIST": lie}, "Lines of LIST are malformed: 1")

    def test_malformed_lines_of_uidl(self):
        """The messages are fetched all the same, and told apart by their bytes."""
        for line in (b"2", b"x id2", b"", HUGE + b" id2"):
            with self.subTest(line=line[:12]):
                lie = replaced(b"2 id2\r\n", line + b"\r\n")
                self.assert_all_fetched({"UIDL": lie}, "Lines of UIDL are malformed: 1")

    def test_unique_ids_that_cannot_be_stored(self):
        for name in (b"a\0b", b"\xff\xfe", b"x" * 5_000):
            run = self.assert_all_fetched({"UIDL": replaced(b"id2", name)})
            for unique_id, _digest in run.entries:
                self.assertNotIn("\0", unique_id)
                self.assertLessEqual(len(unique_id), numbers.LONGEST_UNIQUE_ID)

    def test_answer_to_stat(self):
        for answer in (b"+OK", b"+OK x y", b"+OK %s %s" % (HUGE, HUGE), b"+OK 0 0"):
            self.assert_all_fetched({"STAT": lambda _honest, said=answer: said + b"\r\n"})

    def test_server_without_unique_ids(self):
        lies = {"UIDL": lambda _honest: b"-ERR\r\n", "STAT": lambda _honest: b"+OK 999999999 1\r\n"}
        server, run = self.pop(POP_MESSAGES, lies), Store(is_by_number=False)
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, MESSAGES.values())
        self.assertEqual(server.messages, [])

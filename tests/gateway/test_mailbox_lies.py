"""Servers that lie, drip or never stop: time and memory are bounded, nothing is lost or doubled."""

import itertools
import re
import time
import tracemalloc
from unittest.mock import patch

from odoo.addons.mail_postmaster.gateway.mailbox import bounds
from odoo.addons.mail_postmaster.gateway.mailbox.bounds import Allowance
from odoo.addons.mail_postmaster.gateway.mailbox.run import TOO_LARGE, Fetched

from .lying_servers import HANG_UP, ImapServer, PopServer, literal, sizes_said
from .mailbox_case import MailboxCase, Store, message

MEGABYTE = 1_000_000
RAWS = [message(number) for number in range(1, 6)]
# The commands of a fetch, after the login.
IMAP_STEPS = ("SELECT", "SEARCH", "SIZE", "FETCH", "STORE", "LOGOUT")
POP_STEPS = ("STAT", "UIDL", "LIST", "CAPA", "RETR", "DELE", "QUIT")
LARGE = message(0) + (b"x" * 60_000 + b"\r\n") * 50


def drip(honest):
    """Send an answer a byte at a time."""
    for octet in honest:
        yield bytes([octet])
        time.sleep(0.1)


def endless(line):
    return lambda _honest: itertools.repeat(line * 1000)


def bye(honest):
    return (
        b"* BYE overloaded\r\n" + HANG_UP if b"TAG" in honest else b"-ERR overloaded\r\n" + HANG_UP
    )


def half(honest):
    return honest[: len(honest) // 2] + HANG_UP


class Forgetful(Store):
    """A run that does not keep the bytes, so that what is measured is the connection's."""

    def store(self, folder, mails):
        kept = [
            Fetched(m.number, m.raw[:200], len(m.raw), m.missing, m.unique_id, m.digest)
            for m in mails
        ]
        return super().store(folder, kept)


class LyingCase(MailboxCase):
    def setUp(self):
        super().setUp()
        patcher = patch.object(bounds, "MOST_LINE_BYTES", MEGABYTE // 50)
        patcher.start()
        self.addCleanup(patcher.stop)

    def servers(self):
        yield self.imap(dict(enumerate(RAWS, 1))), IMAP_STEPS
        yield self.pop([(f"id{n}", raw) for n, raw in enumerate(RAWS)]), POP_STEPS

    def assert_survived(self, make_lie, *, ends=True, seconds=30):
        """Lie at each step: the fetch ends, and the next one has lost and doubled nothing."""
        for server, steps in self.servers():
            for step in steps:
                with self.subTest(server=type(server).__name__, step=step):
                    if isinstance(server, PopServer):
                        server.messages = [(f"{step}{n}", raw) for n, raw in enumerate(RAWS)]
                    run = Store(most_bytes=MEGABYTE)
                    server.lies = {step: make_lie}
                    with patch.multiple(bounds, MOST_SKIPPED=2 * MEGABYTE, COMMAND_SECONDS=seconds):
                        error = self.fetch(server, run)
                    if ends:
                        self.assertIsInstance(error, Exception)
                    server.lies = {}
                    self.assertIsNone(self.fetch(server, run))
                    self.assertIsNone(self.fetch(server, run))
                    # Deletions that a lie acknowledged: the log has each message by its bytes.
                    raws = list(set(run.raws)) if step in ("DELE", "QUIT") else run.raws
                    held = [mail for mail in run.mails if mail.missing]
                    self.assertEqual(sorted(raws), sorted(RAWS[len(held) :]))
                    if isinstance(server, PopServer):
                        self.assertEqual(len(server.messages), len(held))

    def peak(self, server, run):
        """Fetch, and return the most bytes that were in use."""
        tracemalloc.start()
        try:
            error = self.fetch(server, run)
            return error, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


class TestEachStep(LyingCase):
    def test_connection_that_ends(self):
        self.assert_survived(lambda _honest: HANG_UP)

    def test_connection_that_ends_in_an_answer(self):
        self.assert_survived(half, ends=False)

    def test_goodbye(self):
        # After QUIT, LOGOUT and CAPA nothing else is expected.
        self.assert_survived(bye, ends=False)

    def test_answer_a_byte_at_a_time(self):
        self.assert_survived(drip, ends=False, seconds=0.4)

    def test_endless_lines(self):
        for line in (b"* 5 EXISTS\r\n", b"+OK\r\n"):
            with self.subTest(line):
                self.assert_survived(endless(line), ends=False)

    def test_line_without_an_end(self):
        self.assert_survived(endless(b"* 1 EXISTS"), ends=False)


class TestTime(LyingCase):
    def test_fetch_from_a_server_that_drips_ends(self):
        """A byte a second never lets a timeout of the socket pass."""
        for server, steps in self.servers():
            server.lies = {steps[1]: drip}
            with patch.object(bounds, "COMMAND_SECONDS", 0.4):
                error = self.fetch(server, Store())
            self.assertIsInstance(error, TimeoutError)
            self.assertIn("too long", str(error))
            # The server has not even come to the end of its first answer.
            self.assertEqual(server.verbs()[-1], "UID" if steps is IMAP_STEPS else steps[1])

    def test_all_commands_together_have_a_limit(self):
        class Turn(Store):
            turn_seconds = 0.5

        def slowly(honest):
            time.sleep(0.2)
            return honest

        for server, steps in self.servers():
            server.lies = dict.fromkeys(steps, slowly)
            self.assertIsInstance(self.fetch(server, Turn()), TimeoutError)

    def test_large_message_over_a_slow_line_is_not_given_up(self):
        """Bytes that arrive extend the time."""

        def slowly(honest):
            for start in range(0, len(honest), 20_000):
                yield honest[start : start + 20_000]
                time.sleep(0.02)

        raw = message(1, MEGABYTE)
        for server in (
            self.imap({1: raw}, {"FETCH": slowly}),
            self.pop([("a", raw)], {"RETR": slowly}),
        ):
            run = Store()
            with patch.object(bounds, "COMMAND_SECONDS", 0.5):
                self.assertIsNone(self.fetch(server, run))
            self.assertEqual(run.raws, [raw])

    def test_time_between_commands_does_not_count(self):
        """The answer to a mark is read after messages were processed."""

        class Processing(Store):
            def take(self, number):
                time.sleep(0.3)
                super().take(number)

        for server, _steps in self.servers():
            run = Processing()
            with patch.object(bounds, "COMMAND_SECONDS", 1):
                self.assertIsNone(self.fetch(server, run))
            self.assert_stored_once(run, RAWS)

    def test_allowance(self):
        allowance = Allowance(turn=40)
        allowance.spend(bounds.COMMAND_SECONDS - 1, 0)
        self.assertAlmostEqual(allowance.seconds, 1)
        allowance.spend(0, 2 * bounds.BYTES_OF_A_SECOND)
        self.assertAlmostEqual(allowance.seconds, 3)
        allowance.spend(0, 20 * bounds.BYTES_OF_A_SECOND)
        self.assertAlmostEqual(allowance.seconds, 11)
        allowance.spend(12, 0)
        with self.assertRaises(TimeoutError):
            allowance.check_time()
        # What follows would be the answer to another command.
        with self.assertRaisesRegex(OSError, "given up"):
            allowance.begin()


class TestMemory(LyingCase):
    # Three times the room for one batch; what is sent is several times as much.
    MOST = 50 * MEGABYTE

    def test_messages_larger_than_announced(self):
        """30 messages announced with some bytes have 3 MB each: they are fetched one by one."""

        def literals(honest):
            for uid in re.findall(rb"UID (\d+) BODY", honest):
                yield b"* 1 FETCH (UID %s BODY[] {%d}\r\n" % (uid, len(LARGE))
                yield LARGE
                yield b")\r\n"
            yield b"TAG OK done\r\n"

        raws = [message(number) for number in range(1, 31)]
        imap = self.imap(dict(enumerate(raws, 1)), {"FETCH": literals})
        pop = self.pop(
            [(f"id{number}", raw) for number, raw in enumerate(raws)],
            {"RETR": lambda _honest: [b"+OK\r\n", LARGE, b".\r\n"]},
        )
        for server in (imap, pop):
            with self.subTest(type(server).__name__):
                run = Forgetful()
                error, peak = self.peak(server, run)
                self.assertIsNone(error)
                self.assertEqual([mail.size for mail in run.mails], [len(LARGE)] * 30)
                self.assertLess(peak, self.MOST)

    def test_one_message_larger_than_announced_and_than_the_limit(self):
        for server in (
            self.imap({1: RAWS[0], 2: LARGE, 3: RAWS[2]}, {"SIZE": lambda h: sizes_said(h, b"1")}),
            self.pop(
                [("a", RAWS[0]), ("b", LARGE), ("c", RAWS[2])],
                {"LIST": lambda h: sizes_said(h, b"1")},
            ),
        ):
            with self.subTest(type(server).__name__):
                run = Store(most_bytes=MEGABYTE)
                self.assertIsNone(self.fetch(server, run))
                self.assertEqual(run.raws, [RAWS[0], RAWS[2]])
                large = next(mail for mail in run.mails if mail.missing)
                self.assertEqual((large.missing, large.size), (TOO_LARGE, len(LARGE)))
                self.assertIn(b"Subject: All alike", large.raw)

    def test_literal_that_never_ends(self):
        """It is stored without its content, and those after it are fetched the next time."""
        chunk = b"x" * 78 + b"\r\n"

        def lie(honest):
            before, _start, _rest = honest.partition(b"* 2 FETCH")
            yield before
            yield literal(2, 2**40, chunk)[:-3]
            yield from itertools.repeat(chunk * 1000)

        server = self.imap(dict(enumerate(RAWS, 1)), {"FETCH": lie})
        self.check_endless_message(server)

    def test_message_that_never_ends(self):
        chunk = b"x" * 78 + b"\r\n"
        endless_one = itertools.chain([b"+OK\r\n"], itertools.repeat(chunk * 1000))
        answers = iter([None, endless_one])
        server = self.pop([(f"id{n}", raw) for n, raw in enumerate(RAWS)])
        server.lies["RETR"] = lambda honest: next(answers, None) or honest
        self.check_endless_message(server)

    def check_endless_message(self, server):
        run = Store(most_bytes=MEGABYTE)
        with patch.object(bounds, "MOST_SKIPPED", 2 * MEGABYTE):
            error, peak = self.peak(server, run)
        self.assertIn("too large to be skipped", str(error))
        self.assertLess(peak, self.MOST)
        self.assertEqual([mail.missing for mail in run.mails], [None, TOO_LARGE])
        server.lies.clear()
        self.assertIsNone(self.fetch(server, run))
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, [raw for raw in RAWS if raw != RAWS[1]])

    def test_announced_literal_is_not_allocated(self):
        lie = {"FETCH": lambda _honest: b"* 1 FETCH (UID 1 BODY[] {2000000000}\r\nabc" + HANG_UP}
        error, peak = self.peak(self.imap({1: RAWS[0]}, lie), Store())
        self.assertIsInstance(error, OSError)
        self.assertLess(peak, self.MOST)

    def test_lines_that_were_not_asked_for(self):
        for line in (b"* 5 EXISTS\r\n", b"* 1 FETCH (FLAGS ())\r\n", b"* X\r\n"):
            error, peak = self.peak(self.imap({1: RAWS[0]}, {"FETCH": endless(line)}), Store())
            self.assertIn("too many lines", str(error))
            # Python needs some 50 bytes for a line of 5.
            self.assertLess(peak, MEGABYTE)

    def test_lines_of_all_commands_together(self):
        """Each answer has fewer than the limit; they are not kept until the end."""
        flags = b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 500
        lie = dict.fromkeys(("SIZE", "FETCH", "STORE"), lambda honest: flags + honest)
        server = self.imap(dict(enumerate(map(message, range(1, 16)), 1)), lie)
        run = Store()
        with patch("odoo.addons.mail_postmaster.gateway.mailbox.batches.MOST_MAILS", 1):
            error, peak = self.peak(server, run)
        self.assertIsNone(error)
        self.assertEqual(len(run.raws), 15)
        # All 22,000 lines together would need more than 1.5 MB.
        self.assertLess(peak, 0.7 * MEGABYTE)


class TestContents(LyingCase):
    def test_messages_that_were_not_asked_for(self):
        lie = {"FETCH": lambda honest: literal(99, 5, b"a\r\nbc") + honest + b""}
        server, run = self.imap(dict(enumerate(RAWS, 1)), lie), Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, RAWS)

    def test_messages_in_another_order_and_twice(self):
        def lie(honest):
            items = honest.removesuffix(b"TAG OK done\r\n").split(b"* ")[1:]
            return (
                b"".join(b"* " + item for item in [*reversed(items), items[0]]) + b"TAG OK done\r\n"
            )

        server, run = self.imap(dict(enumerate(RAWS, 1)), {"FETCH": lie}), Store()
        self.assertIsNone(self.fetch(server, run))
        self.assert_stored_once(run, RAWS)

    def test_literal_shorter_than_announced(self):
        """The server sends other answers in its place; the next fetch gets the message."""
        lie = {"FETCH": lambda honest: honest.replace(b"{%d}" % len(RAWS[2]), b"{99}", 1)}
        server, run = self.imap(dict(enumerate(RAWS, 1)), lie), Store()
        self.assertIsInstance(self.fetch(server, run), Exception)
        stored = list(run.raws)
        server.lies.clear()
        self.assertIsNone(self.fetch(server, run))
        self.assertEqual(run.raws[len(stored) :], RAWS[len(stored) :])

    def test_uidvalidity_that_changes_each_time(self):
        numbers = itertools.count(1)
        lie = {
            "SELECT": lambda honest: honest.replace(
                b"UIDVALIDITY 1", b"UIDVALIDITY %d" % next(numbers)
            )
        }
        server, run = self.imap(dict(enumerate(RAWS, 1)), lie), Store()
        for _time in range(3):
            self.assertIsNone(self.fetch(server, run))
        # The log recognises messages by their bytes; here all of them are there.
        self.assertEqual(set(run.raws), set(RAWS))

    def test_message_whose_end_is_missing(self):
        server = self.pop([("a", RAWS[0]), ("b", RAWS[1])])
        server.lies["RETR"] = lambda honest: honest.removesuffix(b".\r\n") + HANG_UP
        run = Store()
        self.assertIsInstance(self.fetch(server, run), Exception)
        self.assertEqual(run.mails, [])


class TestServers(LyingCase):
    def test_honest(self):
        for server, _steps in self.servers():
            self.assertIsInstance(server, ImapServer | PopServer)
            run = Store()
            self.assertIsNone(self.fetch(server, run))
            self.assert_stored_once(run, RAWS)
            self.assertTrue(run.is_caught_up)

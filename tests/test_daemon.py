"""Parts of the mail daemon that need neither processes nor a mail server.

The daemon itself is tested by dev/system/test_serve_*.py.
"""

import asyncio
import random
import re
import threading
from argparse import ArgumentError, ArgumentParser
from importlib.util import find_spec
from types import SimpleNamespace
from unittest import skipUnless
from unittest.mock import MagicMock, patch

from odoo.tests import BaseCase, tagged

from odoo.addons.mail_postmaster.daemon.budget import Budget
from odoo.addons.mail_postmaster.daemon.command import _address, add_arguments
from odoo.addons.mail_postmaster.daemon.commits import LARGE, Commits
from odoo.addons.mail_postmaster.daemon.watcher import CONNECTIONS_KEPT, Watch
from odoo.addons.mail_postmaster.daemon.worker import Pace

from .common import GatewayCase

# The classes of the budget.
SMALL, MEDIUM, LARGE_SIZE = range(3)


def mail_of(size, name=""):
    return SimpleNamespace(raw=b"x" * size, name=name)


class TestBudget(BaseCase):
    def test_who_asks_first_gets_first(self):
        async def ask():
            budget = Budget(10)
            order = []

            async def take(name, size):
                assert await budget.reserve(size, 5)
                order.append(name)

            await take("first", 8)
            tasks = [asyncio.create_task(take(*wanted)) for wanted in (("big", 9), ("small", 1))]
            await asyncio.sleep(0.01)
            # The other one would fit, but does not overtake one of its own class.
            assert order == ["first"]
            budget.free(8, SMALL)
            await asyncio.sleep(0.01)
            assert order == ["first", "big", "small"]
            await asyncio.gather(*tasks)

        asyncio.run(ask())

    def test_time_is_over(self):
        async def ask():
            budget = Budget(10)
            assert await budget.reserve(10, 5)
            assert not await budget.reserve(5, 0.01)
            budget.free(10, SMALL)
            # A client that gave up holds nothing and blocks no other.
            assert await budget.reserve(10, 5)

        asyncio.run(ask())

    def test_cancelled(self):
        async def ask():
            budget = Budget(10)
            assert await budget.reserve(10, 5)
            task = asyncio.create_task(budget.reserve(10, 5))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            budget.free(10, SMALL)
            assert budget.try_reserve(10, SMALL)

        asyncio.run(ask())

    # --- classes of sizes: 10 bytes for messages of 1, 20 more for messages of up to 5 ---

    def budget(self, size=100):
        return Budget(size, kept=((1, 10), (5, 20)))

    def test_large_messages_leave_room_for_small_ones(self):
        budget = self.budget()
        assert not budget.try_reserve(71, LARGE_SIZE)
        assert budget.try_reserve(70, LARGE_SIZE)
        assert not budget.try_reserve(1, LARGE_SIZE)
        # All of what is kept, and not more.
        assert budget.try_reserve(20, MEDIUM)
        assert not budget.try_reserve(1, MEDIUM)
        assert budget.try_reserve(10, SMALL)
        assert not budget.try_reserve(1, SMALL)
        budget.free(70, LARGE_SIZE)
        assert budget.try_reserve(70, SMALL)

    def test_what_small_messages_use_is_no_longer_kept_for_them(self):
        budget = self.budget()
        assert budget.try_reserve(10, SMALL)
        assert budget.try_reserve(20, MEDIUM)
        assert budget.try_reserve(70, LARGE_SIZE)

    def test_small_messages_do_not_wait_for_large_ones(self):
        async def ask():
            budget = self.budget()
            assert await budget.reserve(70, 5)
            large = asyncio.create_task(budget.reserve(50, 5))
            await asyncio.sleep(0.01)
            for size in (1, 5):
                assert await budget.reserve(size, 0.01)
            assert not large.done()
            budget.free(70, LARGE_SIZE)
            assert await large

        asyncio.run(ask())

    def test_small_messages_do_not_take_what_a_large_one_waits_for(self):
        async def ask():
            budget = self.budget()
            assert await budget.reserve(60, 5)
            large = asyncio.create_task(budget.reserve(50, 5))
            await asyncio.sleep(0.01)
            # 40 are free: small messages get the 10 that are kept for them.
            granted = [await budget.reserve(1, 0.01) for _number in range(12)]
            assert granted == [True] * 10 + [False] * 2
            budget.free(60, LARGE_SIZE)
            assert await large

        asyncio.run(ask())

    def test_nothing_is_lost_whatever_the_order(self):
        async def ask():
            budget = self.budget()
            order = random.Random(7)

            async def use(size):
                if await budget.reserve(size, order.random() / 20):
                    await asyncio.sleep(order.random() / 50)
                    budget.free(size, budget.class_of(size))

            await asyncio.gather(*(use(order.choice((1, 5, 40, 70))) for _number in range(300)))
            assert budget.try_reserve(70, LARGE_SIZE)
            assert budget.try_reserve(20, MEDIUM)
            assert budget.try_reserve(10, SMALL)

        asyncio.run(ask())

    @skipUnless(find_spec("aiosmtpd"), "The Python library aiosmtpd is not installed.")
    def test_part_of_a_mail_that_is_larger_than_it_said(self):
        # Importing it requires that library.
        from odoo.addons.mail_postmaster.daemon.protocol import Part

        async def ask():
            budget = Budget(3_000_000, kept=((1_000_000, 0),))
            part = Part(budget, 2_500_000)
            assert await part.begin(1000)
            assert part.grow(1_000_000)
            assert not part.grow(2_000_000)
            assert part.refusal.startswith("452")
            part.end()
            assert budget.try_reserve(3_000_000, 1)

        asyncio.run(ask())


class TestCommits(BaseCase):
    def setUp(self):
        super().setUp()
        self.batches, self.calls = [], 0
        self.go_on = threading.Event()
        self.error = None
        self.errors = {}

    def _store(self, submissions):
        self.go_on.wait(10)
        if self.error:
            raise self.error
        self.batches.append([submission.name for submission in submissions])
        return [self.errors.get(submission.name) for submission in submissions]

    def _announce(self):
        self.calls += 1

    def _run(self, ask):
        commits = Commits(self._store, self._announce)
        try:
            asyncio.run(ask(commits))
        finally:
            commits.close()

    def test_what_comes_during_a_commit_is_committed_together(self):
        async def ask(commits):
            tasks = [asyncio.create_task(commits.store(mail_of(1, "first")))]
            await asyncio.sleep(0.05)
            tasks += [asyncio.create_task(commits.store(mail_of(1, n))) for n in range(7)]
            await asyncio.sleep(0.05)
            self.go_on.set()
            await asyncio.gather(*tasks)

        self._run(ask)
        self.assertEqual(self.batches, [["first"], list(range(7))])
        self.assertEqual(self.calls, 2)

    def test_nobody_is_answered_before_the_commit(self):
        async def ask(commits):
            task = asyncio.create_task(commits.store(mail_of(1)))
            await asyncio.sleep(0.05)
            assert not task.done()
            self.go_on.set()
            await task

        self._run(ask)

    def test_large_mail_holds_up_nobody(self):
        async def ask(commits):
            large = asyncio.create_task(commits.store(mail_of(LARGE + 1, "large")))
            await asyncio.sleep(0.05)
            assert not large.done()
            self.go_on.set()
            await asyncio.gather(large, commits.store(mail_of(1, "small")))

        self._run(ask)
        self.assertEqual(sorted(map(tuple, self.batches)), [("large",), ("small",)])

    def test_commit_that_fails_is_told_to_all(self):
        self.go_on.set()
        self.error = OSError("no disk")

        async def ask(commits):
            results = await asyncio.gather(
                *(commits.store(mail_of(1)) for _n in range(3)),
                return_exceptions=True,
            )
            assert results == [self.error] * 3

        self._run(ask)
        self.assertEqual(self.calls, 0)

    def test_message_that_is_not_stored_does_not_affect_others(self):
        self.go_on.set()
        self.errors = {"large": OSError("no room")}

        async def ask(commits):
            results = await asyncio.gather(
                *(commits.store(mail_of(1, name)) for name in ("a", "large", "b")),
                return_exceptions=True,
            )
            assert results == [None, self.errors["large"], None]

        self._run(ask)
        self.assertEqual(self.calls, len(self.batches))

    def test_close_finishes_what_was_handed_over(self):
        async def ask(commits):
            task = asyncio.create_task(commits.store(mail_of(1, "last")))
            await asyncio.sleep(0.05)
            task.cancel()
            self.go_on.set()

        self._run(ask)
        self.assertEqual(self.batches, [["last"]])

    def test_what_somebody_wrote_is_not_in_the_log(self):
        """Details of a PostgreSQL error contain the values of the row."""
        self.error = ValueError("Failing row contains (jane@customer.test, Confidential)")
        self.go_on.set()

        async def ask(commits):
            with self.assertRaises(ValueError):
                await commits.store(mail_of(1))

        with self.assertLogs("odoo.addons.mail_postmaster.daemon.commits") as log:
            self._run(ask)
        self.assertIn("ValueError", log.output[0])
        self.assertNotIn("Confidential", log.output[0])


class TestArguments(BaseCase):
    def test_addresses(self):
        for text, expected in (
            ("127.0.0.1:8024", ("127.0.0.1", 8024)),
            ("[::1]:8024", ("::1", 8024)),
            ("unix:/run/lmtp.sock", "/run/lmtp.sock"),
        ):
            self.assertEqual(_address(text), expected)

    def test_no_address(self):
        """A port alone would listen on all networks, where anyone could deliver messages."""
        for text in ("8024", ":8024", "[]:8024", "127.0.0.1", "127.0.0.1:99999", "unix:", ""):
            with self.subTest(text), self.assertRaisesRegex(SystemExit, "HOST:PORT"):
                _address(text)

    def test_seconds_to_receive_a_message(self):
        parser = ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        self.assertEqual(parser.parse_args([]).receive, 300)
        for text in ("10", "3600"):
            self.assertEqual(parser.parse_args(["--receive", text]).receive, int(text))
        for text in ("9", "3601", "0", "-1", "1e3", "a", ""):
            with self.subTest(text), self.assertRaises(ArgumentError):
                parser.parse_args(["--receive", text])


class TestPace(BaseCase):
    def test_rests(self):
        pace = Pace(10)
        rests = [pace.rest(now) for now in (100.0, 100.02, 100.3)]
        self.assertEqual(rests[0], 0)
        self.assertAlmostEqual(rests[1], 0.08)
        self.assertEqual(rests[2], 0)

    def test_any_number(self):
        self.assertEqual(Pace(0).rest(100.0), 0)


@tagged("post_install", "-at_install")
class TestRecipient(GatewayCase):
    def test_fallback_of_a_domain(self):
        addressing = self.env["mail.postmaster.addressing"]
        domain = self.env["mail.alias.domain"].create(
            {
                "name": "fallback.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.assertIsNone(addressing._canonical_recipient("Any@Fallback.test"))
        domain.fallback_model_id = self.env["ir.model"]._get("res.partner")
        self.assertEqual(addressing._canonical_recipient("Any@Fallback.test"), "any@fallback.test")
        self.assertEqual(
            addressing._fallback_model(["x@other.test", "any@fallback.test"]), "res.partner"
        )
        # Its former name, too.
        domain.name = "renamed.test"
        self.assertEqual(addressing._fallback_model(["any@fallback.test"]), "res.partner")
        domain.fallback_model_id = False
        self.assertIsNone(addressing._fallback_model(["any@fallback.test"]))


class TestWatch(BaseCase):
    def test_patterns_of_many_connections_are_not_kept(self):
        process = MagicMock()
        # Another process reads the mailbox, so this is all that a fetch does.
        server = process.env.return_value.__enter__.return_value["fetchmail.server"].browse()
        server.try_lock_for_update.return_value = False
        with patch.object(threading.Thread, "start"), patch.object(Watch, "_rest"):
            watch = Watch(process, 1)
            self.addCleanup(watch._stop.close)
            self.addCleanup(watch._stopping.close)
            pattern = re.compile("(?P<tag>ABCD[0-9]+)")
            for _number in range(CONNECTIONS_KEPT - 1):
                watch._fetch()
            self.assertIs(re.compile("(?P<tag>ABCD[0-9]+)"), pattern)
            watch._fetch()
            self.assertIsNot(re.compile("(?P<tag>ABCD[0-9]+)"), pattern)

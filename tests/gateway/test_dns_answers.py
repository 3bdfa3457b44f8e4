import socket
import threading
from contextlib import contextmanager, suppress
from unittest import skipUnless

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import dns_answers
from odoo.addons.mail_postmaster.gateway.dns_answers import (
    LONGEST_MEMORY,
    LONGEST_QUESTION,
    MEMORY_OF_SILENCE,
    QUICK,
    SECONDS_PER_MINUTE,
    SHARES,
    SHORTEST_MEMORY,
    SHORTEST_QUESTION,
    Answers,
    Budget,
    resolve,
)

if dns_answers.is_available():
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.resolver
    import dns.rrset

NAME = "s1._domainkey.example.org"


class Clock:
    now = 0

    def __call__(self):
        return self.now


class Zone:
    """Lookups defined by the test, which are counted."""

    def __init__(self, answer=("v=DKIM1",), holds=600):
        self.answer, self.holds, self.asked = answer, holds, []

    def look_up(self, name, record_type, seconds):
        self.asked.append((name, record_type, seconds))
        if isinstance(self.answer, Exception):
            raise self.answer
        return list(self.answer), self.holds


class TestAnswers(BaseCase):
    def setUp(self):
        super().setUp()
        self.zone, self.clock = Zone(), Clock()
        self.answers = Answers(self.zone.look_up, self.clock, most=2)

    def ask(self, name=NAME, seconds=LONGEST_QUESTION):
        return self.answers.ask(name, "TXT", seconds)

    def asked_after(self, seconds):
        self.clock.now += seconds
        before = len(self.zone.asked)
        with suppress(OSError):
            self.ask()
        return len(self.zone.asked) - before

    def test_asked_once_while_it_holds(self):
        self.assertEqual(self.ask(), ["v=DKIM1"])
        self.assertEqual(self.asked_after(599), 0)
        self.assertEqual(self.asked_after(1), 1)

    def test_bounds_of_memory(self):
        for holds, remembered in ((0, SHORTEST_MEMORY), (10**9, LONGEST_MEMORY)):
            self.zone.holds = holds
            self.clock.now += LONGEST_MEMORY
            self.ask()
            self.assertEqual(self.asked_after(remembered - 1), 0)
            self.assertEqual(self.asked_after(1), 1)

    def test_nothing_is_an_answer(self):
        self.zone.answer = ()
        self.assertEqual(self.ask(), [])
        self.assertEqual(self.asked_after(1), 0)

    def test_silence_is_remembered_for_a_while(self):
        self.zone.answer = TimeoutError()
        with self.assertRaises(OSError):
            self.ask()
        with self.assertRaises(OSError):
            self.ask()
        self.assertEqual(len(self.zone.asked), 1)
        self.assertEqual(self.asked_after(MEMORY_OF_SILENCE), 1)

    def test_who_had_no_time_tells_nobody(self):
        """A message with slow signatures must not deprive the next ones of their answers."""
        self.zone.answer = TimeoutError()
        with self.assertRaises(OSError):
            self.ask(seconds=0.1)
        self.zone.answer = ("v=DKIM1",)
        self.assertEqual(self.ask(), ["v=DKIM1"])

    def test_no_question_takes_longer_than_it_may(self):
        for seconds, given in ((0.5, 0.5), (60, LONGEST_QUESTION)):
            self.ask(f"{seconds}.test", seconds)
            self.assertEqual(self.zone.asked[-1][2], given)

    def wait_for(self, count, seconds, error=TimeoutError):
        """Ask for the names of so many messages; return how long all of them waited."""

        def look_up(name, record_type, most):
            self.clock.now += min(seconds, most)
            if error or seconds > most:
                raise TimeoutError()
            return ["x"], 600

        answers, start = Answers(look_up, self.clock), self.clock.now
        answered = 0
        for number in range(count):
            with suppress(OSError):
                answers.ask(f"{number}.test", "TXT", LONGEST_QUESTION)
                answered += 1
        return self.clock.now - start, answered

    def test_dead_dns_does_not_slow_the_queue(self):
        """However many messages ask, they wait for a few seconds a minute."""
        for count in (10, 100, 10_000):
            with self.subTest(count):
                waited, _answered = self.wait_for(count, 60)
                earned = waited / 60 * SECONDS_PER_MINUTE
                self.assertLessEqual(waited, SECONDS_PER_MINUTE + earned)

    def test_slow_answers_neither(self):
        waited, _answered = self.wait_for(10_000, 2.9, error=None)
        # What is quick is free, so each answer may take that long.
        self.assertLess(waited, 10_000 * 2 * QUICK)

    def test_names_that_answer_are_asked_all_the_same(self):
        self.assertEqual(self.wait_for(1_000, 0.05, error=None)[1], 1_000)
        answers, clock = [], self.clock

        def look_up(name, record_type, most):
            clock.now += most if name.startswith("dead") else 0.01
            if name.startswith("dead"):
                raise TimeoutError()
            return ["x"], 600

        asked = Answers(look_up, clock)
        for number in range(100):
            for name in (f"dead{number}.test", f"{number}.test"):
                with suppress(OSError):
                    answers += asked.ask(name, "TXT", LONGEST_QUESTION)
        self.assertEqual(len(answers), 100)

    def test_budget_comes_back(self):
        self.wait_for(100, 60)
        budget = Budget(self.clock)
        while budget.reserve() >= SHORTEST_QUESTION:
            pass
        self.clock.now += 60
        self.assertGreaterEqual(budget.reserve(), SECONDS_PER_MINUTE / SHARES - 0.1)

    def test_what_is_not_used_is_given_back(self):
        budget = Budget(self.clock)
        for _query in range(100):
            budget.give_back(budget.reserve(), False)
        self.assertEqual(budget.reserve(), SECONDS_PER_MINUTE / SHARES)

    def test_few_are_remembered(self):
        for name in ("a.test", "b.test", "a.test", "c.test", "a.test"):
            self.ask(name)
        self.assertEqual([name for name, *_ in self.zone.asked], ["a.test", "b.test", "c.test"])
        self.ask("b.test")
        self.assertEqual(len(self.zone.asked), 4)

    def test_long_answers_are_cut(self):
        self.zone.answer = ["x" * 100_000] * 100
        records = self.ask()
        self.assertLess(sum(map(len, records)), 30_000)


@contextmanager
def name_server(zone):
    """Run a name server on this machine: ``{name: texts, rcode, or None for silence}``."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                octets, client = server.recvfrom(4096)
            except OSError:
                return
            if not octets:
                return
            if reply := _reply(dns.message.from_wire(octets), zone):
                server.sendto(reply.to_wire(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    try:
        yield resolver
    finally:
        server.sendto(b"", server.getsockname())
        thread.join()
        server.close()


def _reply(query, zone):
    name = query.question[0].name.to_text(omit_final_dot=True)
    found = zone.get(name, dns.rcode.NXDOMAIN)
    if found is None:
        return None
    reply = dns.message.make_response(query)
    if isinstance(found, int):
        reply.set_rcode(found)
    elif found:
        texts = [f'"{text[:200]}" "{text[200:]}"' for text in found]
        question = query.question[0].name
        reply.answer.append(dns.rrset.from_text_list(question, 900, "IN", "TXT", texts))
    return reply


@skipUnless(dns_answers.is_available(), dns_answers.ABSENT)
class TestResolve(BaseCase):
    def test_real_server(self):
        long = "v=DKIM1; p=" + "A" * 300
        zone = {
            NAME: [long, "other"],
            "empty.test": [],
            "silent.test": None,
            "broken.test": dns_answers.is_available() and dns.rcode.SERVFAIL,
        }
        with name_server(zone) as resolver:

            def ask(name, seconds=0.3):
                return resolve(resolver, name, "TXT", seconds)

            records, holds = ask(NAME, 3)
            self.assertEqual((sorted(records), holds), (sorted([long, "other"]), 900))
            self.assertEqual(ask("empty.test", 3)[0], [])
            self.assertEqual(ask("unknown.test", 3)[0], [])
            for name in ("silent.test", "broken.test", "a..b", "x" * 64 + ".test", "x." * 200):
                with self.subTest(name), self.assertRaises(OSError):
                    ask(name)

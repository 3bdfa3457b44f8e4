"""Fetching 200 small messages from a real Dovecot into leads: round trips, time, CPU, against core.

Both databases are in one process and take turns, so that other load on the machine affects both.
A proxy counts the round trips and slows down the network.
"""

import imaplib
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest import mock

from proxy import Proxy
from setup_gateway import add_server

from environment.dovecot import Dovecot

from . import databases
from .deliveries import backend_seconds, raw_mails

ROUNDS, MAILS = 7, 200
WARM_UP = 1
ROUND_TRIP_SECONDS = 0.040
MOST_ROUND_TRIPS = 15
HIGHEST_NETWORK_SHARE = 1 / 20
HIGHEST_TIME = 0.9
LABELS = {"core": databases.CORE, "ours": databases.OURS}


@dataclass
class Figures:
    """Per message: time, CPU of Python and of PostgreSQL in ms, and time waiting for answers.

    ``round_trips`` is the total of all messages.
    """

    wall: float
    python: float
    postgresql: float
    waiting: float
    round_trips: int = 0


@contextmanager
def waiting():
    """Yield a list of the seconds that each read from an IMAP server takes."""
    taken = []

    def timed(read):
        def read_timed(*arguments):
            start = time.perf_counter()
            try:
                return read(*arguments)
            finally:
                taken.append(time.perf_counter() - start)

        return read_timed

    with ExitStack() as stack:
        for name in ("read", "readline"):
            read = timed(getattr(imaplib.IMAP4, name))
            stack.enter_context(mock.patch.object(imaplib.IMAP4, name, read))
        yield taken


class Mailbox:
    """A separate mailbox for one of the databases.

    :param label: ``core`` or ``ours``
    """

    def __init__(self, label, dovecot):
        self.database = LABELS[label]
        self.user = f"{label}@example.com"
        self._dovecot = dovecot
        with databases.environment(self.database) as env:
            server = add_server(env, dovecot, user=self.user)
            if "start_from" in server:
                server.start_from = "all"
            self._server_id = server.id

    def measure(self, delay=None):
        """Fill the mailbox, fetch until it is empty, and return the :class:`Figures`.

        :param delay: seconds per round trip; None for no proxy
        """
        port = self._dovecot.imap_port
        proxy = None if delay is None else Proxy(port, delay / 2)
        with databases.environment(self.database) as env:
            env["fetchmail.server"].browse(self._server_id).port = proxy.port if proxy else port
        self._dovecot.empty(self.user)
        for raw in raw_mails(MAILS):
            self._dovecot.deliver(self.user, raw)
        figures = self._fetch_all()
        if proxy:
            figures.round_trips = proxy.round_trips
            proxy.close()
        return figures

    def _fetch_all(self):
        records = self._count()
        before = backend_seconds(self.database)
        cpu, wall = time.process_time(), time.perf_counter()
        # Core fetches 50 messages at a time, and the scheduled action restarts at once.
        with waiting() as taken:
            while self._is_left():
                with databases.environment(self.database) as env:
                    env["fetchmail.server"].browse(self._server_id).fetch_mail()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        backends = backend_seconds(self.database) - before
        assert self._count() - records == MAILS
        seconds = (wall, cpu, backends, sum(taken))
        return Figures(*(1000 * of_all / MAILS for of_all in seconds))

    def _is_left(self):
        return any("S" not in kept.flags for kept in self._dovecot.stored(self.user))

    def _count(self):
        with databases.environment(self.database) as env:
            return env["crm.lead"].search_count([])


def line(title, core, ours, limit=None):
    """Print a line of the table; return whether the limit is met."""
    ratio = ours / core if core else 0
    is_good = limit is None or ratio <= limit
    goal = "" if limit is None else f"{limit:12.3f}{'' if is_good else '  FAILED'}"
    print(f"{title:44}{core:10.2f}{ours:10.2f}{ratio:10.3f}{goal}", flush=True)
    return is_good


def network(boxes):
    """Print the lines about the network; return whether the goals are met."""
    slow = [box.measure(ROUND_TRIP_SECONDS) for box in boxes.values()]
    trips = [figures.round_trips for figures in slow]
    line("round trips, all", *trips)
    is_good = line(
        "waiting for responses at 40 ms, ms a message",
        *(figures.waiting for figures in slow),
        HIGHEST_NETWORK_SHARE,
    )
    return is_good and trips[1] <= MOST_ROUND_TRIPS


def whole(boxes, rounds):
    """Print the lines about the whole fetch; return whether the goal is met."""
    figures = {label: [] for label in boxes}
    for number in range(WARM_UP + rounds):
        for label, box in boxes.items() if number % 2 else reversed(boxes.items()):
            result = box.measure()
            if number >= WARM_UP:
                figures[label].append(result)

    def medians(read):
        return [statistics.median(map(read, figures[label])) for label in boxes]

    line("CPU Python, ms a message", *medians(lambda one: one.python))
    line("CPU PostgreSQL, ms a message", *medians(lambda one: one.postgresql))
    line("CPU together, ms a message", *medians(lambda one: one.python + one.postgresql))
    return line("time, ms a message", *medians(lambda one: one.wall), HIGHEST_TIME)


def main(rounds):
    databases.prepare()
    with Dovecot("bench-fetch") as dovecot:
        # Before the first login: Dovecot reads its file of users once a second.
        for label in LABELS:
            dovecot.add_user(f"{label}@example.com")
        boxes = {label: Mailbox(label, dovecot) for label in LABELS}
        print(f"{MAILS} messages a fetch, IMAP; {rounds} rounds, medians\n")
        print(f"{'':44}{'core':>10}{'ours':>10}{'ratio':>10}{'at most':>12}")
        results = [network(boxes), whole(boxes, rounds)]
    print(f"\n{'OK' if all(results) else 'FAILED'}: at most {MOST_ROUND_TRIPS} round trips")
    return 0 if all(results) else 1


sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))

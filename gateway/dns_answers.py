"""DNS answers, cached and within a budget of time, from ``dnspython`` if installed.

DNS that does not answer would slow down all messages in turn, whatever the limit for each of them.
So the seconds that are spent waiting for it are taken from a budget per minute. A query may take at
most a part of what is left. While DNS answers at all, a query may always take a moment: names that
do not answer, which an outsider can choose, must not use up the time of those that do.

Not done here: interpreting an answer. DNS is queried outside transactions, because an answer may
take seconds.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache

try:
    import dns.exception
    import dns.resolver
except ImportError:
    dns = None

ABSENT = "The Python library dnspython is not installed, so only the mail server checks signatures."

MOST_REMEMBERED = 1_000
# Limit per name; longer keys and policies are treated as missing.
MOST_RECORDS = 10
LONGEST_RECORD = 2_500
# Seconds. An answer is cached for its TTL, within these bounds.
SHORTEST_MEMORY = 60
LONGEST_MEMORY = 3600
# Seconds for which a negative answer, and a failure to get one, are cached.
MEMORY_OF_NOTHING = 300
MEMORY_OF_SILENCE = 60
LONGEST_QUESTION = 3
# Seconds of waiting in a minute, and how many queries would use them up one after the other.
SECONDS_PER_MINUTE = 12
SHARES = 4
# An answer within this time is not counted.
QUICK = 0.5
# What a query may always take, if there was an answer within a minute.
MOMENT = 0.1
# With less time left, no query is sent.
SHORTEST_QUESTION = 0.02


def is_available() -> bool:
    """Return whether ``dnspython`` is installed; if not, :data:`ABSENT` names what is missing."""
    return dns is not None


class Budget:
    """The seconds that a process may wait for slow DNS; several threads can use it.

    :param clock: function that returns seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(SECONDS_PER_MINUTE)
        self._at = clock()
        self._answered = float("-inf")
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Return the seconds that the next query may take, taken from the budget meanwhile."""
        with self._lock:
            now = self._clock()
            earned = (now - self._at) * SECONDS_PER_MINUTE / 60
            self._left, self._at = min(self._left + earned, SECONDS_PER_MINUTE), now
            least = MOMENT if now < self._answered + 60 else 0
            share = max(self._left / SHARES, least)
            self._left = max(self._left - share, 0)
            return share

    def give_back(self, seconds: float, is_answered: bool) -> None:
        """Give back what a query has not used of its share."""
        with self._lock:
            self._left = min(self._left + max(seconds, 0), SECONDS_PER_MINUTE)
            if is_answered:
                self._answered = self._clock()


class Answers:
    """A cache of DNS answers that several threads can use.

    :param look_up: function of a name, a type (``"TXT"``) and seconds that returns ``(records,
        TTL)``, and raises :class:`OSError` if there was no answer
    :param clock: function that returns seconds
    :param most: maximum number of cached answers
    """

    def __init__(
        self,
        look_up: Callable[[str, str, float], tuple[list[str], int]],
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_REMEMBERED,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._most = most
        self._known = OrderedDict()
        self._lock = threading.Lock()
        self._budget = Budget(clock)

    def ask(self, name: str, record_type: str, seconds: float) -> list[str]:
        """Return the records of a name, empty if there are none.

        :param seconds: maximum time to wait
        :raises OSError: if there was no answer
        """
        key = (name, record_type)
        known = self._recall(key)
        if known is None:
            known, seconds = self._within_budget(key, seconds)
            # A timeout with little time left is not cached as a failure: one slow message would
            # otherwise deprive the next ones of their answers.
            if known[1] is not None or seconds >= LONGEST_QUESTION:
                self._remember(key, known)
        if known[1] is None:
            raise TimeoutError(name)
        return list(known[1])

    def _recall(self, key):
        with self._lock:
            known = self._known.get(key)
            if known and known[0] > self._clock():
                self._known.move_to_end(key)
                return known
        return None

    def _within_budget(self, key, seconds):
        """Return ``((expiry, records), seconds that the query might take)``."""
        share = self._budget.reserve()
        seconds, start = min(seconds, share), self._clock()
        known = start, None
        try:
            if seconds >= SHORTEST_QUESTION:
                known = self._find_out(key, seconds)
            return known, seconds
        finally:
            is_answered = known[1] is not None
            spent = self._clock() - start - (QUICK if is_answered else 0)
            self._budget.give_back(share - max(spent, 0), is_answered)

    def _find_out(self, key, seconds):
        """Return ``(expiry, records)``; records are None if there was no answer."""
        try:
            records, holds = self._look_up(*key, min(seconds, LONGEST_QUESTION))
        except OSError:
            return self._clock() + MEMORY_OF_SILENCE, None
        holds = min(max(holds, SHORTEST_MEMORY), LONGEST_MEMORY)
        return self._clock() + holds, tuple(
            record[:LONGEST_RECORD] for record in records[:MOST_RECORDS]
        )

    def _remember(self, key, known):
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def look_up(name: str, record_type: str, seconds: float) -> tuple[list[str], int]:
    """Query the DNS servers of this machine; see :class:`Answers`."""
    return resolve(_resolver(), name, record_type, seconds)


def resolve(
    resolver: "dns.resolver.Resolver", name: str, record_type: str, seconds: float
) -> tuple[list[str], int]:
    """Query a ``dns.resolver.Resolver``; see :class:`Answers`.

    :raises OSError: if there was no valid answer in time
    """
    try:
        answer = resolver.resolve(
            name,
            record_type,
            lifetime=seconds,
            search=False,
            raise_on_no_answer=False,
        )
    except dns.resolver.NXDOMAIN:
        return [], MEMORY_OF_NOTHING
    except (dns.exception.DNSException, ValueError) as error:
        raise OSError(f"{type(error).__name__}: {name}") from error
    if answer.rrset is None:
        return [], MEMORY_OF_NOTHING
    # A TXT record consists of strings of up to 255 bytes.
    return [b"".join(record.strings).decode("latin-1") for record in answer], answer.rrset.ttl


@cache
def _resolver():
    """Return the resolver configured on this machine.

    :raises OSError: if there is none
    """
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration as error:
        raise OSError("This machine is not configured for DNS queries.") from error

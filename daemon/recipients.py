"""A cache of the recipients that are ours: a mail server asks before each message.

Only known recipients are cached, so that a new alias works at once. The cache is cleared when
Odoo's cache is invalidated, which happens when an alias is changed or removed, and after a minute
at the latest.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ..gateway.addresses import BadAddress

FRESH_SECONDS = 1.0
LONGEST_SECONDS = 60.0
MOST_REMEMBERED = 10_000
NOBODY, BAD = "nobody", "bad"


class Recipient(NamedTuple):
    """A recipient that is ours.

    :param str address: the canonical address
    :param fallback: the name of the fallback model of its domain, or None
    """

    address: str
    fallback: str | None


class RecipientLookup:
    """Looks up recipients one at a time, in a thread beside the event loop.

    :param open_env: a context manager that yields an environment of an up-to-date registry
    """

    def __init__(self, open_env):
        self._open_env = open_env
        self._thread = ThreadPoolExecutor(1, "recipients")
        self._known = {}
        self._version = None
        self._checked = 0.0
        self._forgotten = 0.0

    async def find(self, address):
        """Return the :class:`Recipient` of an address, or ``NOBODY`` or ``BAD``.

        :raises psycopg2.OperationalError: if the database is not available
        :raises OnHold: if it may not receive messages now
        """
        found = self._known.get(address)
        if found and time.monotonic() - self._checked < FRESH_SECONDS:
            return found
        ask = asyncio.get_running_loop().run_in_executor
        return await ask(self._thread, self._look_up, address)

    def _look_up(self, address):
        with self._open_env() as env:
            # A copy may be older than the recipient, which must not be refused then.
            env["mail.postmaster.policy"]._check_not_on_hold()
            self._forget_what_may_have_changed(env.registry)
            if address in self._known:
                return self._known[address]
            addressing = env["mail.postmaster.addressing"]
            try:
                canonical = addressing._canonical_recipient(address)
            except BadAddress:
                return BAD
            if canonical is None:
                return NOBODY
            found = Recipient(canonical, addressing._fallback_model([canonical]))
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[address] = found
        return found

    def _forget_what_may_have_changed(self, registry):
        now = time.monotonic()
        version = registry.registry_sequence, dict(registry.cache_sequences)
        if version != self._version or now - self._forgotten > LONGEST_SECONDS:
            self._known.clear()
            self._version, self._forgotten = version, now
        self._checked = now

"""Which recipients are ours, from a cache: a mail server asks before each mail.

Only what is ours is remembered, so that a new alias works at once. It is forgotten when Odoo's
cache is invalidated, which a changed or removed alias does, and after a minute in any case.
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
    """What is known of a recipient that is ours.

    :param str address: canonical
    :param fallback: name of the model that makes records of mail to its domain, or None
    """

    address: str
    fallback: str | None


class Recipients:
    """Looks recipients up, one question at a time, beside the event loop.

    :param open_env: function that gives an environment of an up to date registry
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

        :raises psycopg2.OperationalError: when the database is away
        """
        found = self._known.get(address)
        if found and time.monotonic() - self._checked < FRESH_SECONDS:
            return found
        ask = asyncio.get_running_loop().run_in_executor
        return await ask(self._thread, self._look_up, address)

    def _look_up(self, address):
        with self._open_env() as env:
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

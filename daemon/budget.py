"""Limits the bytes of messages in memory, for any number of connections.

A message waits behind those of its own size that came before it. Part of the memory is kept for
small messages, so that large ones, whose clients may be slow, do not hold them up.
"""

import asyncio
from collections import deque

# ``(maximum size of a message, bytes that are kept for messages of this size)``, ascending.
KEPT = ((1_000_000, 16_000_000), (10_000_000, 32_000_000))
# Memory that messages of any other size never use.
ALL_KEPT = sum(kept for _size, kept in KEPT)


class Budget:
    """A number of bytes that may be in memory at the same time.

    :param int size: the number of bytes
    :param kept: see :data:`KEPT`
    """

    def __init__(self, size, kept=KEPT):
        self._free = size
        self._kept = kept
        # Of each class of sizes, the smallest first.
        self._used = [0] * (len(kept) + 1)
        self._waiting = [deque() for _class in self._used]

    @property
    def largest_class(self):
        return len(self._kept)

    def class_of(self, size):
        """Return the number of the class that messages of this size belong to."""
        return sum(size > most for most, _kept in self._kept)

    async def reserve(self, size, seconds):
        """Reserve a part of the budget; return whether it was available within the time."""
        number = self.class_of(size)
        waiting = self._waiting[number]
        if not waiting and self._may_start(size, number) and self.try_reserve(size, number):
            return True
        turn = asyncio.get_running_loop().create_future()
        waiting.append((size, turn))
        try:
            # A reservation that was granted counts, even if the time runs out at that moment.
            await asyncio.wait([turn], timeout=seconds)
            return turn.done()
        except asyncio.CancelledError:
            if turn.done():
                self.free(size, number)
            raise
        finally:
            if not turn.done():
                waiting.remove((size, turn))
                self._serve()

    def try_reserve(self, size, number):
        """Reserve a part of the budget if it is available now; return whether it was.

        :param int number: the class that uses it
        """
        if size > self._free - self._unused_by_smaller(number):
            return False
        self._free -= size
        self._used[number] += size
        return True

    def free(self, size, number):
        """Return a part of the budget.

        :param int number: the class that used it
        """
        self._free += size
        self._used[number] -= size
        self._serve()

    def _unused_by_smaller(self, number):
        """Return how many bytes are kept for smaller messages, and not used by them."""
        return sum(
            max(kept - used, 0)
            for (_most, kept), used in zip(self._kept[:number], self._used, strict=False)
        )

    def _may_start(self, size, number):
        """Return whether a message leaves to larger ones, which wait, what they wait for."""
        if not any(self._waiting[number + 1 :]):
            return True
        return self._used[number] + size <= self._kept[number][1]

    def _serve(self):
        for number in reversed(range(len(self._waiting))):
            waiting = self._waiting[number]
            while (
                waiting
                and self._may_start(waiting[0][0], number)
                and self.try_reserve(waiting[0][0], number)
            ):
                _size, turn = waiting.popleft()
                turn.set_result(None)

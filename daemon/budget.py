"""Limits the bytes of messages in memory, for any number of connections."""

import asyncio


class Budget:
    """A number of bytes that may be in memory at the same time, first come, first served.

    :param int size: the number of bytes
    """

    def __init__(self, size):
        self._free = size
        self._waiting = []

    async def reserve(self, size, seconds):
        """Reserve a part of the budget; return whether it was available within the time."""
        if not self._waiting and self.try_reserve(size):
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            # A reservation that was granted counts, even if the time runs out at that moment.
            await asyncio.wait([turn], timeout=seconds)
            return turn.done()
        except asyncio.CancelledError:
            if turn.done():
                self.free(size)
            raise
        finally:
            if not turn.done():
                self._waiting.remove((size, turn))
                self._serve()

    def try_reserve(self, size):
        """Reserve a part of the budget if it is available now; return whether it was."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def free(self, size):
        """Return a part of the budget."""
        self._free += size
        self._serve()

    def _serve(self):
        while self._waiting and self.try_reserve(self._waiting[0][0]):
            _size, turn = self._waiting.pop(0)
            turn.set_result(None)

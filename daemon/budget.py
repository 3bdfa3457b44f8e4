"""Bounds the bytes of mail in memory, whatever the number of connections."""

import asyncio


class Budget:
    """So many bytes may be in memory at the same time; who asks first gets first.

    :param int size: bytes
    """

    def __init__(self, size):
        self._free = size
        self._waiting = []

    async def reserve(self, size, seconds):
        """Take a part of the budget, and tell whether there was enough within a time."""
        if not self._waiting and self.try_reserve(size):
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            # Whoever is given his part has it, even when time is over in the same moment.
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
        """Take a part of the budget if it is there now, and tell whether it was."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def free(self, size):
        """Give a part of the budget back."""
        self._free += size
        self._serve()

    def _serve(self):
        while self._waiting and self.try_reserve(self._waiting[0][0]):
            _size, turn = self._waiting.pop(0)
            turn.set_result(None)

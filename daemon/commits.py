"""Stores the messages of parallel connections in shared commits.

A commit waits some milliseconds for the disk, however much is in it. So messages that arrive
during a commit are stored together in the next one. Large messages have a lane of their own, so
that small ones do not wait until they are written.
"""

import asyncio
import logging
import queue
import threading
import time

_logger = logging.getLogger(__name__)

MOST_MAILS = 200
MOST_BYTES = 4_000_000
LARGE = 1_000_000
# How long a commit waits for messages that other connections are about to submit.
WINDOW_SECONDS = 0.003


class Commits:
    """Two lanes, each a thread with one commit at a time.

    :param store: a function that stores a list of :class:`~..pipeline.submission.Submission` in
        one commit, and returns the exception of each that is not stored, None for the others;
        it raises an exception if none of them is stored
    :param announce: a function that tells the workers that messages were stored
    """

    def __init__(self, store, announce):
        self._small = _Lane(store, announce)
        self._large = _Lane(store, announce)

    def expect(self, size):
        """Announce a message of about this size; return a function that withdraws that."""
        return (self._large if size > LARGE else self._small).expect()

    async def store(self, submission):
        """Return once a message is stored.

        :raises Exception: the exception of the commit, if it is not
        """
        lane = self._large if len(submission.raw) > LARGE else self._small
        await lane.store(submission)

    def close(self):
        """Store what was submitted, then stop."""
        self._small.close()
        self._large.close()


class _Lane:
    def __init__(self, store, announce):
        self._store = store
        self._announce = announce
        self._queue = queue.SimpleQueue()
        self._expected = 0
        self._thread = threading.Thread(target=self._run, name="commits", daemon=True)
        self._thread.start()

    def expect(self):
        self._expected += 1
        state = [1]

        def done():
            self._expected -= state[0]
            state[0] = 0

        return done

    async def store(self, submission):
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        self._queue.put((submission, stored, loop))
        await stored

    def close(self):
        self._queue.put(None)
        self._thread.join()

    def _run(self):
        while (first := self._queue.get()) is not None:
            batch, is_last = self._gather(first)
            errors = self._commit([submission for submission, _stored, _loop in batch])
            batch[0][2].call_soon_threadsafe(_answer, batch, errors)
            if None in errors:
                self._announce()
            if is_last:
                return

    def _gather(self, first):
        """Return the messages of one commit, and whether they are the last ones."""
        batch, size = [first], len(first[0].raw)
        end = time.monotonic() + WINDOW_SECONDS
        while len(batch) < MOST_MAILS and size < MOST_BYTES:
            patience = max(end - time.monotonic(), 0) if self._expected > len(batch) else 0
            try:
                item = self._queue.get(block=patience > 0, timeout=patience or None)
            except queue.Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
            size += len(item[0].raw)
        return batch, False

    def _commit(self, submissions):
        """Store messages; return for each None, or the exception because of which it is not."""
        try:
            return self._store(submissions)
        except Exception as error:  # noqa: BLE001  the client is asked to try again
            # Its text may quote a message.
            _logger.warning(
                "%s messages could not be stored (%s)",
                len(submissions),
                type(error).__name__,
            )
            return [error] * len(submissions)


def _answer(batch, errors):
    for (_submission, stored, _loop), error in zip(batch, errors, strict=True):
        if stored.done():
            # The connection that waited for it is closed.
            continue
        if error:
            stored.set_exception(error)
        else:
            stored.set_result(None)

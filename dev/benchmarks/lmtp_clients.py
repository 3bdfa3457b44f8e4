"""Clients that deliver messages by LMTP as fast as they can, like a busy mail server."""

import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass

from environment.processes import LOOPBACK
from environment.serve import transparent

_context = multiprocessing.get_context("spawn")


@dataclass
class Acknowledged:
    """What clients have measured.

    :param float seconds: from the first message to the last reply
    :param times: of each message, in milliseconds, from its first byte to its reply
    :param int refused: number of messages that were refused
    """

    seconds: float
    times: list
    refused: int


class Client:
    """A connection that sends the envelope in one piece (PIPELINING)."""

    def __init__(self, port):
        self._socket = socket.create_connection((LOOPBACK, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._reply()
        self._command(b"LHLO bench\r\n")

    def hand_over(self, raw):
        """Return whether a message was accepted, and the milliseconds until the reply."""
        start = time.perf_counter()
        self._socket.sendall(
            b"MAIL FROM:<jane@customer.test> SIZE=%d\r\nRCPT TO:<sales@example.com>\r\nDATA\r\n"
            % len(raw)
        )
        self._reply()
        self._reply()
        if self._reply() != b"354":
            return False, 0
        self._socket.sendall(transparent(raw))
        code = self._reply()
        return code == b"250", 1000 * (time.perf_counter() - start)

    def _command(self, text):
        self._socket.sendall(text)
        return self._reply()

    def _reply(self):
        while (line := self._file.readline())[3:4] == b"-":
            pass
        return line[:3]


def hand_over(port, parts):
    """Deliver messages over one connection per part; return :class:`Acknowledged`."""
    # In a separate process: Python runs one thread at a time.
    with _context.Pool(1) as pool:
        return pool.apply(_hand_over, (port, parts))


def _hand_over(port, parts):
    clients = [Client(port) for _part in parts]
    results = []

    def work(client, part):
        results.extend([client.hand_over(raw) for raw in part])

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(clients, parts, strict=True)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    taken = sorted(milliseconds for is_taken, milliseconds in results if is_taken)
    return Acknowledged(seconds, taken, len(results) - len(taken))

"""A network that can be cut, counted and slowed down: a TCP proxy in front of a test server."""

import queue
import socket
import threading
import time

from environment.processes import LOOPBACK

# How long a command that was cut off may take to complete at the server.
LAST_COMMAND_SECONDS = 0.2
END = None


class Proxy:
    """Forward connections to a port, until :meth:`cut` ends them all at once.

    :param int port: port of the server on the loopback interface
    :param float delay: seconds of delay in each direction
    """

    def __init__(self, port, delay=0.0):
        self._target = port
        self._delay = delay
        self._sockets = []
        self._lock = threading.Lock()
        self._is_clients_turn = True
        # Number of command lines before the network is cut, None for no limit.
        self._remaining = None
        self.round_trips = 0
        self.is_cut = False
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Close every connection in both directions; accept new ones."""
        self.is_cut = True
        while self._sockets:
            _close(self._sockets.pop())

    def cut_after(self, commands):
        """Cut after this many command lines: the last one is executed, but not answered.

        :param commands: None to pass everything
        """
        self.is_cut = False
        self._remaining = commands

    def close(self):
        self._listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((LOOPBACK, self._target))
            self._sockets += [client, server]
            for source, target, note in (
                (client, server, self._note_command),
                (server, client, self._note_answer),
            ):
                waiting = queue.Queue()
                for work in (self._read, self._write):
                    threading.Thread(
                        target=work,
                        args=(source, target, note, waiting),
                        daemon=True,
                    ).start()

    def _read(self, source, _target, _note, waiting):
        try:
            while data := source.recv(65536):
                waiting.put((time.monotonic() + self._delay, data))
        except OSError:
            # One side was cut; the other one follows.
            pass
        waiting.put((time.monotonic() + self._delay, END))

    def _write(self, _source, target, note, waiting):
        while True:
            due, data = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if data is END:
                _close(target)
                return
            try:
                note(target, data)
            except OSError:
                return

    # --- Forwarding -------------------------------------------------------------------

    def _note_command(self, server, data):
        with self._lock:
            if self._is_clients_turn:
                self.round_trips += 1
                self._is_clients_turn = False
        if self._remaining is None:
            server.sendall(data)
            return
        for line in data.splitlines(keepends=True):
            if self._remaining > 0:
                self._remaining -= 1
                server.sendall(line)
        if not self._remaining:
            self.is_cut = True
            time.sleep(LAST_COMMAND_SECONDS)
            self._remaining = None
            self.cut()

    def _note_answer(self, client, data):
        with self._lock:
            self._is_clients_turn = True
        if self._remaining != 0:
            client.sendall(data)


def _close(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It was already closed.
        pass
    connection.close()

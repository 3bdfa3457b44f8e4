"""A connection that can be cut: a TCP proxy in front of a server of the tests."""

import socket
import threading

from environment.processes import LOOPBACK


class Proxy:
    """Forward connections to a port, until :meth:`cut` ends them all at once.

    :param int port: of the server, on the loopback interface
    """

    def __init__(self, port):
        self._target = port
        self._sockets = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Close every connection in both directions; new ones are accepted again."""
        while self._sockets:
            _close(self._sockets.pop())

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
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        # One side was cut; the other one follows.
        pass
    _close(target)


def _close(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It was closed before.
        pass
    connection.close()

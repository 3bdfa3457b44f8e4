"""The dispatcher of requests with messages: it reads no body before the client is authenticated.

Core's dispatcher reads a form from any client before the controller runs, decodes its fields as
UTF-8, which damages messages, and responds to errors with an HTML page.
"""

import logging
import threading
import time
from contextlib import contextmanager

from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from odoo.http import HttpDispatcher, Response

_logger = logging.getLogger(__name__)

MEGABYTE = 1 << 20
# Bytes of requests that this process holds at once. Each uses about twice its size.
MOST_IN_FLIGHT = 256 * MEGABYTE
CHUNK = 1 << 18
# Providers and proxies send without pauses; a client that sends slowly blocks a worker.
SILENCE_SECONDS = 20
SLOWEST_SECONDS = 120
RETRY_AFTER_SECONDS = 30


class Refused(Exception):
    """A request that gets a status other than 200.

    :param int status: the status of the response
    :param str code: the reason for programs, in the field ``X-Postmaster``
    :param str text: the reason for people, in one line
    """

    # Refusals are expected, so core logs no traceback for them.
    loglevel = logging.DEBUG

    def __init__(self, status, code, text):
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


def answer(status, code, text):
    """Return a response with a text that providers show to senders and a code for programs."""
    response = Response(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    response.headers["X-Postmaster"] = code
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Postmaster", Bearer'
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


class InboundDispatcher(HttpDispatcher):
    """The dispatcher of the ingress routes; see the docstring of the module."""

    routing_type = "postmaster_inbound"
    # The message, once it was read: core calls the controller again after a conflict.
    posted = None

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        # The body must not be parsed: the controller reads it itself.
        self.request.httprequest.form = self.request.httprequest.files = ImmutableMultiDict()
        if not self.request.db:
            return endpoint(**self.request.params)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        """Respond to an error so that the client retries, unless the message was refused."""
        if isinstance(exc, Refused):
            _logger.warning(
                "A message posted from %s was refused: %s (%s).",
                self.request.httprequest.remote_addr,
                exc.code,
                exc.status,
            )
            return answer(exc.status, exc.code, exc.text)
        if isinstance(exc, HTTPException):
            return exc
        return answer(503, "failed", "The message was not stored. Send it again later.")

    def read_body(self, most_bytes):
        """Return the body of the request. It can be read only once.

        :param int most_bytes: the maximum length
        :raises Refused: 503 if it is too slow or incomplete, 413 if it is too long
        """
        # Core hides the WSGI environment from controllers, and offers no other access to it.
        environ = self.request.httprequest._HTTPRequest__environ
        stream = environ["wsgi.input"]
        length = self.request.httprequest.content_length
        if length is None and "wsgi.input_terminated" not in environ:
            raise Refused(411, "no_length", "Specify the length of the body in Content-Length.")
        if (length or 0) > most_bytes:
            raise too_large(most_bytes)
        with _silence_ends(environ):
            return _read_stream(stream, length, most_bytes)


def too_large(most_bytes):
    """Return the :class:`Refused` error for a body that is too long."""
    return Refused(413, "too_large", f"At most {most_bytes // MEGABYTE} MB are accepted.")


def _cut_off():
    return Refused(503, "cut_off", "The request did not arrive in time, or is incomplete.")


def _read_stream(stream, length, most_bytes):
    end = time.monotonic() + SLOWEST_SECONDS
    chunks, missing = [], most_bytes + 1 if length is None else length
    try:
        while missing:
            chunk = stream.read(min(CHUNK, missing))
            if not chunk:
                break
            chunks.append(chunk)
            missing -= len(chunk)
            if time.monotonic() > end:
                raise TimeoutError
    except (OSError, ValueError) as error:
        # A timeout, a closed connection, or an invalid chunk.
        raise _cut_off() from error
    if length is None and not missing:
        raise too_large(most_bytes)
    if length is not None and missing:
        raise _cut_off()
    return b"".join(chunks)


@contextmanager
def _silence_ends(environ):
    """Limit how long the client may send nothing, if the web server lets us."""
    connection = environ.get("werkzeug.socket") or environ.get("socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(min(before or SILENCE_SECONDS, SILENCE_SECONDS))
    try:
        yield
    finally:
        connection.settimeout(before)


class InFlight:
    """The number of bytes that this process is taking in."""

    def __init__(self, most):
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()

    @contextmanager
    def reserved(self, size):
        """Reserve room for a request. A request that is alone always gets it.

        :raises Refused: 503 if other requests use it
        """
        with self._lock:
            if self._bytes and self._bytes + size > self._most:
                raise Refused(
                    503, "busy", "Too many messages at once. Send the message again later."
                )
            self._bytes += size
        try:
            yield
        finally:
            with self._lock:
                self._bytes -= size


in_flight = InFlight(MOST_IN_FLIGHT)

"""How requests with mail are taken: nothing of the body is read before it is known who sends it.

Core's dispatcher reads a form before the controller runs, whoever sent it, decodes its fields
as UTF-8, which damages mail, and answers errors with a page.
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
# Bytes of requests that this process holds at once; each takes its size about twice.
MOST_IN_FLIGHT = 256 * MEGABYTE
CHUNK = 1 << 18
# A provider or proxy sends without stopping; who sends a byte now and then holds a worker.
SILENCE_SECONDS = 20
SLOWEST_SECONDS = 120
RETRY_AFTER_SECONDS = 30


class Refused(Exception):
    """A request that is answered with another status than 200.

    :param int status: of the answer
    :param str code: says the same to a program, in the field ``X-Postmaster``
    :param str text: one line for a person
    """

    # It is expected: core writes no traceback of it into its log.
    loglevel = logging.DEBUG

    def __init__(self, status, code, text):
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


def answer(status, code, text):
    """Return a response that providers show to senders and a program reads the code of."""
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
    """Of routes that take mail; see the docstring of the module."""

    routing_type = "postmaster_inbound"
    # The mail, once it was read: core calls the controller again after a conflict.
    posted = None

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        # Nobody parses what the controller reads by itself.
        self.request.httprequest.form = self.request.httprequest.files = ImmutableMultiDict()
        if not self.request.db:
            return endpoint(**self.request.params)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        """Answer whatever went wrong so that the mail is sent again, unless it is decided."""
        if isinstance(exc, Refused):
            _logger.warning(
                "Mail posted from %s was not taken: %s (%s).",
                self.request.httprequest.remote_addr,
                exc.code,
                exc.status,
            )
            return answer(exc.status, exc.code, exc.text)
        if isinstance(exc, HTTPException):
            return exc
        return answer(503, "failed", "The mail was not stored. Send it again later.")

    def read_body(self, most_bytes):
        """Return the body of the request; there is a second time for nobody.

        :param int most_bytes: how long it may be
        :raises Refused: 503 when it comes too slowly or is cut off, 413 when it is too long
        """
        # Core hides the environment of WSGI from controllers, and has no other access to it.
        environ = self.request.httprequest._HTTPRequest__environ
        stream = environ["wsgi.input"]
        length = self.request.httprequest.content_length
        if length is None and "wsgi.input_terminated" not in environ:
            raise Refused(411, "no_length", "Say how long the body is, in Content-Length.")
        if (length or 0) > most_bytes:
            raise too_large(most_bytes)
        with _silence_ends(environ):
            return _read_stream(stream, length, most_bytes)


def too_large(most_bytes):
    """Return the :class:`Refused` for a body that is too long."""
    return Refused(413, "too_large", f"At most {most_bytes // MEGABYTE} MB are taken.")


def _cut_off():
    return Refused(503, "cut_off", "The request did not arrive in time, or not whole.")


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
        # Silence, a connection that was closed, a chunk that is none.
        raise _cut_off() from error
    if length is None and not missing:
        raise too_large(most_bytes)
    if length is not None and missing:
        raise _cut_off()
    return b"".join(chunks)


@contextmanager
def _silence_ends(environ):
    """Bound the time in which nothing comes, where the web server lets us."""
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
    """The bytes that are being taken in by this process."""

    def __init__(self, most):
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()

    @contextmanager
    def reserved(self, size):
        """Reserve room for a request; one that is alone always has it.

        :raises Refused: 503 when others have it
        """
        with self._lock:
            if self._bytes and self._bytes + size > self._most:
                raise Refused(503, "busy", "Too much mail at once. Send it again later.")
            self._bytes += size
        try:
            yield
        finally:
            with self._lock:
                self._bytes -= size


in_flight = InFlight(MOST_IN_FLIGHT)

"""The LMTP dialogue (RFC 2033), on top of aiosmtpd.

What this module adds to aiosmtpd: one reply per recipient after DATA, and never 5xx there, because
the mail server could only return the message to its sender; unchanged bytes, including long lines;
no second copy of the message in memory; a limit on what all connections hold together.

What this does not do: add a Received field. The mail server has added one. With another one, the
same bytes, submitted again because a reply was lost, would be a different message.
"""

import asyncio
import io
import logging
import re
from collections import Counter

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import MISSING
from psycopg2.errors import DiskFull, OutOfMemory

from ..gateway.posted import BLANKS, UNNAMED_FIELD
from ..pipeline.log_without_values import frames
from ..pipeline.submission import LMTP as SOURCE
from ..pipeline.submission import Submission
from .recipients import BAD, NOBODY

_logger = logging.getLogger(__name__)

# RFC 5321 section 4.5.3.2.4: a client waits two minutes for the reply to DATA.
PATIENCE_SECONDS = 60
# Mail servers declare the size. If one does not, memory is reserved as the data arrives.
UNKNOWN_SIZE = 1_000_000
MOST_RECIPIENTS = 1000
# RFC 1870 section 6.1: sizes are estimates.
TOLERANCE = 1.05
_END = b"\r\n.\r\n"
# A path with an address (RFC 5321 section 4.1.2, RFC 6531 section 3.3), and parameters. Dots may be
# anywhere in a local part, and underscores in a domain: there are such addresses.
_UTF8 = "\xa0-\ud7ff\ue000-\U0010ffff"
_LOCAL_PART = (
    rf"[\w!#$%&'*+/=?^`{{|}}~.\-{_UTF8}]+"
    rf'|"(?:[ !#-\[\]-~{_UTF8}]|\\[ -~])*"'
)
_LABEL = rf"[\w{_UTF8}](?:[\w\-{_UTF8}]*[\w{_UTF8}])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_PATH = re.compile(
    rf"<(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
    rf"((?:{_LOCAL_PART})@(?:{_DOMAIN}|\[[!-Z^-~]+\]))>(?: +(.*))?",
    re.ASCII,
)
_NULL_PATH = re.compile(r"<>(?: .*)?")

STORED = "250 2.0.0 Stored"
TRY_LATER = "451 4.3.0 Try again later"
NO_SPACE = "452 4.3.1 Not enough space, try again later"
TOO_LARGE = "452 4.3.4 The message is larger than announced, or than accepted"
ENDING = "421 4.3.2 The server is being restarted"
TOO_SLOW = "421 4.4.2 The client is too slow"
BAD_SENDER = "501 5.1.7 The sender is not a valid address"


class PostmasterLmtp(LMTP):
    """One connection.

    :param shared: the :class:`~.listener.SharedState` that all connections share
    """

    def __init__(self, shared, **options):
        super().__init__(
            shared,
            data_size_limit=shared.largest,
            enable_SMTPUTF8=True,
            ident="LMTP",
            **options,
        )
        self._shared = shared
        self.is_busy = False

    def connection_made(self, transport):
        self._shared.connections.add(self)
        return super().connection_made(transport)

    def connection_lost(self, error):
        self._shared.connections.discard(self)
        return super().connection_lost(error)

    def end(self):
        """Close the connection, after the reply to the current message."""
        if not self.is_busy:
            self._close(ENDING)

    def _timeout_cb(self):
        """Close the connection of a client that is silent; aiosmtpd calls it."""
        self._close(TOO_SLOW)

    def _close(self, reply):
        if not self.transport:
            return
        self.transport.write(f"{reply}\r\n".encode())
        if self.transport.get_write_buffer_size():
            # It would stay open until the client has read everything.
            self.transport.abort()
        else:
            self.transport.close()

    # --- before DATA ------------------------------------------------------------------

    async def check_helo_needed(self, helo="LHLO"):
        """Refuse a command before the greeting; aiosmtpd's own commands ask for HELO."""
        return await super().check_helo_needed("LHLO")

    async def smtp_VRFY(self, arg):
        if not await self.check_helo_needed():
            await super().smtp_VRFY(arg)

    async def smtp_MAIL(self, arg):
        """Refuse a sender that is not an address: aiosmtpd accepts blanks and comments in it."""
        path = self._strip_command_keyword("FROM:", arg or "")
        is_bad = path and not _PATH.fullmatch(path) and not _NULL_PATH.fullmatch(path)
        if is_bad and self.session.host_name:
            await self.push(BAD_SENDER)
        else:
            await super().smtp_MAIL(arg)

    def _getaddr(self, arg):
        """Return ``(address, parameters)`` of MAIL and RCPT; aiosmtpd calls it."""
        path = _PATH.fullmatch(arg)
        return (path[1], path[2] or "") if path else super()._getaddr(arg)

    # --- DATA -------------------------------------------------------------------------

    async def smtp_DATA(self, arg):
        """Receive a message. aiosmtpd's method sends a single reply, which may be 5xx."""
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        self.is_busy = True
        part = Part(self._shared.budget, self.data_size_limit)
        is_coming = None
        try:
            if not await part.begin(_declared_size(self.envelope)):
                await self.push(NO_SPACE)
                return
            is_coming = self._shared.commits.expect(_declared_size(self.envelope))
            envelope = self.envelope
            reply = await self._take(envelope, part)
            self._set_post_data_state()
            await self.push("\r\n".join([reply] * len(envelope.rcpt_tos)))
        finally:
            if is_coming:
                is_coming()
            part.end()
            self.is_busy = False
            if self._shared.is_ending:
                self.end()

    async def _take(self, envelope, part):
        """Read a message and store it; return the reply."""
        content = io.BytesIO()
        content.write(f"Return-Path: <{_sender(envelope)}>".encode())
        await self._read_in_time(content, part)
        if part.refusal:
            return part.refusal
        try:
            await self._shared.store(envelope, content.getvalue())
        except (DiskFull, OutOfMemory):
            return NO_SPACE
        except Exception as error:  # noqa: BLE001  the mail server keeps it and tries again
            _logger.warning("A message was not stored (%s)", type(error).__name__)
            return TRY_LATER
        return STORED

    async def _read_in_time(self, content, part):
        """Read a message, or close the connection: one that is not sent to its end uses memory."""
        seconds = self._shared.receive
        deadline = self.loop.call_later(seconds, self._close, TOO_SLOW)
        try:
            await self._read(content, part)
        finally:
            deadline.cancel()

    async def _read(self, content, part):
        """Read to the end of a message, and undo the dot-stuffing.

        The line end of the command counts as the one before the first line, so that a message
        may begin with a dot or be empty. It ends the field that was written before.
        """
        # A client sends the message only after the reply, so the buffer is empty.
        self._reader._buffer[:0] = b"\r\n"
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        carry, is_complete, start = b"", False, content.tell()
        while not is_complete:
            try:
                chunk = await self._reader.readuntil(_END)
                is_complete = True
            except asyncio.LimitOverrunError as more:
                chunk = await self._reader.read(more.consumed)
            self._reset_timeout()
            chunk = carry + (chunk[:-3] if is_complete else chunk)
            # The possible beginning of a line end and a dot is kept for the next chunk.
            kept = 0 if is_complete else _unfinished(chunk)
            carry = chunk[len(chunk) - kept :]
            text = chunk[: len(chunk) - kept].replace(b"\r\n.", b"\r\n")
            if content.tell() == start and text[2:3] in BLANKS:
                # It would continue the field above.
                text = text[:2] + UNNAMED_FIELD + text[2:]
            if part.grow(len(text)):
                content.write(text)
            else:
                content.seek(0)
                content.truncate()


class Part:
    """The part of the memory that one message uses.

    :param budget: the :class:`~.budget.Budget`
    :param int largest: the maximum size of a message, in bytes
    """

    def __init__(self, budget, largest):
        self._budget = budget
        self._largest = largest
        # Bytes by the class of sizes that they count for.
        self._reserved = Counter()
        self._used = 0
        self.refusal = None

    async def begin(self, declared):
        """Wait for memory; return whether it is available."""
        size = min(int(declared * TOLERANCE), self._largest) if declared else UNKNOWN_SIZE
        if await self._budget.reserve(size, PATIENCE_SECONDS):
            self._reserved[self._budget.class_of(size)] += size
            return True
        return False

    def grow(self, size):
        """Count bytes that are kept; return whether they may be."""
        self._used += size
        if self._used > self._largest:
            self.refusal = TOO_LARGE
        while not self.refusal and self._used > self._reserved.total():
            # It is larger than announced, and how large it will be is unknown.
            number = self._budget.largest_class
            if self._budget.try_reserve(UNKNOWN_SIZE, number):
                self._reserved[number] += UNKNOWN_SIZE
            else:
                self.refusal = NO_SPACE
        return not self.refusal

    def end(self):
        for number, size in self._reserved.items():
            self._budget.free(size, number)
        self._reserved.clear()


class Dialogue:
    """The hooks of aiosmtpd that decide before the message is received."""

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        """Announce extensions; LMTP requires both of these (RFC 2033 section 4.5)."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *responses[1:]]

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        """Reply whether a recipient is ours."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            found = await self.recipients.find(address)
        except Exception as error:  # noqa: BLE001  an error must not refuse a recipient
            _logger.warning("A recipient could not be looked up (%s)", type(error).__name__)
            return TRY_LATER
        if found is BAD:
            return "553 5.1.3 Not a valid address"
        if found is NOBODY:
            return "550 5.1.1 There is no such address here"
        envelope.rcpt_tos.append(found)
        return "250 2.1.5 OK"

    async def handle_exception(self, error):
        """Reply after an internal error."""
        _logger.error("LMTP: internal error\n%s", frames(error))
        return TRY_LATER

    async def store(self, envelope, raw):
        """Return once a message is stored."""
        fallback = next((one.fallback for one in envelope.rcpt_tos if one.fallback), None)
        await self.commits.store(
            Submission(
                raw=raw,
                entry_model="mail.thread",
                source=SOURCE,
                options={"model": fallback},
                recipients=tuple(dict.fromkeys(one.address for one in envelope.rcpt_tos)),
            )
        )


def _declared_size(envelope):
    """Return the size that MAIL declared, or 0. It was checked there."""
    sizes = [option[5:] for option in envelope.mail_options if option.startswith("SIZE=")]
    return int(sizes[0]) if sizes else 0


def _sender(envelope):
    # aiosmtpd passes the null sender as it was written.
    return "" if envelope.mail_from in (None, "<>", MISSING) else envelope.mail_from


def _unfinished(chunk):
    """Return how many bytes at the end may belong to a line end that a dot follows."""
    return 2 if chunk.endswith(b"\r\n") else 1 if chunk.endswith(b"\r") else 0

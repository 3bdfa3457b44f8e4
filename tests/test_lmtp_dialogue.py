"""The LMTP dialogue over real sockets, without a database.

The daemon itself is tested by dev/system/test_serve_*.py.
"""

import asyncio
import time
from importlib.util import find_spec
from unittest import skipUnless

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.daemon.recipients import Recipient

MEGABYTE = 1_000_000


class Commits:
    """Stores in memory."""

    def __init__(self):
        self.stored = []

    def expect(self, _size):
        return lambda: None

    async def store(self, submission):
        self.stored.append(submission.raw)


class Known:
    """Every recipient is ours."""

    async def find(self, address):
        return Recipient(address, None)


class Client:
    """A mail server."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer

    async def say(self, line):
        """Send a line; return the reply, its last line only."""
        self._writer.write(line + b"\r\n")
        return await self.reply()

    async def reply(self):
        while (line := await self._reader.readline())[3:4] == b"-":
            pass
        return line

    async def begin(self, size=None, recipients=1):
        """Go on until the content of a message is expected; return the reply to DATA."""
        declared = b"" if size is None else b" SIZE=%d" % size
        await self.say(b"LHLO client.test")
        await self.say(b"MAIL FROM:<jane@customer.test>" + declared)
        for number in range(recipients):
            await self.say(b"RCPT TO:<sales%d@example.com>" % number)
        return await self.say(b"DATA")

    async def deliver(self, size):
        """Deliver a message of about this size; return the reply."""
        line = b"x" * 76 + b"\r\n"
        answer = await self.begin(size)
        if not answer.startswith(b"354"):
            return answer
        self._writer.write(b"Subject: x\r\n\r\n" + line * (size // len(line)) + b".\r\n")
        return await self.reply()

    async def send(self, octets):
        self._writer.write(octets)
        await self._writer.drain()

    async def is_closed(self):
        return not await self._reader.read(1)


@skipUnless(find_spec("aiosmtpd"), "The Python library aiosmtpd is not installed.")
class TestLmtpDialogue(BaseCase):
    """Each test is a coroutine that connects clients to a listener."""

    def serve(self, dialogue, *, memory=256, receive=300):
        # Importing them requires that library.
        from odoo.addons.mail_postmaster.daemon.command import Settings
        from odoo.addons.mail_postmaster.daemon.listener import SharedState
        from odoo.addons.mail_postmaster.daemon.protocol import PostmasterLmtp

        settings = Settings(
            database="",
            addresses=(),
            workers=0,
            largest=100 * MEGABYTE,
            memory=memory * MEGABYTE,
            socket_mode=0,
            watches=False,
            poll=0,
            pace=0,
            grace=0,
            receive=receive,
        )

        async def run():
            loop = asyncio.get_running_loop()
            self.commits = Commits()
            self.shared = SharedState(settings, Known(), self.commits)
            server = await loop.create_server(
                lambda: PostmasterLmtp(self.shared, loop=loop, hostname="test"), "127.0.0.1", 0
            )
            self.port = server.sockets[0].getsockname()[1]
            try:
                await asyncio.wait_for(dialogue(), 30)
            finally:
                server.close()
                for connection in list(self.shared.connections):
                    connection.transport.abort()

        asyncio.run(run())

    async def connect(self):
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        await client.reply()
        return client

    # --- memory -----------------------------------------------------------------------

    def test_clients_that_announce_much_and_stop_hold_up_nobody(self):
        async def dialogue():
            stopped = [await self.connect() for _number in range(3)]
            waiting = [asyncio.create_task(one.begin(95 * MEGABYTE)) for one in stopped]
            await asyncio.sleep(0.2)
            for size in (1000, MEGABYTE // 2, 5 * MEGABYTE):
                start = time.monotonic()
                client = await self.connect()
                self.assertRegex(await client.deliver(size), b"^250 ")
                self.assertLess(time.monotonic() - start, 5)
            for task in waiting:
                task.cancel()

        self.serve(dialogue)
        self.assertEqual(len(self.commits.stored), 3)

    # --- time -------------------------------------------------------------------------

    async def check_deadline(self, client, octets=b"y", seconds=1):
        """Send content slowly until the connection is closed; the memory is free again."""
        start = time.monotonic()
        while self.shared.connections:
            self.assertLess(time.monotonic() - start, seconds + 3)
            try:
                await client.send(octets)
            except ConnectionError:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        self.assertFalse(self.shared.connections)
        self.assertTrue(self.shared.budget.try_reserve(self.shared.largest, 2))

    def test_message_that_comes_too_slowly(self):
        async def dialogue():
            client = await self.connect()
            self.assertRegex(await client.begin(95 * MEGABYTE), b"^354 ")
            await self.check_deadline(client)

        self.serve(dialogue, receive=1)
        self.assertEqual(self.commits.stored, [])

    def test_client_is_told_that_it_was_too_slow(self):
        async def dialogue():
            client = await self.connect()
            await client.begin()
            self.assertRegex(await client.reply(), b"^421 4.4.2 ")
            self.assertTrue(await client.is_closed())

        self.serve(dialogue, receive=1)

    def test_message_that_comes_too_slowly_in_large_parts(self):
        async def dialogue():
            client = await self.connect()
            await client.begin(95 * MEGABYTE)
            await self.check_deadline(client, b"y" * 100_000)

        self.serve(dialogue, receive=1)

    def test_client_that_reads_no_replies(self):
        """What it has not read is discarded: the connection does not wait for it."""

        async def dialogue():
            client = await self.connect()
            await client.say(b"LHLO client.test")
            client._writer.transport.pause_reading()
            client._writer.write(b"VRFY jane@customer.test\r\n" * 500_000)
            [connection] = self.shared.connections
            while not connection.transport.get_write_buffer_size():
                await asyncio.sleep(0.05)
            connection._timeout_cb()
            await asyncio.sleep(0.2)
            self.assertFalse(self.shared.connections)
            self.assertTrue(self.shared.budget.try_reserve(self.shared.largest, 2))

        self.serve(dialogue)

    def test_message_that_comes_in_time_is_stored(self):
        async def dialogue():
            client = await self.connect()
            await client.begin()
            await asyncio.sleep(0.5)
            await client.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
            self.assertRegex(await client.reply(), b"^250 ")
            # The deadline was that of the message, not of the connection.
            await asyncio.sleep(1)
            self.assertRegex(await client.say(b"NOOP"), b"^250 ")

        self.serve(dialogue, receive=1)
        self.assertEqual(len(self.commits.stored), 1)

    # --- order and syntax -------------------------------------------------------------

    def test_nothing_is_said_about_addresses_before_the_greeting(self):
        async def dialogue():
            client = await self.connect()
            for line in (
                b"VRFY sales@example.com",
                b"VRFY",
                b"MAIL FROM:<jane@customer.test>",
                b"MAIL FROM:<a b@customer.test>",
                b"RCPT TO:<sales@example.com>",
                b"DATA",
            ):
                self.assertRegex(await client.say(line), b"^503 .*LHLO", line)
            await client.say(b"LHLO client.test")
            self.assertRegex(await client.say(b"VRFY sales@example.com"), b"^252 ")

        self.serve(dialogue)

    def test_senders_that_the_standard_forbids(self):
        async def dialogue():
            client = await self.connect()
            await client.say(b"LHLO client.test")
            for path in FORBIDDEN:
                self.assertRegex(await client.say(b"MAIL FROM:" + path), b"^501 ", path)
                self.assertRegex(await client.say(b"RCPT TO:<s@example.com>"), b"^503 ", path)
            for path in (b"FROM <jane@customer.test>", b"<jane@customer.test>", b""):
                self.assertRegex(await client.say(b"MAIL " + path), b"^501 ", path)

        self.serve(dialogue)

    def test_senders_that_the_standard_allows(self):
        async def dialogue():
            client = await self.connect()
            await client.say(b"LHLO client.test")
            for path, sender in ALLOWED.items():
                self.assertRegex(await client.say(b"MAIL FROM:" + path), b"^250 ", path)
                await client.say(b"RCPT TO:<sales@example.com>")
                await client.say(b"DATA")
                self.assertRegex(await client.say(b"Subject: x\r\n\r\nx\r\n."), b"^250 ")
                stored = self.commits.stored[-1].partition(b"\r\n")[0]
                self.assertEqual(stored, b"Return-Path: <" + sender + b">")

        self.serve(dialogue)


FORBIDDEN = (
    b"<a b@customer.test>",
    b" <a b@customer.test>",
    b"<a\tb@customer.test>",
    b"<jane>",
    b"<jane@>",
    b"<@customer.test>",
    b"< >",
    b"<jane@customer test>",
    b"<jane@@customer.test>",
    b"<jane@customer..test>",
    b"<jane@.customer.test>",
    b"<jane@-customer.test>",
    b"<jane@customer.test->",
    b"<jane@customer.test> <john@customer.test>",
    b"<jane@customer.test>SIZE=3",
    b"<jane@customer.test",
    b"jane@customer.test>",
    b"jane@customer.test",
    b"Jane <jane@customer.test>",
    b"<jane(comment)@customer.test>",
    b"<(comment)jane@customer.test>",
    b"<jane\0@customer.test>",
    b"<ja\x01ne@customer.test>",
    b'<"jane\0"@customer.test>',
    b'<"jane\r x"@customer.test>',
    b'<"jane"x@customer.test>',
    b"<jane,john@customer.test>",
    b"<jane;@customer.test>",
    b"<jane:john@customer.test>",
    b"<<jane@customer.test>>",
    b"<jane\\@customer.test>",
    b"<jane@[]>",
    b"<jane@[192.0.2.1>",
    b"<jane@customer,test>",
    b"<\xff@customer.test>",
    b"<jane@\xff.test>",
)
# The path as written, and the address in it.
ALLOWED = {
    b"<jane@customer.test>": b"jane@customer.test",
    b" <jane@customer.test>": b"jane@customer.test",
    b"<jane@customer.test> SIZE=100 BODY=8BITMIME": b"jane@customer.test",
    b"<>": b"",
    b"<> SIZE=100": b"",
    b"<root@localhost>": b"root@localhost",
    b"<jane@under_score.customer.test>": b"jane@under_score.customer.test",
    b"<bounces+1=jane=customer.test@list.test>": b"bounces+1=jane=customer.test@list.test",
    b"<" + b"x" * 100 + b"@customer.test>": b"x" * 100 + b"@customer.test",
    b"<jane@[192.0.2.1]>": b"jane@[192.0.2.1]",
    b"<jane@[IPv6:2001:db8::1]>": b"jane@[IPv6:2001:db8::1]",
    b'<"a b"@customer.test>': b'"a b"@customer.test',
    b'<"a\\"b"@customer.test>': b'"a\\"b"@customer.test',
    b"<@relay.test,@other.test:jane@customer.test>": b"jane@customer.test",
    # No standard allows these dots, and a provider gives such addresses to people.
    b"<jane..doe.@customer.test>": b"jane..doe.@customer.test",
    "<jürgen@müller.test> SMTPUTF8".encode(): "jürgen@müller.test".encode(),
    "<😀@customer.test> SMTPUTF8".encode(): "😀@customer.test".encode(),
}

"""Clients of the mail daemon that begin a message and do not go on, with real processes."""

import time

from mails import mail
from serving import count

from environment.serve import deliver

ANNOUNCED = 95_000_000


def stalled(daemon, size=ANNOUNCED):
    """Return a connection that has announced a message, and sends nothing after DATA."""
    connection = daemon.connect()
    connection.ehlo()
    connection.mail("jane@customer.test", [f"size={size}"])
    connection.rcpt("sales@example.com")
    connection.putcmd("DATA")
    return connection


def test_others_do_not_wait_for_them(gateway, serve):
    daemon = serve("--workers=0", "--no-watch")
    holding = [stalled(daemon) for _number in range(3)]
    time.sleep(1)
    with daemon.connect() as connection:
        for number, size in enumerate((1000, 500_000, 5_000_000), 1):
            start = time.monotonic()
            raw = mail(subject=f"Number {number}", body=b"x" * 76 + b"\r\n") + b"y\r\n" * (
                size // 3
            )
            assert deliver(connection, raw)[0][0] == 250
            assert time.monotonic() - start < 10
            assert count(gateway) == number
    for connection in holding:
        connection.close()


def test_they_are_disconnected_and_the_next_large_message_is_received(gateway, serve):
    daemon = serve("--workers=0", "--no-watch", "--receive=10")
    start = time.monotonic()
    holding = [stalled(daemon) for _number in range(2)]
    for connection in holding:
        assert connection.getreply()[0] == 354
        code, text = connection.getreply()
        assert (code, text[:5]) == (421, b"4.4.2")
        connection.close()
    assert 9 < time.monotonic() - start < 20
    with daemon.connect() as connection:
        raw = mail(subject="Large", body=(b"x" * 76 + b"\r\n") * 800_000)
        assert deliver(connection, raw)[0][0] == 250
    assert count(gateway) == 1

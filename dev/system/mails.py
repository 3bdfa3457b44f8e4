"""Messages for the tests, as the bytes that a server delivers."""

import itertools
from datetime import datetime, timezone
from email.utils import format_datetime

# One date for all: equal fields make equal messages. Old messages get no notice.
TODAY = format_datetime(datetime.now(timezone.utc))
_numbers = itertools.count(1)


def mail(
    to="sales@example.com",
    sender="Jane Doe <jane@customer.test>",
    subject="Hello",
    message_id=None,
    body=b"Good morning\r\n",
    content_type="text/plain; charset=utf-8",
    headers="",
    date=TODAY,
):
    """Return a message as bytes, with a unique Message-Id; ``message_id=""`` for none."""
    if message_id is None:
        message_id = f"<{next(_numbers)}.test@customer.test>"
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Date: {date}",
        "MIME-Version: 1.0",
        f"Content-Type: {content_type}",
        *headers.splitlines(),
    ]
    if message_id:
        lines.append(f"Message-Id: {message_id}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def nested(depth, **fields):
    """Return a message of nested multiparts."""
    opening = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (level, level + 1)
        for level in range(depth)
    )
    innermost = b"--b%d\r\nContent-Type: text/plain\r\n\r\ndeep\r\n--b%d--\r\n" % (depth, depth)
    closing = b"".join(b"--b%d--\r\n" % level for level in reversed(range(depth)))
    return mail(
        content_type='multipart/mixed; boundary="b0"', body=opening + innermost + closing, **fields
    )

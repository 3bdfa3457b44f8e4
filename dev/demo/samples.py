"""The messages of ``dev/samples``, adapted to a database.

The files are kept byte for byte. What only a running database can know is a word between @@ in
them: the Message-Id of a message sent by Odoo, its recipient, the time.
"""

from email.utils import formatdate
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "samples"
MEGABYTE = 1024 * 1024
# The payload of base64 in lines of 76 characters, as RFC 2045 requires.
LINE = b"QUJD" * 19 + b"\r\n"


def read(message_id, customer):
    """Return the messages as bytes, in the order of their names, followed by a big one.

    :param message_id: Message-Id of a message sent by this database
    :param customer: address it was sent to
    """
    words = {
        b"@@MESSAGE_ID@@": message_id,
        b"@@CUSTOMER@@": customer,
        b"@@DATE@@": formatdate(localtime=True),
    }
    files = sorted(FOLDER.glob("*.eml"))
    return [*(_substituted(path.read_bytes(), words) for path in files), big()]


def _substituted(raw, words):
    for word, text in words.items():
        raw = raw.replace(word, text.encode())
    return raw


def big(megabytes=12):
    """Return a message with a big attachment; generated, to keep it out of the repository."""
    head = (
        "Return-Path: <lea@example.org>\n"
        "Message-ID: <big.1@example.org>\n"
        f"Date: {formatdate(localtime=True)}\n"
        "From: Lea <lea@example.org>\n"
        "To: sales@example.com\n"
        "Subject: The plan of our office\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="=_big_1"\n'
        "\n"
        "--=_big_1\n"
        "Content-Type: text/plain; charset=us-ascii\n"
        "\n"
        "Where would you put the desks?\n"
        "--=_big_1\n"
        'Content-Type: application/octet-stream; name="plan.bin"\n'
        'Content-Disposition: attachment; filename="plan.bin"\n'
        "Content-Transfer-Encoding: base64\n"
        "\n"
    )
    body = LINE * (megabytes * MEGABYTE // len(LINE))
    return head.replace("\n", "\r\n").encode() + body + b"--=_big_1--\r\n"

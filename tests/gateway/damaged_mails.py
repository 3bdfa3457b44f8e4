"""Sample messages with pieces lost, moved, repeated or replaced, the same in every run.

Without Odoo, so that ``dev/bench hostile`` can use them too.
"""

import random
from pathlib import Path

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "data").rglob("*.eml"))
LONGEST_PIECE = 300
MOST_CHANGES = 6
# What a program in transit, or an attacker, inserts in the wrong place.
PIECES = (
    b"",
    b"\0",
    b"\0" * 20,
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\xff\xfe",
    b"\xc3",
    b"\x1b$B",
    b"--b\r\n",
    b"--",
    b"; charset=x-odd",
    b"; charset=utf-16",
    b"; charset=idna",
    b'; boundary=""',
    b"=?utf-8?b?",
    b"=?x?q?=00?=",
    b"=?utf-8?q?=ff?=",
    b"(" * 40,
    b'"',
    b"\\",
    b"<",
    b">",
    b"@",
    b"\r\nContent-Type: multipart/mixed\r\n\r\n",
    b"\r\nContent-Type: message/rfc822\r\n\r\n",
    b"\r\nContent-Transfer-Encoding: base64\r\n",
    b"\r\nContent-Type: text/html\r\n\r\n<div>",
    b"\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n",
    b'\r\nContent-Disposition: attachment; filename="../../a\0.exe"\r\n',
    b"\r\nDate: 0\r\n",
    b"\r\nMessage-Id: <",
    b"\r\nFrom: \r\n",
    b"\r\nReferences: <<>>\r\n",
    b"\x85",
    "\u202e".encode(),
)


def damaged(number):
    """Return the damaged message with this number, as bytes."""
    chance = random.Random(number)
    raw = chance.choice(SAMPLES).read_bytes()
    for _change in range(chance.randint(1, MOST_CHANGES)):
        raw = _change_once(raw, chance)
    return raw


def _change_once(raw, chance):
    start = chance.randint(0, len(raw))
    end = start + chance.choice((0, 1, chance.randint(0, LONGEST_PIECE)))
    piece = chance.choice((chance.choice(PIECES), raw[start:end] * 3, chance.randbytes(8)))
    return raw[:start] + piece + raw[end:]

"""Whether the author of a message logged in to the mail server that took it.

Every server on the way adds ``Received`` on top (RFC 5321 section 4.4), and names there how it was
given the message (RFC 3848): ``ESMTPA`` and ``ESMTPSA`` mean that the client logged in. From the
top, hops within the own installation are skipped: deliveries by LMTP, and those from a loopback,
private or link-local address. The first hop that is left was written where the message came in,
and what lies below it may be the sender's invention. If all hops are private, the lowest counts:
a colleague in the local network.

Whatever cannot be read counts as not logged in: a field with unbalanced comments, with more than
one "by" or "with", or in the words of a server that does not name RFC 3848's protocols.

Limitation: behind a proxy that hides the addresses of clients, every client has a private address,
and the hop below is the sender's. Such a server has to authenticate senders itself, and to be named
as trusted.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..envelope import read_fields

# A message in a loop has more; the first few decide.
MOST_HOPS = 50
# A field ends long before.
LONGEST_HOP = 2_000

LOGGED_IN = frozenset({"esmtpa", "esmtpsa", "utf8smtpa", "utf8smtpsa"})
DELIVERY = frozenset(
    f"{charset}lmtp{security}" for charset in ("", "utf8") for security in ("", "a", "s", "sa")
)
PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)

# Comments, quoted strings and addresses are the client's own words.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>')
_BY = re.compile(r"(?<!\S)by(?:\s+(\S*)|$)", re.IGNORECASE)
_PROTOCOL = re.compile(r"(?<!\S)with\s+([a-z0-9-]+)", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\[(?:ipv6:)?([0-9a-f:.]*:[0-9a-f:.]*)(?:%\w+)?\]", re.IGNORECASE
)


class Hop(NamedTuple):
    """A ``Received`` field, as far as it is clear.

    :param protocol: in lower case, or ``""``
    :param server: the name after "by" in lower case, or ``""``
    :param clients: the addresses of the client
    """

    protocol: str = ""
    server: str = ""
    clients: tuple[str, ...] = ()

    @property
    def is_within(self) -> bool:
        """Whether it is within the own installation, if all above it are."""
        is_private = bool(self.clients) and all(map(_is_private, self.clients))
        return is_private or self.protocol in DELIVERY


def is_submitted(header: bytes) -> bool:
    """Return whether a message was handed over by a client that had logged in.

    Takes linear time in the length of the header, and never raises.

    :param header: the header block
    """
    hops = hops_to_border(read_fields(header, str).get("received", ()))
    return bool(hops) and hops[-1].protocol in LOGGED_IN


def hops_to_border(values: Sequence[str]) -> list[Hop]:
    """Return each :class:`Hop` from the top, up to the one at which the message came in.

    :param values: the ``Received`` fields, topmost first
    """
    hops = []
    for value in values[:MOST_HOPS]:
        hops.append(_hop(value))
        if not hops[-1].is_within:
            break
    return hops


def _hop(value):
    plain, comments = _divided(value[:LONGEST_HOP])
    words = plain.lower().split()
    if len(value) > LONGEST_HOP or words.count("by") != 1 or words.count("with") > 1:
        return Hop()
    by, protocol = _BY.search(plain), _PROTOCOL.search(plain)
    # The server's own address may stand in a comment after "by".
    client = " ".join(text for position, text in comments if position <= by.start())
    return Hop(
        protocol[1].lower() if protocol else "",
        (by[1] or "").lower().strip(".[]"),
        tuple(match[1] or match[0] for match in _ADDRESS.finditer(client)),
    )


def _divided(value):
    """Return ``(text outside comments, [(position in it, comment)])``; empty if they are broken."""
    plain, comments, depth = [], [], 0
    for part in re.split(r"([()])", _QUOTED.sub(" ", value)):
        depth += {"(": 1, ")": -1}.get(part, 0)
        if depth < 0:
            return "", []
        if part == "(" and depth == 1:
            comments.append([sum(map(len, plain)), ""])
        if depth:
            comments[-1][1] += part
        elif part != ")":
            plain.append(part)
    return ("", []) if depth else ("".join(plain), comments)


def _is_private(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # An IPv4 address as a dual-stack server sees it.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in PRIVATE)

"""Sender of a message, where a reply to it would go, and whose rate slots it takes.

A reply goes to the return path (RFC 3834 section 4), which the client that submits the message
writes. If it is not in the sender's domain, it may have been chosen by a third party or by a
program: no notice is sent there, and what arrives with it does not count as the sender's own
message. Otherwise a third party could lock the sender out.

This is not authentication: sender and return path can both be forged.
"""

from typing import NamedTuple

from .address_list import canonical_addresses
from .envelope import decode_field, read_fields

LONGEST_KEY = 255


class Sender(NamedTuple):
    """The sender of a message, as it says.

    :param address: canonical address in From, empty if missing
    :param notice_address: canonical address that notices may go to, or empty
    :param rate_key: key of the sender whose messages are counted; never empty
    """

    address: str
    notice_address: str
    rate_key: str


def sender_of(header: bytes, email_from: str) -> Sender:
    """Return the :class:`Sender` of a message, whatever its header.

    :param header: the header block
    :param email_from: the From field that the message is processed with
    """
    senders = list(canonical_addresses(email_from))
    sender = senders[0] if senders else ""
    # Text that is not an address also counts as a sender, with its own rate limit.
    key = sender or " ".join(email_from.lower().split())[:LONGEST_KEY] or "nobody"
    fields = read_fields(header, decode_field)
    if "return-path" not in fields:
        return Sender(sender, sender, key)
    # The delivering server adds its own on top (RFC 5321 section 4.4).
    paths = list(canonical_addresses(fields["return-path"][0]))
    # The header may name a forwarder for which the author has been found.
    senders += [address for text in fields.get("from", ()) for address in canonical_addresses(text)]
    if len(paths) == 1 and any(_is_related(_domain(paths[0]), _domain(known)) for known in senders):
        return Sender(sender, paths[0], key)
    via = _domain(paths[0]) if len(paths) == 1 else "elsewhere"
    return Sender(sender, "", f"{key} {via}")


def _domain(address):
    return address.rpartition("@")[2]


def _is_related(domain, other):
    """Return whether two domains are equal or one is a subdomain of the other."""
    return bool(domain and other) and (
        domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")
    )

"""Who sent a mail, where an answer to it would go, and whose places it takes.

An answer goes to the return path (RFC 3834 section 4), which is written by whoever hands the
mail over. Where that is not at the domain of the sender, a stranger or a program may have
chosen it: nobody is answered there, and what comes by way of it does not count as the
sender's own mail, which could be kept out like that.

What this does not do: prove anything. Sender and return path can both be made up.
"""

from typing import NamedTuple

from .address_list import canonical_addresses
from .envelope import decode_field, read_fields

LONGEST_KEY = 255


class Origin(NamedTuple):
    """Where a mail comes from.

    :param sender: canonical address in From, empty when there is none
    :param addressee: canonical address that may be answered, empty for nobody
    :param key: text that stands for the sender in a count; never empty
    """

    sender: str
    addressee: str
    key: str


def read_origin(header, email_from):
    """Return the :class:`Origin` of a mail, whatever its header is.

    :param bytes header: the header block
    :param str email_from: the From field as the mail is processed with
    """
    senders = list(canonical_addresses(email_from))
    sender = senders[0] if senders else ""
    # What is no address is a sender all the same, and may write too often.
    key = sender or " ".join(email_from.lower().split())[:LONGEST_KEY] or "nobody"
    fields = read_fields(header, decode_field)
    if "return-path" not in fields:
        return Origin(sender, sender, key)
    # The server that delivers adds its own on top (RFC 5321 section 4.4).
    paths = list(canonical_addresses(fields["return-path"][0]))
    # A forwarder may stand in the header, and the author have been found behind it.
    senders += [address for text in fields.get("from", ()) for address in canonical_addresses(text)]
    if len(paths) == 1 and any(_is_related(_domain(paths[0]), _domain(known)) for known in senders):
        return Origin(sender, paths[0], key)
    via = _domain(paths[0]) if len(paths) == 1 else "elsewhere"
    return Origin(sender, "", f"{key} {via}")


def _domain(address):
    return address.rpartition("@")[2]


def _is_related(domain, other):
    """Tell whether two domains are one, or one lies in the other."""
    return bool(domain and other) and (
        domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")
    )

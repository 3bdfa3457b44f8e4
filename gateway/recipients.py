"""The recipients of a message, from the best available source.

Sources in this order; the first that names any recipient decides alone:

1. the transport: RCPT of LMTP, a field of an HTTP request;
2. the first header field the message has among those that the administrator trusts for this
   server, in the configured order;
3. the fields that people write: To, Cc, Resent-To, Resent-Cc. If no field is trusted,
   Delivered-To is read as well, as in Odoo.

Only the topmost occurrence of a trusted field counts. A server adds its own above what it
received (RFC 5321 section 4.4), so a copy that the sender added lies below it. If a server does
not always add one, that copy is the topmost: Dovecot adds no Delivered-To to a message for
several recipients. If the server writes above its own Received field, the preset can require that
only what stands there counts.

Not done here: finding the records the addresses belong to (``matching``).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .address_list import canonical_addresses, first_address, read_addresses
from .addresses import BadAddress, canonical
from .envelope import RECIPIENT_FIELDS, decode_field, decode_octets, read_fields

# Searching a database for more of them would take hours.
MOST_RECIPIENTS = 10_000
MOST_REJECTED = 20
LONGEST_QUOTE = 100
# Position of the recipient in a Received field, counted from its end.
_LONGEST_CLAUSE = 2000
_MOST_COMMENTS = 5

_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)

TRANSPORT = "transport"
HEADER = "header"

# ``Received`` stands for its "for" clause. The value of Original-Recipient is what the *sender's*
# side requested for reports (RFC 3461 section 4.2), so it is the weakest.
TRUSTED_FIELDS = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "X-Forwarded-To",
    "X-Rcpt-To",
    "Original-Recipient",
    "Apparently-To",
    "Received",
)


class Preset(NamedTuple):
    """The fields to trust at a mail server.

    :param fields: fields of :data:`TRUSTED_FIELDS`, best first
    :param is_on_top: whether the server writes them above its own Received field
    """

    fields: tuple[str, ...] = ()
    is_on_top: bool = False


# They are explained on the form of the incoming mail server, where they are chosen.
PRESETS = {
    "postfix": Preset(("X-Original-To", "Delivered-To"), is_on_top=True),
    "dovecot": Preset(("Delivered-To",), is_on_top=True),
    "exim": Preset(("Envelope-To",), is_on_top=True),
    "gmail": Preset(("Delivered-To",), is_on_top=True),
    "microsoft": Preset(),
    "fastmail": Preset(("X-Delivered-To",)),
    "kerio": Preset(("X-Envelope-To",)),
    "qmail": Preset(("Delivered-To",), is_on_top=True),
    "other": Preset(),
}


@dataclass(frozen=True)
class Recipients:
    """The recipients of a message.

    :param addresses: canonical addresses in order, without duplicates
    :param source: ``transport``, the name of the trusted field, or ``header``
    :param is_envelope: whether these are envelope recipients, so that no others count
    :param rejected: ``(text, reason)`` of invalid recipients; the reason is one of
        :class:`~.addresses.BadAddress` or ``too_many_recipients``
    """

    addresses: tuple[str, ...]
    source: str
    is_envelope: bool
    rejected: tuple[tuple[str, str], ...]


def envelope_recipients(
    header: bytes,
    told: Iterable[str] = (),
    trusted: Sequence[str] = (),
    prefix: str = "",
    on_top: bool = False,
) -> Recipients:
    """Return the :class:`Recipients` of a message, whatever its header.

    :param header: the header block
    :param told: recipients reported by the transport
    :param trusted: names of fields, best first
    :param prefix: prefix to remove from the local part of a trusted field, if present
    :param on_top: count only trusted fields above the topmost Received field
    """
    told = [text for text in map(str, told) if text.strip()]
    if told:
        return _collect(told, TRANSPORT, True)
    fields = read_fields(header, _unfolded)
    own = read_fields(_above_received(header), _unfolded) if on_top and trusted else fields
    for name in trusted:
        written = fields if name.lower() == "received" else own
        # An empty field names no recipient, and a sender gains nothing by adding one.
        if evidence := _evidence(name, next(iter(written.get(name.lower(), ())), "")):
            return _collect([evidence], name, True, prefix)
    names = [name for name in RECIPIENT_FIELDS if not (trusted and name == "delivered-to")]
    return _collect((text for name in names for text in fields.get(name, ())), HEADER, False)


def read_sender(header: bytes) -> str:
    """Return the canonical address in From, empty if there is none.

    :param header: the header block
    """
    text = next(iter(read_fields(header, decode_field).get("from", ())), "")
    return first_address(text)


def header_addresses(header: bytes) -> list[str]:
    """Return the canonical addresses in From, To and Cc.

    :param header: the header block
    """
    fields = read_fields(header, decode_field)
    return [
        address
        for name in ("from", "to", "cc")
        for text in fields.get(name, ())
        for address in canonical_addresses(text)
    ]


def _above_received(header):
    """Return the fields above the topmost Received field; nothing if there is no such field."""
    found = _RECEIVED.search(header)
    return header[: found.start()] if found else b""


def _unfolded(value):
    # RFC 5322 section 2.2.3: the blanks stay. Other control characters stay too, because an
    # address with control characters must not become another one without them.
    return decode_octets(value).replace("\r", "").replace("\n", "")


def _evidence(name, text):
    """Return the part of a trusted field that contains addresses."""
    if name.lower() == "received":
        return _for_clause(text)
    if name.lower() == "original-recipient":
        # RFC 8098 section 2.3: "rfc822; sales@example.com".
        return text.rpartition(";")[2].strip(" \t")
    return text.strip(" \t")


def _for_clause(text):
    """Return the recipient in a Received field, or an empty string.

    The clause is the last one before the date (RFC 5321 section 4.4) and is read only there:
    earlier clauses contain names chosen by the client, such as its HELO name, and "for" could be
    one of them.
    """
    clauses = text.rpartition(";")[0][-_LONGEST_CLAUSE:].rstrip()
    for _number in range(_MOST_COMMENTS):
        if not clauses.endswith(")"):
            break
        clauses = clauses[: max(clauses.rfind("("), 0)].rstrip()
    words = clauses.split()
    return words[-1] if len(words) > 1 and words[-2].lower() == "for" else ""


def _collect(texts, source, is_envelope, prefix=""):
    """Return the :class:`Recipients` in these texts."""
    addresses, rejected = {}, []
    for text in _addresses(texts):
        try:
            address = canonical(_without_prefix(text, prefix))
        except BadAddress as error:
            if len(rejected) < MOST_REJECTED:
                rejected.append((_quote(text), error.reason))
            continue
        if address not in addresses and len(addresses) >= MOST_RECIPIENTS:
            rejected.append((address, "too_many_recipients"))
            break
        addresses[address] = None
    return Recipients(tuple(addresses), source, is_envelope, tuple(rejected))


def _addresses(texts):
    for text in texts:
        for address in read_addresses(text):
            # RFC 2047 section 5 forbids encoded words in an address. Decoding the names first
            # would make recipients of the text in them, yet some programs encode an address
            # together with its name.
            if "=?" in address and "@" not in address:
                yield from read_addresses(decode_field(_as_octets(address)))
            else:
                yield address


def _as_octets(text):
    return text.encode("utf-8", "surrogatepass").decode("ascii", "surrogateescape")


def _without_prefix(address, prefix):
    """Return an address without the prefix of its local part, if something remains."""
    local_part, at, domain = address.rpartition("@")
    if prefix and len(local_part) > len(prefix) and local_part.lower().startswith(prefix.lower()):
        return f"{local_part[len(prefix) :]}{at}{domain}"
    return address


def _quote(text):
    """Return a text that a log can store and a page can show."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:LONGEST_QUOTE])

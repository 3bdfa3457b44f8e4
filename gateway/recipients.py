"""Who a mail is for, from the best evidence there is.

In this order, and the first that says anything decides alone:

1. what the transport told us: RCPT of LMTP, a field of an HTTP request;
2. the first of the header fields that the administrator trusts for this server, in
   their written order, that the mail has;
3. the fields that people write: To, Cc, Resent-To, Resent-Cc. Where no field is
   trusted, Delivered-To is read with them, as Odoo does.

Of a trusted field only the topmost counts. A server adds its own above what it received
(RFC 5321 section 4.4), so a copy that a stranger put into the mail lies below it. A server
that does not always add one leaves that copy the topmost: Dovecot adds no Delivered-To to a
mail that it was given for several recipients at once. Where the server writes above its own
Received field, only what stands there can be required to count.

What this does not do: say whose the addresses are (``matching``).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from .address_list import canonical_addresses, first_address, read_addresses
from .addresses import BadAddress, canonical
from .envelope import RECIPIENT_FIELDS, decode_field, decode_octets, read_fields

# More of them are no reason to search a database for hours.
MOST_RECIPIENTS = 10_000
MOST_REJECTED = 20
LONGEST_QUOTE = 100
# Where the recipient stands in a Received field, counted from its end.
_LONGEST_CLAUSE = 2000
_MOST_COMMENTS = 5

_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)

TRANSPORT = "transport"
HEADER = "header"

# ``Received`` stands for its "for" clause. The value of Original-Recipient is what the
# *sender's* side asked to have reported (RFC 3461 section 4.2), so it is the weakest.
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
    """What to trust at a mail server.

    :param fields: of :data:`TRUSTED_FIELDS`, the best first
    :param is_on_top: whether the server writes them above its own Received field
    """

    fields: tuple = ()
    is_on_top: bool = False


# What each of them means is said where it is chosen, on the form of the incoming server.
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
    """Who a mail is for.

    :param addresses: canonical, each once, in their order
    :param source: ``transport``, the name of the trusted field, or ``header``
    :param is_envelope: whether this is the envelope, so that nobody else may be served
    :param rejected: ``(text, reason)`` of what was no address; the reason is one of
        :class:`~.addresses.BadAddress` or ``too_many_recipients``
    """

    addresses: tuple
    source: str
    is_envelope: bool
    rejected: tuple


def envelope_recipients(header, told=(), trusted=(), prefix="", on_top=False):
    """Return the :class:`Recipients` of a mail, whatever its header is.

    :param bytes header: the header block
    :param told: recipients as the transport has them
    :param trusted: names of fields, the best first
    :param str prefix: what to take off the local part of a trusted field, where it is there
    :param bool on_top: count trusted fields above the topmost Received field alone
    """
    told = [text for text in map(str, told) if text.strip()]
    if told:
        return _collect(told, TRANSPORT, True)
    fields = read_fields(header, _unfolded)
    own = read_fields(_above_received(header), _unfolded) if on_top and trusted else fields
    for name in trusted:
        written = fields if name.lower() == "received" else own
        # One without a text says nothing, and a stranger gains nothing by adding it.
        if evidence := _evidence(name, next(iter(written.get(name.lower(), ())), "")):
            return _collect([evidence], name, True, prefix)
    names = [name for name in RECIPIENT_FIELDS if not (trusted and name == "delivered-to")]
    return _collect((text for name in names for text in fields.get(name, ())), HEADER, False)


def read_sender(header):
    """Return the canonical address in From, empty when there is none.

    :param bytes header: the header block
    """
    text = next(iter(read_fields(header, decode_field).get("from", ())), "")
    return first_address(text)


def header_addresses(header):
    """Return the canonical addresses in From, To and Cc, as a list.

    :param bytes header: the header block
    """
    fields = read_fields(header, decode_field)
    return [
        address
        for name in ("from", "to", "cc")
        for text in fields.get(name, ())
        for address in canonical_addresses(text)
    ]


def _above_received(header):
    """Return what stands above the topmost Received field; nothing where there is none."""
    found = _RECEIVED.search(header)
    return header[: found.start()] if found else b""


def _unfolded(value):
    # RFC 5322 section 2.2.3: the blanks stay. Other control characters stay too, because an
    # address that has some must not become another one without them.
    return decode_octets(value).replace("\r", "").replace("\n", "")


def _evidence(name, text):
    """Return the part of a trusted field that holds addresses."""
    if name.lower() == "received":
        return _for_clause(text)
    if name.lower() == "original-recipient":
        # RFC 8098 section 2.3: "rfc822; sales@example.com".
        return text.rpartition(";")[2].strip(" \t")
    return text.strip(" \t")


def _for_clause(text):
    """Return the recipient of a Received field, or an empty text.

    The clause is the last before the date (RFC 5321 section 4.4), and only there it is
    read: earlier stand names that the other side chose, such as that of its HELO, and
    "for" could be one of those.
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
            # RFC 2047 section 5 lets no encoded word stand in an address. Decoding the names
            # first would make recipients of what is written in them; programs that encode
            # an address with its name exist all the same.
            if "=?" in address and "@" not in address:
                yield from read_addresses(decode_field(_as_octets(address)))
            else:
                yield address


def _as_octets(text):
    return text.encode("utf-8", "surrogatepass").decode("ascii", "surrogateescape")


def _without_prefix(address, prefix):
    """Return an address without the prefix of its local part, where more than that is there."""
    local_part, at, domain = address.rpartition("@")
    if prefix and len(local_part) > len(prefix) and local_part.lower().startswith(prefix.lower()):
        return f"{local_part[len(prefix) :]}{at}{domain}"
    return address


def _quote(text):
    """Return a text that a log can hold and a page can show."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:LONGEST_QUOTE])

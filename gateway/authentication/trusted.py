"""Which Authentication-Results fields count: those the sender cannot have written.

Anyone can write such a field (RFC 8601 section 7.1). What distinguishes the fields of our mail
server from forged ones is their position: a server adds its fields on top of what it received. So
only these count:

1. Above the topmost ``Received``: all fields of trusted ids. A server adds ``Received`` to every
   message (RFC 5321 section 4.4), so what stands above it was written inside the border. If a
   server's filters write a field each (SPF, DKIM, DMARC), all of them count.
2. If there is none above: only the topmost field of any trusted id. Filters of Postfix, Gmail and
   Microsoft 365 write below the ``Received`` of their own host, and there the very next field may
   be forged.

This is "of any trusted id" rather than the topmost of each: a sender who knows that two servers
are trusted and sends to one of them may forge a field of the other, which the first does not
remove.

A field that counts but cannot be understood is not replaced by the next one below.

Limitations:

- A forged field is not detected if our server wrote none. A trusted server must write one on
  every message from outside, or remove those with its own id (RFC 8601 section 5).
- If the sender's first line begins with a blank, it continues the field above it, and what the
  server wrote cannot be told apart. Servers end the header before such a line. If one does not,
  what is added to an existing result counts only if it is weaker.
"""

import re
from collections.abc import Collection
from email.parser import BytesHeaderParser
from email.policy import compat32

from ..addresses import BadAddress, canonical_domain, domain_allowed
from ..envelope import decode_octets
from .field import LONGEST_FIELD, Field, read_field
from .results import TRUSTED, Result, Results

# Microsoft 365 omits its authserv-id; in ARC-Authentication-Results it is this.
MICROSOFT_365 = "mx.microsoft.com"
LONGEST_QUOTE = 100

# Limit for reading: more than servers write above what a sender sent. A megabyte of forged fields
# would take seconds before any other limit applies.
MOST_FIELDS = 25

_ENTRY_END = re.compile(r"[,;\s]+")
_FIELDS = ("authentication-results", "received", "received-spf")
_SPF_RESULT = re.compile(r"\s*([a-z]+)\b", re.IGNORECASE)
# Names from RFC 7208 section 9.1, and their equivalents in RFC 8601 section 2.7.2.
_SPF_PROPERTIES = {"envelope-from": "smtp.mailfrom", "helo": "smtp.helo"}


class BadServers(ValueError):
    """A list of authserv-ids with an invalid entry; the text names it.

    :ivar str entry: the entry as typed, truncated
    """

    def __init__(self, entry: str) -> None:
        self.entry = entry[:LONGEST_QUOTE]
        super().__init__(
            f"{self.entry!r} is not a valid mail server name. "
            "Names are separated by commas, as in: mail.example.com, *.example.org"
        )


def parse_trusted_ids(text: str) -> tuple[str, ...]:
    """Return the authserv-ids and patterns of a text like ``mail.example.com, *.example.org``.

    ``mx.microsoft.com`` stands for Microsoft 365, which writes no id.

    :return: names in lower case in order, without duplicates
    :raises BadServers: with a sentence that names the first invalid entry
    """
    entries = filter(None, _ENTRY_END.split(text))
    return tuple(dict.fromkeys(_trusted_id(entry) for entry in entries))


def _trusted_id(entry):
    star = "*." if entry.startswith("*.") else ""
    try:
        return star + canonical_domain(entry.removeprefix(star))
    except BadAddress:
        raise BadServers(entry) from None


def read_results(
    header: bytes, trusted_ids: Collection[str], with_received_spf: bool = False
) -> Results:
    """Return the :class:`~.results.Results` that trusted servers wrote into a header.

    :param header: the header block, as received
    :param trusted_ids: as :func:`parse_trusted_ids` returns them; if empty, nothing counts
    :param with_received_spf: whether ``Received-SPF`` (RFC 7208 section 9.1) counts too, by
        the same rules, if no other field has an SPF result. Few servers remove forged ones.
    """
    if not trusted_ids:
        return Results()
    fields = _fields(header)
    counting = _counting(fields, "authentication-results", trusted_ids, read_field)
    found = [result for field in counting for result in field.results]
    if with_received_spf and not any(result.method == "spf" for result in found):
        spf = _counting(fields, "received-spf", trusted_ids, _read_received_spf)[:1]
        found += [result for field in spf for result in field.results]
        counting = counting or spf
    if not counting:
        return Results()
    return Results(TRUSTED, _judge(counting[0]), tuple(found))


def _fields(header):
    """Return ``(lower-case name, value)`` of the relevant fields, topmost first."""
    message = BytesHeaderParser(policy=compat32).parsebytes(header)
    lower = ((name.lower(), value) for name, value in message.raw_items())
    return [(name, value) for name, value in lower if name in _FIELDS]


def _counting(fields, name, trusted_ids, read):
    """Return the fields of this name that count, by the rules of this module."""
    above, is_above, has_received = [], True, any(name == "received" for name, _value in fields)
    seen = 0
    for found, value in fields:
        if found == "received":
            is_above = False
            if above:
                break
        elif found == name:
            seen += 1
            if seen > MOST_FIELDS:
                break
            field = read(decode_octets(value[:LONGEST_FIELD]))
            if domain_allowed(_judge(field), trusted_ids):
                above.append(field)
                if not (is_above and has_received):
                    break
    return above


def _judge(field):
    return field.authserv_id or MICROSOFT_365


def _read_received_spf(value):
    """Return a Received-SPF field as if it were an Authentication-Results field."""
    said = _SPF_RESULT.match(value)
    result = said[1] if said else "none"
    # The rest has the form of a clause: a comment, and pairs between semicolons.
    rest = value[said.end() :] if said else ""
    pairs = read_field(f"received-spf; {rest}").results
    given = {one.method: one.result for one in pairs}
    for one in pairs:
        given |= one.properties
    properties = {
        known: given[name].strip("<>") for name, known in _SPF_PROPERTIES.items() if name in given
    }
    # Without the name of its writer it belongs to no server, not even Microsoft 365.
    receiver = given.get("receiver", "").lower().rstrip(".") or "unknown.invalid"
    return Field(receiver, (Result("spf", result.lower(), properties),))

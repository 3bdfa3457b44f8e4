"""Who forwarded a message, and its original author where the forwarder replaced it in From.

A plain redirect (RFC 5322 section 3.6.6, a filter, SRS) leaves the sender in From, so there is
nothing to restore. Mailing lists and groups that must pass DMARC (RFC 7489, RFC 7960 section
4.1.3) write their own address there, and the author's elsewhere:

===================== ==================================================================
field                 who writes the author there
===================== ==================================================================
``X-Original-From``   Google Groups and similar services
``X-Original-Sender`` Google Groups
``Reply-To``          Mailman, beside the author's own entries; Google Groups
``Cc``                Mailman, if replies go to the list
``From``              servers that apply SRS to the header as well
``Return-Path``       servers that use SRS; read if no other field names the author
===================== ==================================================================

None of these fields is evidence by itself: anyone can write them. They count only if the address
*in From* belongs to a forwarder that the administrator trusts, because then the forwarder wrote
them. Three consequences:

- A sender who can forge the From of a trusted forwarder can impersonate anyone. Whether the
  message really comes from the forwarder is checked by authentication (SPF, DKIM, DMARC), not by
  this module.
- The author may have written some of these fields to impersonate another. The forwarder adds to
  them or beside them, so everything found must agree, including text that is not an address.
- A forwarder that writes its own address into From and the author's into none of these fields
  leaves them to the author, and should not be trusted.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from .address_list import read_addresses
from .addresses import BadAddress, BadDomains, canonical, domain_allowed, parse_domains
from .envelope import LONGEST_TEXT, decode_field, decode_octets, read_fields
from .srs import read_rewritten

RESTORED = "restored"
KEPT = "kept"
UNTRUSTED = "untrusted"
UNKNOWN = "unknown"
CONTRADICTORY = "contradictory"

LONGEST_QUOTE = 100

_ORIGINAL_FIELDS = ("X-Original-From", "X-Original-Sender")
_RESENT_FIELDS = ("Resent-Sender", "Resent-From")
_ENTRY_END = re.compile(r"[,;\n]")
_VIA = re.compile(r"(.+) via .+", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")


class BadForwarders(ValueError):
    """A list of trusted forwarders with an invalid entry; the text names it.

    :ivar str entry: the entry as typed, truncated
    :ivar str reason: as in :class:`~.addresses.BadAddress`
    """

    def __init__(self, entry: str, reason: str) -> None:
        self.entry = entry[:LONGEST_QUOTE]
        self.reason = reason
        super().__init__(
            f"{self.entry!r} is neither an address nor a domain name. Forwarders are separated "
            "by commas, as in: list@example.org, example.org, *.example.org"
        )


@dataclass(frozen=True)
class Mailbox:
    """A person or role.

    :param name: display name, or an empty string; it contains no address
    :param address: canonical address; empty for text that is not an address
    """

    name: str
    address: str


@dataclass(frozen=True)
class Forwarding:
    """How a message was forwarded.

    :param forwarder: canonical address, or the domain if the message shows no more
    :param sign: the field that names the author, else the one that shows the forwarding
    :param is_rewritten: whether the forwarder is in From
    :param authors: the authors the message names: each :class:`Mailbox` once
    """

    forwarder: str
    sign: str
    is_rewritten: bool = False
    authors: tuple[Mailbox, ...] = ()


@dataclass(frozen=True)
class Restoration:
    """The result of restoring the sender of a forwarded message.

    :param outcome: ``restored``; ``kept``: the author is in From; ``untrusted``: the forwarder is
        not on the list; ``unknown``: no field names the author; ``contradictory``: the fields
        disagree
    :param forwarding: the :class:`Forwarding`
    """

    outcome: str
    forwarding: Forwarding

    @property
    def sender(self) -> Mailbox | None:
        """The :class:`Mailbox` to put into From, or None to leave it unchanged."""
        return self.forwarding.authors[0] if self.outcome == RESTORED else None


# --- Trusted forwarders -------------------------------------------------------------


def parse_forwarders(text: str) -> tuple[str, ...]:
    """Return the canonical addresses, domains and patterns of a text, without duplicates.

    :param text: like ``list@example.org, example.org, *.example.org``
    :raises BadForwarders: with a sentence that names the first invalid entry
    """
    entries = (entry.strip() for entry in _ENTRY_END.split(text))
    return tuple(dict.fromkeys(_forwarder(entry) for entry in entries if entry))


def _forwarder(entry):
    try:
        if "@" in entry[1:]:
            return canonical(entry)
        return next(iter(parse_domains(entry)))
    except (BadAddress, BadDomains) as error:
        raise BadForwarders(entry, error.reason) from None
    except StopIteration:
        raise BadForwarders(entry, "empty_domain") from None


def is_trusted(forwarder: str, trusted: Collection[str]) -> bool:
    """Return whether a forwarder is on the list.

    :param forwarder: a canonical address or domain
    :param trusted: as :func:`parse_forwarders` returns it
    """
    return forwarder in trusted or domain_allowed(forwarder.rpartition("@")[2], trusted)


# --- Forwarder and author -----------------------------------------------------------


def restored_sender(header: bytes, trusted: Collection[str] = ()) -> Restoration | None:
    """Return the :class:`Restoration` of a message, or None if it was not forwarded.

    Takes linear time in the length of the header, and never raises.

    :param header: the header block
    :param trusted: as :func:`parse_forwarders` returns it
    """
    forwarding = read_forwarding(header, trusted)
    return forwarding and Restoration(_outcome(forwarding, trusted), forwarding)


def read_forwarding(header: bytes, trusted: Collection[str] = ()) -> Forwarding | None:
    """Return the :class:`Forwarding` that a header shows, or None.

    :param header: the header block
    :param trusted: as :func:`parse_forwarders` returns it. An address on it forwards and does not
        write itself; other senders count as forwarders only if From says so
    """
    fields = read_fields(header, _unfolded)
    return _rewritten(fields, trusted) or _redirected(fields)


def _outcome(forwarding, trusted):
    if not forwarding.is_rewritten:
        return KEPT
    if not is_trusted(forwarding.forwarder, trusted):
        return UNTRUSTED
    if not forwarding.authors:
        return UNKNOWN
    addresses = {author.address for author in forwarding.authors}
    return CONTRADICTORY if len(addresses) > 1 or "" in addresses else RESTORED


def _rewritten(fields, trusted):
    """Return the :class:`Forwarding` of a message with its forwarder in From, or None."""
    texts = _texts(fields, "From")
    # With several, it is unknown which one other programs take for the sender.
    if len(texts) != 1:
        return None
    name = _name(fields["from"][0])
    if srs := _srs(texts[0]):
        # A forwarder is not an author.
        authors = () if srs.original in trusted else (Mailbox(_plain(name), srs.original),)
        return Forwarding(srs.forwarder, "From", True, authors)
    sender = _address(texts[0])
    return _written_over(fields, sender, name, trusted) if sender else None


def _written_over(fields, sender, name, trusted):
    """Return the :class:`Forwarding` by an ordinary address in From, None if it is the author."""
    said = _said(fields, {sender, *trusted})
    if via := _VIA.fullmatch(name):
        said = said or _in_return_path(fields, sender, trusted)
        return _forwarding(sender, said, _plain(via[1]))
    # A Reply-To alone is not evidence: newsletters and people use one. But an address that is on
    # the list itself is there because it forwards.
    is_forwarder = said if sender in trusted else "X-Original-From" in said
    return _forwarding(sender, said) if is_forwarder else None


def _srs(text):
    found = read_rewritten(text)
    return found if found and found.original else None


def _forwarding(forwarder, said, name=""):
    """Return the :class:`Forwarding` by an address in From.

    :param dict said: ``{field: [Mailbox]}``, best field first
    :param str name: name of the author, used if no field has one
    """
    names = {}
    for mailbox in (mailbox for mailboxes in said.values() for mailbox in mailboxes):
        names[mailbox.address] = names.get(mailbox.address) or mailbox.name
    authors = tuple(Mailbox(known or name, address) for address, known in names.items())
    return Forwarding(forwarder, next(iter(said), "From"), True, authors)


def _said(fields, own):
    """Return ``{field: [Mailbox]}`` of the fields that name others than the forwarder."""
    said = {name: _others(fields, name, own) for name in (*_ORIGINAL_FIELDS, "Reply-To")}
    if "x-mailman-version" in fields:
        # Mailman adds the author to Reply-To, or to Cc if Reply-To is the list's; it does not
        # write the other fields.
        if not said["Reply-To"]:
            said["Cc"] = _others(fields, "Cc", own)
        if not (said["Reply-To"] or said["Cc"]):
            return {}
    return {name: mailboxes for name, mailboxes in said.items() if mailboxes}


def _in_return_path(fields, sender, trusted):
    """Return ``{field: [Mailbox]}`` of the sender in an SRS return path."""
    found = _srs(_first(fields, "Return-Path"))
    if not found or found.original in trusted or not is_trusted(found.forwarder, trusted):
        return {}
    # A list that is forwarded again has its own return path, which names no author.
    if found.original.rpartition("@")[2] == sender.rpartition("@")[2]:
        return {}
    return {"Return-Path": [Mailbox("", found.original)]}


def _redirected(fields):
    """Return the :class:`Forwarding` of a message that was redirected unchanged, or None."""
    for name in (*_RESENT_FIELDS, "X-Forwarded-For"):
        # The topmost is the latest; Gmail writes itself first, then the address it forwards to.
        if forwarder := _address(_first(fields, name)):
            return Forwarding(forwarder, name)
    found = read_rewritten(_first(fields, "Return-Path"))
    return Forwarding(found.forwarder, "Return-Path") if found else None


# --- Fields -------------------------------------------------------------------------


def _unfolded(value):
    return value.replace("\r", "").replace("\n", "")


def _texts(fields, name):
    """Return the address texts in the fields of a name."""
    values = fields.get(name.lower(), ())
    return [text for value in values for text in read_addresses(decode_octets(value))]


def _first(fields, name):
    """Return the first address in the topmost field of a name, or an empty string."""
    value = next(iter(fields.get(name.lower(), ())), "")
    return next(read_addresses(decode_octets(value)), "")


def _others(fields, name, own):
    """Return each :class:`Mailbox` in the fields of a name except these."""
    found = []
    for value in fields.get(name.lower(), ()):
        addresses = [_address(text) for text in read_addresses(decode_octets(value))]
        person = _plain(_name(value)) if len(addresses) == 1 else ""
        found += [Mailbox(person, address) for address in addresses if address not in own]
    return found


def _address(text):
    """Return the canonical form of an address, or an empty string."""
    try:
        return canonical(text)
    except BadAddress:
        return ""


def _name(value):
    """Return the display name in a field with one mailbox, without quotes."""
    name = decode_field(value.rpartition("<")[0].strip(" \t"))[:LONGEST_TEXT]
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1])
    return name.strip()


def _plain(name):
    """Return a name that may stand beside another address, else an empty string.

    Google Groups quotes it. If the author had no name, forwarders write an address; and encoded
    words left in it would become text, possibly an address, when decoded.
    """
    name = "".join(char for char in name if char.isprintable()).strip(" '")
    return "" if "@" in name or "=?" in name else name

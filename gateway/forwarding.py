"""Who forwarded a mail, and who wrote it before the forwarder took the place of the sender.

A plain redirect (RFC 5322 section 3.6.6, a filter, SRS) leaves the sender in From, and
nothing is to be restored. Mailing lists and groups that must pass DMARC (RFC 7489, RFC 7960
section 4.1.3) write their own address there, and the author's elsewhere:

===================== ==================================================================
field                 who writes the author there
===================== ==================================================================
``X-Original-From``   Google Groups, and services that do as it does
``X-Original-Sender`` Google Groups
``Reply-To``          Mailman, beside what the author had written; Google Groups
``Cc``                Mailman, where answers go to the list
``From``              servers that run SRS over the header as well
``Return-Path``       servers that use SRS; read where nothing else tells
===================== ==================================================================

None of these fields proves anything: everybody can write them. They count only where the
address *in From* is that of a forwarder whom the administrator trusts, because that one
would have written them. Three consequences:

- Whoever can forge the From of a trusted forwarder can be anybody. That the mail does come
  from the forwarder is the business of authentication (SPF, DKIM, DMARC), not of this module.
- The author may have written some of these fields to pass for another one. The forwarder adds
  to them or beside them, so all that is found must agree, what is no address included.
- A forwarder that writes its own address into From and the author's into none of these fields
  leaves the word to the author, and should not be trusted.
"""

import re
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
    """A list of trusted forwarders with an entry that is none; the text names it.

    :ivar str entry: the entry as it was typed, bounded
    :ivar str reason: as of :class:`~.addresses.BadAddress`
    """

    def __init__(self, entry, reason):
        self.entry = entry[:LONGEST_QUOTE]
        self.reason = reason
        super().__init__(
            f"{self.entry!r} is neither an address nor a domain name. Forwarders are separated "
            "by commas, as in: list@example.org, example.org, *.example.org"
        )


@dataclass(frozen=True)
class Mailbox:
    """A person or role.

    :param name: as a person reads it, or an empty text; it holds no address
    :param address: canonical; empty for a text that is no address
    """

    name: str
    address: str


@dataclass(frozen=True)
class Forwarding:
    """That a mail was forwarded.

    :param forwarder: canonical address, or domain where the mail tells no more
    :param sign: the field that tells the author, else the one that tells of the forwarding
    :param is_rewritten: whether the forwarder stands in From
    :param authors: what the mail says about who wrote it: each :class:`Mailbox` once
    """

    forwarder: str
    sign: str
    is_rewritten: bool = False
    authors: tuple = ()


@dataclass(frozen=True)
class Restoration:
    """What becomes of the sender of a forwarded mail.

    :param outcome: ``restored``; ``kept``: the author stands in From; ``untrusted``: the
        forwarder is not on the list; ``unknown``: nothing tells the author;
        ``contradictory``: the fields disagree
    :param forwarding: the :class:`Forwarding`
    """

    outcome: str
    forwarding: Forwarding

    @property
    def sender(self):
        """The :class:`Mailbox` that belongs into From, or None to leave it as it is."""
        return self.forwarding.authors[0] if self.outcome == RESTORED else None


# --- who is trusted -----------------------------------------------------------------


def parse_forwarders(text):
    """Return the addresses, domains and patterns of a text, canonical, each once.

    :param str text: like ``list@example.org, example.org, *.example.org``
    :raises BadForwarders: with a sentence that names the first entry that is neither
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


def is_trusted(forwarder, trusted):
    """Tell whether a forwarder is on the list.

    :param str forwarder: a canonical address or domain
    :param trusted: as :func:`parse_forwarders` returns it
    """
    return forwarder in trusted or domain_allowed(forwarder.rpartition("@")[2], trusted)


# --- who forwarded, who wrote -------------------------------------------------------


def restored_sender(header, trusted=()):
    """Return the :class:`Restoration` of a mail, None for one that nobody forwarded.

    The time is linear in the length of the header, and no header raises.

    :param bytes header: the header block
    :param trusted: as :func:`parse_forwarders` returns it
    """
    forwarding = read_forwarding(header, trusted)
    return forwarding and Restoration(_outcome(forwarding, trusted), forwarding)


def read_forwarding(header, trusted=()):
    """Return the :class:`Forwarding` that a header tells of, or None.

    :param bytes header: the header block
    :param trusted: as :func:`parse_forwarders` returns it. An address on it forwards, so it
        does not write itself; other senders are taken for forwarders only where From says so
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
    """Return the :class:`Forwarding` of a mail that has its forwarder in From, or None."""
    texts = _texts(fields, "From")
    # With several nobody can tell whom other programs take for the sender.
    if len(texts) != 1:
        return None
    name = _name(fields["from"][0])
    if srs := _srs(texts[0]):
        # A forwarder is no author.
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
    # A Reply-To alone is no sign: newsletters and people have one. Whoever is on the list with
    # the very address is there because it forwards.
    is_forwarder = said if sender in trusted else "X-Original-From" in said
    return _forwarding(sender, said) if is_forwarder else None


def _srs(text):
    found = read_rewritten(text)
    return found if found and found.original else None


def _forwarding(forwarder, said, name=""):
    """Return the :class:`Forwarding` by an address that stands in From.

    :param dict said: ``{field: [Mailbox]}``, the best field first
    :param str name: of the author, for when no field has one
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
        # It adds the author to Reply-To, or to Cc where that is the list's; the other fields
        # are not its own.
        if not said["Reply-To"]:
            said["Cc"] = _others(fields, "Cc", own)
        if not (said["Reply-To"] or said["Cc"]):
            return {}
    return {name: mailboxes for name, mailboxes in said.items() if mailboxes}


def _in_return_path(fields, sender, trusted):
    """Return ``{field: [Mailbox]}`` of the sender that SRS put into the return path."""
    found = _srs(_first(fields, "Return-Path"))
    if not found or found.original in trusted or not is_trusted(found.forwarder, trusted):
        return {}
    # A list that is forwarded once more has a return path of its own, which is nobody's.
    if found.original.rpartition("@")[2] == sender.rpartition("@")[2]:
        return {}
    return {"Return-Path": [Mailbox("", found.original)]}


def _redirected(fields):
    """Return the :class:`Forwarding` of a mail that was sent on as it was, or None."""
    for name in (*_RESENT_FIELDS, "X-Forwarded-For"):
        # The topmost is the latest; Gmail writes itself first, and then whom it forwards to.
        if forwarder := _address(_first(fields, name)):
            return Forwarding(forwarder, name)
    found = read_rewritten(_first(fields, "Return-Path"))
    return Forwarding(found.forwarder, "Return-Path") if found else None


# --- fields -------------------------------------------------------------------------


def _unfolded(value):
    return value.replace("\r", "").replace("\n", "")


def _texts(fields, name):
    """Return what stands in the fields of a name where addresses stand."""
    values = fields.get(name.lower(), ())
    return [text for value in values for text in read_addresses(decode_octets(value))]


def _first(fields, name):
    """Return the first address of the topmost field of a name, or an empty text."""
    value = next(iter(fields.get(name.lower(), ())), "")
    return next(read_addresses(decode_octets(value)), "")


def _others(fields, name, own):
    """Return each :class:`Mailbox` in the fields of a name that is not one of these."""
    found = []
    for value in fields.get(name.lower(), ()):
        addresses = [_address(text) for text in read_addresses(decode_octets(value))]
        person = _plain(_name(value)) if len(addresses) == 1 else ""
        found += [Mailbox(person, address) for address in addresses if address not in own]
    return found


def _address(text):
    """Return the canonical form of an address, an empty text for what is none."""
    try:
        return canonical(text)
    except BadAddress:
        return ""


def _name(value):
    """Return the name before the address of a field with one mailbox, without quotes."""
    name = decode_field(value.rpartition("<")[0].strip(" \t"))[:LONGEST_TEXT]
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1])
    return name.strip()


def _plain(name):
    """Return a name that is fit to stand beside another address, else an empty text.

    Google Groups puts it in quotes. Where the author had none, forwarders write an address;
    and encoded words that are left would become text, an address maybe, when they are read.
    """
    name = "".join(char for char in name if char.isprintable()).strip(" '")
    return "" if "@" in name or "=?" in name else name

"""Canonical forms of addresses and domains, so that two spellings of one address are equal.

Local parts are compared case-insensitively, as in Odoo and practically every server, although RFC
5321 section 2.4 allows a server to distinguish case. Domains are compared as A-labels (RFC 5891),
the form in which they are transmitted.

Not done here: finding the record an address belongs to (``matching``) and finding the addresses
in a header field (``address_list``).
"""

import re
import unicodedata
from collections.abc import Iterable

import idna

# RFC 5321 section 4.5.3.1, in octets.
LONGEST_LOCAL_PART = 64
# Limit for reading. Servers should accept more than they must, and Odoo's aliases may be longer.
LONGEST_READ = 255
LONGEST_DOMAIN = 255
# Names that every domain has (RFC 5321 section 4.5.1) or that servers send from. No separator
# splits them.
RESERVED = ("postmaster", "mailer-daemon")
# A name made of separators would have as many bases as characters.
MOST_SPLITS = 8
LONGEST_QUOTE = 100

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Dots are not checked: names like "a..b" violate RFC 5321 but receive mail nevertheless.
_PLAIN = re.compile(r'[^\s()<>\[\]:;,\\"@]+')
# Underscores and "--" occur in names of real servers, so only other names are passed to idna.
_ASCII_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ENTRY_END = re.compile(r"[,;\n]")


class BadAddress(ValueError):
    """An invalid address or domain.

    :ivar str reason: code for the trace: ``no_at``, ``empty_local_part``, ``empty_domain``,
        ``local_part_too_long``, ``domain_too_long``, ``control_character``, ``bad_local_part``,
        ``bad_domain``, ``bad_idn``, ``domain_literal``
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadDomains(ValueError):
    """A list of domains with an invalid entry; the text is a sentence that names it.

    :ivar str entry: the entry as typed, truncated
    :ivar str reason: as in :class:`BadAddress`
    """

    def __init__(self, entry: str, reason: str) -> None:
        self.entry = entry[:LONGEST_QUOTE]
        self.reason = reason
        super().__init__(
            f"{self.entry!r} is not a domain name. "
            "Domains are separated by commas, as in: example.com, *.example.com"
        )


# --- Addresses ----------------------------------------------------------------------


def canonical(address: str) -> str:
    """Return the canonical form of an address: lower case, the domain as A-labels.

    The function is idempotent and takes linear time.

    :param address: a bare address, without display name and angle brackets
    :raises BadAddress: if the address is invalid
    """
    local_part, at, domain = address.strip(" ").rpartition("@")
    if not at:
        raise BadAddress("no_at")
    return f"{canonical_local_part(local_part)}@{canonical_domain(domain)}"


def canonical_local_part(local_part: str) -> str:
    """Return a local part in lower case, quoted only if it needs quotes.

    :raises BadAddress:
    """
    if not local_part:
        raise BadAddress("empty_local_part")
    # Checked first, so that the rest has little to read.
    if len(local_part) > LONGEST_READ:
        raise BadAddress("local_part_too_long")
    quoted = _QUOTED.fullmatch(local_part)
    text = _lower(_ESCAPED.sub(r"\1", quoted[1]) if quoted else local_part)
    if not text:
        raise BadAddress("empty_local_part")
    # Invisible characters count as control characters: such names would be indistinguishable.
    if not text.isprintable():
        raise BadAddress("control_character")
    if not _PLAIN.fullmatch(text):
        if not quoted:
            raise BadAddress("bad_local_part")
        text = '"%s"' % re.sub(r'(["\\])', r"\\\1", text)
    if len(text.encode()) > LONGEST_READ:
        raise BadAddress("local_part_too_long")
    return text


def _lower(text):
    """Return text in lower case, in the normal form that RFC 6532 section 3.1 asks for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def display(address: str) -> str:
    """Return a canonical address for display, with its domain as U-labels.

    If it has no such form, return it unchanged.
    """
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}{at}{display_domain(domain)}"


# --- Domains ------------------------------------------------------------------------


def canonical_domain(domain: str) -> str:
    """Return the canonical form of a domain: A-labels in lower case, without a final dot.

    :raises BadAddress:
    """
    domain = domain.strip(" ")
    if not domain:
        raise BadAddress("empty_domain")
    # Checked before idna reads it: some of its versions take quadratic time (CVE-2024-3651).
    if len(domain) > LONGEST_DOMAIN:
        raise BadAddress("domain_too_long")
    if _CONTROL.search(domain):
        raise BadAddress("control_character")
    # RFC 5321 section 4.1.3. An alias cannot have one.
    if domain.startswith("["):
        raise BadAddress("domain_literal")
    name = ".".join(_a_label(label) for label in _mapped(domain).removesuffix(".").split("."))
    if len(name) > LONGEST_DOMAIN:
        raise BadAddress("domain_too_long")
    return name


def domain_or_none(text: str | None) -> str | None:
    """Return the canonical name of a domain, or None if the text is not one."""
    try:
        return canonical_domain(text or "")
    except BadAddress:
        return None


def _mapped(domain):
    """Return a domain with the characters that people type for others mapped (UTS 46)."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.uts46_remap(domain, std3_rules=False, transitional=False)
    except UnicodeError:
        raise BadAddress("bad_idn") from None


def _a_label(label):
    if label.isascii() and not label.startswith("xn--"):
        if not _ASCII_LABEL.fullmatch(label):
            raise BadAddress("bad_domain")
        return label
    try:
        # Converted through the U-label, because an A-label may be invalid.
        return idna.alabel(idna.ulabel(label)).decode()
    except UnicodeError:
        raise BadAddress("bad_idn") from None


def display_domain(domain: str) -> str:
    """Return a domain or a pattern of domains with U-labels where they exist."""
    return ".".join(_u_label(label) for label in domain.split("."))


def _u_label(label):
    # A long label cannot be an A-label, and decoding it would take too long.
    if not label.startswith("xn--") or len(label) > LONGEST_LOCAL_PART:
        return label
    try:
        return idna.ulabel(label)
    except UnicodeError:
        return label


def parse_domains(text: str) -> tuple[str, ...]:
    """Return the domains and patterns of a text like ``example.com, *.example.com``.

    A leading ``@`` is dropped, because people write it for "everyone at".

    :return: canonical names in order, without duplicates
    :raises BadDomains: with a sentence that names the first invalid entry
    """
    entries = (entry.strip().removeprefix("@") for entry in _ENTRY_END.split(text))
    return tuple(dict.fromkeys(_pattern(entry) for entry in entries if entry))


def _pattern(entry):
    star = "*." if entry.startswith("*.") else ""
    try:
        return star + canonical_domain(entry.removeprefix(star))
    except BadAddress as error:
        raise BadDomains(entry, error.reason) from None


def domain_allowed(domain: str, patterns: Iterable[str]) -> bool:
    """Return whether a canonical domain matches one of these patterns.

    ``*.example.com`` matches every domain below ``example.com`` but not ``example.com`` itself.

    :param patterns: as :func:`parse_domains` returns them
    """
    return any(
        domain.endswith(pattern[1:]) if pattern.startswith("*.") else domain == pattern
        for pattern in patterns
    )


# --- Sub-addresses ------------------------------------------------------------------


def splits(
    local_part: str, separators: str, reserved: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return the ways to split a local part into ``(base, detail)``, longest base first.

    Neither part is empty, and reserved names are not split: with the separator ``-``,
    ``mailer-daemon`` is not a sub-address of ``mailer``, and ``catch-all-7`` is one of
    ``catch-all`` if that name is reserved.

    :param separators: characters that split (RFC 5233 calls what follows the detail); empty
        to split nothing
    :param reserved: canonical local parts, in addition to :data:`RESERVED`
    """
    # Inside quotes a separator is an ordinary character.
    if local_part.startswith('"'):
        return ()
    shortest = _reserved_length(local_part, separators, (*RESERVED, *reserved))
    positions = [
        position
        for position in range(max(shortest, 1), len(local_part) - 1)
        if local_part[position] in separators
    ]
    return tuple(
        (local_part[:position], local_part[position + 1 :])
        for position in reversed(positions[:MOST_SPLITS])
    )


def _reserved_length(local_part, separators, reserved):
    """Return the length of the reserved name a local part starts with, or 0."""
    return max(
        (
            len(name)
            for name in reserved
            if name
            and local_part.startswith(name)
            and local_part[len(name) :][:1] in ("", *separators)
        ),
        default=0,
    )

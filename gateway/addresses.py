"""One form for each address and domain, so that two spellings of one address are equal.

Mailbox names are compared without regard to case, as Odoo does and as practically every
server does, although RFC 5321 section 2.4 would let a server tell them apart. Domains
are compared as A-labels (RFC 5891), which is how they travel.

What this does not do: say whose address it is (``matching``), or find the addresses in
a header field (``address_list``).
"""

import re
import unicodedata

import idna

# RFC 5321 section 4.5.3.1, in octets.
LONGEST_LOCAL_PART = 64
# Of what is read. Servers should take more than they must, and Odoo's aliases may be longer.
LONGEST_READ = 255
LONGEST_DOMAIN = 255
# Names that every domain has (RFC 5321 section 4.5.1) or that servers write as; no
# separator divides them.
RESERVED = ("postmaster", "mailer-daemon")
# A name made of separators would have as many bases as characters.
MOST_SPLITS = 8
LONGEST_QUOTE = 100

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Dots are not counted: names like "a..b" break RFC 5321 and receive mail nevertheless.
_PLAIN = re.compile(r'[^\s()<>\[\]:;,\\"@]+')
# Underscores and "--" are in names of real servers, so idna is asked for the others only.
_ASCII_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ENTRY_END = re.compile(r"[,;\n]")


class BadAddress(ValueError):
    """An address or domain that cannot be anybody's.

    :ivar str reason: why, as a code for the trace: ``no_at``, ``empty_local_part``,
        ``empty_domain``, ``local_part_too_long``, ``domain_too_long``,
        ``control_character``, ``bad_local_part``, ``bad_domain``, ``bad_idn``,
        ``domain_literal``
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class BadDomains(ValueError):
    """A list of domains with an entry that is none; the text is a sentence that names it.

    :ivar str entry: the entry as it was typed, bounded
    :ivar str reason: as of :class:`BadAddress`
    """

    def __init__(self, entry, reason):
        self.entry = entry[:LONGEST_QUOTE]
        self.reason = reason
        super().__init__(
            f"{self.entry!r} is not a domain name. "
            "Domains are separated by commas, as in: example.com, *.example.com"
        )


# --- addresses ----------------------------------------------------------------------


def canonical(address):
    """Return the one form of an address: lower case, its domain as A-labels.

    The canonical form of a canonical address is itself. The time is linear in the length.

    :param str address: an address alone, without a name and without angle brackets
    :raises BadAddress: when it cannot be anybody's
    """
    local_part, at, domain = address.strip(" ").rpartition("@")
    if not at:
        raise BadAddress("no_at")
    return f"{canonical_local_part(local_part)}@{canonical_domain(domain)}"


def canonical_local_part(local_part):
    """Return a local part in lower case, in quotes only where it needs them.

    :raises BadAddress:
    """
    if not local_part:
        raise BadAddress("empty_local_part")
    # Counted before anything else, so that the rest has little to read.
    if len(local_part) > LONGEST_READ:
        raise BadAddress("local_part_too_long")
    quoted = _QUOTED.fullmatch(local_part)
    text = _lower(_ESCAPED.sub(r"\1", quoted[1]) if quoted else local_part)
    if not text:
        raise BadAddress("empty_local_part")
    # Invisible characters count as control characters: nobody could tell such names apart.
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
    """Return text in lower case and in the normal form that RFC 6532 section 3.1 asks for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def display(address):
    """Return a canonical address as a person reads it, its domain as U-labels.

    What cannot be shown so is returned as it is.
    """
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}{at}{display_domain(domain)}"


# --- domains ------------------------------------------------------------------------


def canonical_domain(domain):
    """Return the one form of a domain name: A-labels in lower case, without a final dot.

    :raises BadAddress:
    """
    domain = domain.strip(" ")
    if not domain:
        raise BadAddress("empty_domain")
    # Counted before idna reads it: some of its versions take quadratic time (CVE-2024-3651).
    if len(domain) > LONGEST_DOMAIN:
        raise BadAddress("domain_too_long")
    if _CONTROL.search(domain):
        raise BadAddress("control_character")
    # RFC 5321 section 4.1.3; no alias can have one.
    if domain.startswith("["):
        raise BadAddress("domain_literal")
    name = ".".join(_a_label(label) for label in _mapped(domain).removesuffix(".").split("."))
    if len(name) > LONGEST_DOMAIN:
        raise BadAddress("domain_too_long")
    return name


def domain_or_none(text):
    """Return the canonical name of a domain, None for a text that is not one."""
    try:
        return canonical_domain(text or "")
    except BadAddress:
        return None


def _mapped(domain):
    """Return a domain with the characters that people type for others (UTS 46)."""
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
        # By way of the U-label, because an A-label may be a false one.
        return idna.alabel(idna.ulabel(label)).decode()
    except UnicodeError:
        raise BadAddress("bad_idn") from None


def display_domain(domain):
    """Return a domain, or a pattern of domains, as U-labels, as far as they exist."""
    return ".".join(_u_label(label) for label in domain.split("."))


def _u_label(label):
    # Nothing long is an A-label, and reading it would take its time.
    if not label.startswith("xn--") or len(label) > LONGEST_LOCAL_PART:
        return label
    try:
        return idna.ulabel(label)
    except UnicodeError:
        return label


def parse_domains(text):
    """Return the domains and patterns of a text like ``example.com, *.example.com``.

    A leading ``@`` is dropped, because that is how people write "everybody at".

    :return: a tuple of canonical names, each once, in their order
    :raises BadDomains: with a sentence that names the first entry that is no domain
    """
    entries = (entry.strip().removeprefix("@") for entry in _ENTRY_END.split(text))
    return tuple(dict.fromkeys(_pattern(entry) for entry in entries if entry))


def _pattern(entry):
    star = "*." if entry.startswith("*.") else ""
    try:
        return star + canonical_domain(entry.removeprefix(star))
    except BadAddress as error:
        raise BadDomains(entry, error.reason) from None


def domain_allowed(domain, patterns):
    """Tell whether a canonical domain is one of these.

    ``*.example.com`` stands for every domain below ``example.com``, and not for itself.

    :param patterns: as :func:`parse_domains` returns them
    """
    return any(
        domain.endswith(pattern[1:]) if pattern.startswith("*.") else domain == pattern
        for pattern in patterns
    )


# --- sub-addresses ------------------------------------------------------------------


def splits(local_part, separators, reserved=()):
    """Return the ways to read a local part as ``(base, detail)``, the longest base first.

    Neither part is empty, and no reserved name is divided: with the separator ``-``,
    ``mailer-daemon`` is no sub-address of ``mailer``, and ``catch-all-7`` is one of
    ``catch-all`` where that name is reserved.

    :param str separators: characters any of which divides (RFC 5233 calls what follows
        the detail); none, and nothing is divided
    :param reserved: local parts, canonical, besides :data:`RESERVED`
    """
    # In quotes a separator is a character like any other.
    if local_part.startswith('"'):
        return ()
    shortest = _reserved_length(local_part, separators, (*RESERVED, *reserved))
    places = [
        place
        for place in range(max(shortest, 1), len(local_part) - 1)
        if local_part[place] in separators
    ]
    return tuple(
        (local_part[:place], local_part[place + 1 :]) for place in reversed(places[:MOST_SPLITS])
    )


def _reserved_length(local_part, separators, reserved):
    """Return how long the reserved name is that a local part begins with, or 0."""
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

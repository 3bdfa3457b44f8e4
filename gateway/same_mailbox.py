"""One mailbox for the addresses that a provider gives to one person.

Some providers ignore characters in a local part, or give each customer the same name in several
domains. No one else can get such an address, so a person is recognised by it. The rule for
sub-addresses (RFC 5233) applies at every domain: ``jane+shop@`` is ``jane@``.

This is used to compare persons only, never for routing or delivery: a provider may change its
rules, and each address is delivered as it was written.
"""

from collections.abc import Set
from typing import NamedTuple

from .addresses import splits

# The usual separators (RFC 5233); those of our own domains are settings.
SEPARATORS = "+"
# Characters that at least one provider ignores.
IGNORED = ".-_"


class Family(NamedTuple):
    """The domains of a provider in which a local part belongs to the same person.

    :param home: the domain that stands for all of them
    :param domains: the others
    :param ignored: characters of a local part that the provider ignores
    :param has_subdomains: whether ``detail@name.home`` is a sub-address of ``name@home``
    """

    home: str
    domains: Set[str] = frozenset()
    ignored: str = ""
    has_subdomains: bool = False


FAMILIES = (
    # Dots: https://support.google.com/mail/answer/7436150; in domains of Google Workspace they
    # count. Domains: each googlemail.com address has "the matching @gmail.com one" (Official Gmail
    # Blog, May 2010).
    Family("gmail.com", {"googlemail.com"}, ignored="."),
    # https://support.apple.com/118230: a name in me.com or mac.com is also one in icloud.com.
    Family("icloud.com", {"mac.com", "me.com"}),
    # Domains: https://proton.me/support/addresses-and-aliases. Characters:
    # https://proton.me/support/change-username.
    Family("proton.me", {"pm.me", "protonmail.ch", "protonmail.com"}, ignored=".-_"),
    # https://yandex.com/support/id/authorization/email.html: a user name is linked to the
    # addresses on all domains of Yandex.
    Family(
        "yandex.ru",
        {"ya.ru", "yandex.by", "yandex.com", "yandex.kz", "yandex.ua"},
    ),
    # https://www.fastmail.help/hc/en-us/articles/360060591053. The two domains have different
    # users.
    Family("fastmail.com", has_subdomains=True),
    Family("fastmail.fm", has_subdomains=True),
)
_BY_DOMAIN = {
    domain: family for family in FAMILIES for domain in sorted({family.home, *family.domains})
}


def mailbox(address: str) -> str:
    """Return the address that stands for all spellings of a mailbox.

    The function is idempotent.

    :param address: canonical
    """
    local_part, _at, domain = address.rpartition("@")
    local_part, domain = _without_subdomain(local_part, domain)
    bases = splits(local_part, SEPARATORS)
    # The first of several separators counts: it separates the name from the whole detail.
    base = bases[-1][0] if bases else local_part
    family = _BY_DOMAIN.get(domain, Family(domain))
    return f"{_without(base, family.ignored) or base}@{family.home}"


def spellings(address: str) -> frozenset[str]:
    """Return the blurred addresses of the same mailbox, at each domain of its provider.

    :param address: canonical
    """
    base, _at, home = mailbox(address).rpartition("@")
    domains = _BY_DOMAIN.get(home, Family(home)).domains
    return frozenset(blurred(one) for one in (address, *(f"{base}@{d}" for d in (home, *domains))))


def blurred(text: str) -> str:
    """Return a text without the characters that some providers ignore.

    Two spellings of a mailbox that differ only in them are then equal, and others may be.
    """
    return _without(text, IGNORED)


def _without_subdomain(local_part, domain):
    """Return the local part and domain of the address that a subdomain of a customer stands for."""
    name, _dot, rest = domain.partition(".")
    family = _BY_DOMAIN.get(rest)
    return (name, rest) if family and family.has_subdomains else (local_part, domain)


def _without(text, characters):
    return text.translate(str.maketrans("", "", characters))

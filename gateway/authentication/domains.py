"""Which domains belong to the same organisation (RFC 7489 section 3.2).

The public suffix list is part of ``publicsuffixlist``, if installed. Its releases follow the
list, so an old release takes some new suffixes for organisations.
"""

from functools import cache

from ..addresses import BadAddress, canonical_domain

try:
    from publicsuffixlist import PublicSuffixList
except ImportError:
    PublicSuffixList = None

ABSENT = (
    "The Python library publicsuffixlist is not installed, so a signature or an envelope sender "
    "of another host of the same organisation does not authenticate the sender."
)


def is_available() -> bool:
    """Return whether the list is installed; if not, :data:`ABSENT` names what is missing."""
    return PublicSuffixList is not None


@cache
def _public_suffixes():
    # Loading it takes some tens of milliseconds, so it is loaded on first use.
    return PublicSuffixList()


def organisational_domain(domain: str) -> str:
    """Return the organisational domain of a host.

    Without the list, and for a public suffix, this is the domain itself.

    :param domain: canonical, not empty
    """
    if not is_available():
        return domain
    return _public_suffixes().privatesuffix(domain) or domain


def is_aligned(one: str, other: str, strict: bool = False) -> bool:
    """Return whether two canonical domains belong to one organisation; an empty one never does.

    :param strict: whether they must be equal (RFC 7489 section 3.1)
    """
    if not one or not other:
        return False
    return (
        one == other or not strict and (organisational_domain(one) == organisational_domain(other))
    )


def domain_of(text: str) -> str:
    """Return the canonical domain of an address, of ``@domain`` or of a domain, or ``""``."""
    try:
        return canonical_domain(text.strip("<> ").rpartition("@")[2])
    except BadAddress:
        return ""

"""Which domains belong to one organisation (RFC 7489 section 3.2).

The public suffix list comes with ``publicsuffixlist``, where that is installed. Its releases
follow the list, so that an old one takes some new suffixes for organisations.
"""

from functools import cache

from ..addresses import BadAddress, canonical_domain

try:
    from publicsuffixlist import PublicSuffixList
except ImportError:
    PublicSuffixList = None

ABSENT = (
    "The Python library publicsuffixlist is not installed, so that a signature or an envelope "
    "sender of another host of the same organisation does not speak for the sender."
)


def is_available():
    """Tell whether the list is installed; if not, :data:`ABSENT` says what is missing."""
    return PublicSuffixList is not None


@cache
def _public_suffixes():
    # Reading it takes some tens of milliseconds, which only mail that needs it should take.
    return PublicSuffixList()


def organisational_domain(domain):
    """Return the domain that an organisation has registered, for one of its hosts.

    Without the list, and for a public suffix, it is the domain itself.

    :param str domain: canonical, not empty
    """
    if not is_available():
        return domain
    return _public_suffixes().privatesuffix(domain) or domain


def is_aligned(one, other, strict=False):
    """Tell whether two canonical domains are of one organisation; an empty one never is.

    :param bool strict: whether they must be equal (RFC 7489 section 3.1)
    """
    if not one or not other:
        return False
    return (
        one == other or not strict and (organisational_domain(one) == organisational_domain(other))
    )


def domain_of(text):
    """Return the canonical domain of an address, ``@domain`` or domain, or ``""``."""
    try:
        return canonical_domain(text.strip("<> ").rpartition("@")[2])
    except BadAddress:
        return ""

"""The user a message may act as: what From claims, and what authentication says about it."""

from collections.abc import Collection
from typing import NamedTuple

from ..addresses import domain_allowed
from .alignment import FAIL, Verdict, alignment
from .author import Oddity, read_author
from .domains import domain_of
from .results import Results
from .submission import is_submitted


class Identity(NamedTuple):
    """The claimed sender of a message and its verdict.

    :param address: the only address in From, canonical, or ``""``
    :param verdict: for the domain of this address
    :param claims_own_domain: whether an address or a display name claims to be from one of
        our domains
    :param oddities: what is unusual about From
    :param addresses: all addresses in From, canonical
    :param is_submitted: whether its author had logged in, see :mod:`.submission`
    """

    address: str
    verdict: Verdict
    claims_own_domain: bool
    oddities: tuple[Oddity, ...]
    addresses: tuple[str, ...] = ()
    is_submitted: bool = False

    @property
    def finding(self) -> dict[str, str]:
        """What was found, as the parameters of a sentence."""
        return {
            "sender": ", ".join(self.addresses),
            "finding": self.verdict.reason,
            "domain": self.verdict.domain or self.address.rpartition("@")[2],
        }


def identity(header: bytes, results: Results, own_domains: Collection[str] = ()) -> Identity:
    """Return the :class:`Identity` of a message, whatever its header.

    A From with several addresses fails, because no result says which of them it applies to (RFC
    7489 section 6.6.1).

    :param header: the header block
    :param results: the :class:`~.results.Results` of the message
    :param own_domains: canonical domains or patterns like ``*.example.com`` of this database
    """
    author = read_author(header, own_domains)
    if author.is_several:
        verdict = Verdict(FAIL, "several_from")
    else:
        verdict = alignment(author.domain, results)
    return Identity(
        author.address,
        verdict,
        _claims_own(author, own_domains),
        author.oddities,
        author.addresses,
        is_submitted(header),
    )


def _claims_own(author, own_domains):
    return any(
        domain_allowed(domain_of(address), own_domains) for address in author.addresses
    ) or any(odd.code == "name_claims_own_domain" for odd in author.oddities)

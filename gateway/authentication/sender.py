"""Whom a mail may act as: who From says it is of, and what authentication says to that."""

from typing import NamedTuple

from ..addresses import domain_allowed
from .alignment import FAIL, Verdict, alignment
from .author import read_author
from .domains import domain_of


class Identity(NamedTuple):
    """Whom a mail says it is from, and whether that was proved.

    :param str address: the only address in From, canonical, or ``""``
    :param verdict: a :class:`~.alignment.Verdict`
    :param bool claims_own_domain: whether the mail claims, in an address or in the name beside
        it, to be of a domain of this database
    :param tuple oddities: of :class:`~.author.Oddity`
    :param tuple addresses: all those in From, canonical
    """

    address: str
    verdict: Verdict
    claims_own_domain: bool
    oddities: tuple
    addresses: tuple = ()


def identity(header, results, own_domains=()):
    """Return the :class:`Identity` of a mail, whatever its header is.

    A From with several addresses fails, because no check says which of them it was made for
    (RFC 7489 section 6.6.1).

    :param bytes header: the header block
    :param results: the :class:`~.results.Results` on the mail
    :param own_domains: canonical domains, or patterns as ``*.example.com``, of this database
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
    )


def _claims_own(author, own_domains):
    return any(
        domain_allowed(domain_of(address), own_domains) for address in author.addresses
    ) or any(odd.code == "name_claims_own_domain" for odd in author.oddities)

"""Check signatures and DMARC policy of a message; return results as a server would.

Used for messages that no trusted server has checked. SPF is unknown then: it needs the
connection. A message without an aligned signature fails only if its domain asks receivers to
quarantine or reject such messages; otherwise the verdict stays open.

Not done here: querying DNS, caching answers and measuring time. These are up to the caller, which
should query DNS outside a transaction.
"""

from collections.abc import Callable

from ..fingerprint import split_header
from .alignment import PASS, signing_domain
from .author import read_author
from .dkim_check import check_signatures, is_available
from .dmarc_record import ENFORCED, find_policy
from .domains import is_aligned
from .results import OWN, Result, Results
from .signed import read_signed

TEMPORARY = "temperror"


def verify(
    raw: bytes, dns: Callable[[str, str], list[str]], is_late: Callable[[], bool]
) -> Results:
    """Return the :class:`~.results.Results` of our own check; empty without ``dkimpy``.

    :param raw: the message as received
    :param dns: function of a name and a type (``"TXT"``) that returns the records, empty if
        there are none, and raises :class:`OSError` if there was no answer
    :param is_late: function that returns whether time is up; called before each DNS query
    """
    if not is_available():
        return Results()
    timed = _timed(dns, is_late)
    signed = read_signed(raw)
    domain = read_author(split_header(raw)[0]).domain
    # Queried first: signatures of domains with slow DNS could otherwise use up the time, and a
    # message without a policy has not failed.
    policy = _policy(domain, timed)
    if signed is None:
        dkim = [Result("dkim", "permerror", {"reason": "unreadable"})]
    else:
        dkim = check_signatures(signed, domain, timed) or [Result("dkim", "none", {})]
    return Results(OWN, "", (*dkim, *_dmarc(domain, dkim, policy)))


def _timed(dns, is_late):
    """Return a function that queries DNS until time is up."""

    def ask(name, record_type):
        if is_late():
            raise TimeoutError(name)
        return dns(name, record_type)

    return ask


def _policy(domain, dns):
    """Return the policy of a domain, None if it has none, :data:`TEMPORARY` without an answer."""
    try:
        return find_policy(domain, dns) if domain else None
    except OSError:
        return TEMPORARY


def _dmarc(domain, dkim, policy):
    """Return the DMARC result as a list, empty if From names no domain."""
    if not domain:
        return []
    properties = {"header.from": domain}
    if policy == TEMPORARY:
        return [Result("dmarc", TEMPORARY, properties)]
    if policy is None:
        return [Result("dmarc", "none", properties)]
    properties |= {
        "policy.published-domain-policy": policy.action,
        "policy.adkim": "s" if policy.is_strict else "r",
    }
    return [Result("dmarc", _decided(domain, policy, dkim), properties)]


def _decided(domain, policy, dkim):
    results = {
        one.result for one in dkim if is_aligned(signing_domain(one), domain, policy.is_strict)
    }
    if PASS in results:
        return PASS
    if TEMPORARY in results:
        return TEMPORARY
    return "fail" if policy.action in ENFORCED else "none"

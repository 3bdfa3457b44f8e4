"""The verdict for the domain in From (RFC 7489 section 3.1).

Evaluated in this order; the first row that decides is the reason:

==================== ======= ====================================================================
reason               outcome when
==================== ======= ====================================================================
``no_from``          none    From names no domain
``not_judged``       none    the message was not checked
``other_from``       fail    DMARC was checked for another domain than the one in From
``dmarc_pass``       pass    DMARC says so
``dmarc_fail``       fail    DMARC says so, whatever policy the domain publishes
``submitted``        pass    DMARC is undecided; a user of the organisation has logged in
``dkim_aligned``     pass    the same; a valid signature of the same organisation
``spf_aligned``      pass    the same; the envelope sender is of the organisation and passed
``spf_fail``         fail    the same; it is of the organisation, but the client may not use it
``no_aligned_pass``  none    no result for or against the domain
==================== ======= ====================================================================

An invalid signature counts as a missing one (RFC 6376 section 6.1), so it is never a reason to
fail.
"""

from typing import NamedTuple

from .domains import domain_of, is_aligned
from .results import Result, Results

PASS = "pass"
FAIL = "fail"
NONE = "none"


class Verdict(NamedTuple):
    """The authentication verdict for the domain in From.

    :param outcome: ``pass``, ``fail`` or ``none``
    :param reason: a code from the table above, or ``several_from`` from ``sender``
    :param domain: the authenticated domain: of the signature, of the envelope sender, or ``""``
    """

    outcome: str
    reason: str
    domain: str = ""


def alignment(from_domain: str, results: Results) -> Verdict:
    """Return the :class:`Verdict` for a domain.

    :param from_domain: domain of the only address in From, in any form; empty if none
    """
    domain = domain_of(from_domain)
    if not domain:
        return Verdict(NONE, "no_from")
    if not results.is_judged:
        return Verdict(NONE, "not_judged")
    return _by_dmarc(domain, results.dmarc) or _by_identifiers(domain, results)


def _by_dmarc(domain, dmarc):
    """Return the DMARC verdict, or None if DMARC is undecided."""
    if not dmarc or dmarc.result not in (PASS, FAIL):
        # This includes "bestguesspass" of Microsoft 365, which means there is no policy at all.
        return None
    checked = dmarc.properties.get("header.from", "")
    if checked and not is_aligned(domain_of(checked), domain):
        return Verdict(FAIL, "other_from", domain_of(checked))
    return Verdict(dmarc.result, f"dmarc_{dmarc.result}", domain)


def _by_identifiers(domain, results):
    strict = is_strict(results.dmarc)
    submitter = submitter_domain(results.auth)
    if submitter and results.auth.result == PASS and is_aligned(submitter, domain, strict):
        return Verdict(PASS, "submitted", submitter)
    for signature in results.dkim:
        signer = signing_domain(signature)
        if signature.result == PASS and is_aligned(signer, domain, strict):
            return Verdict(PASS, "dkim_aligned", signer)
    spf, envelope = results.spf, envelope_domain(results.spf)
    if spf and spf.result in (PASS, FAIL) and is_aligned(envelope, domain):
        return Verdict(spf.result, "spf_aligned" if spf.result == PASS else "spf_fail", envelope)
    return Verdict(NONE, "no_aligned_pass")


def is_strict(dmarc: Result | None) -> bool:
    """Return whether a DMARC result requires exactly the same domain for signatures."""
    return bool(dmarc) and dmarc.properties.get("policy.adkim") == "s"


def signing_domain(signature: Result) -> str:
    """Return the canonical domain of a DKIM result, or ``""``.

    Some servers write only ``header.i``; its domain is the signing one or a subdomain.
    """
    properties = signature.properties
    return domain_of(properties.get("header.d") or properties.get("header.i", ""))


def submitter_domain(auth: Result | None) -> str:
    """Return the canonical domain of the user who logged in to submit a message, or ``""``.

    Only for an address: a name without a domain says nothing about From, and the client chose the
    envelope sender beside it.
    """
    login = auth.properties.get("smtp.auth", "").strip("<> ") if auth else ""
    return domain_of(login) if "@" in login else ""


def envelope_domain(spf: Result | None) -> str:
    """Return the canonical domain that SPF was checked for, or ``""``.

    If the envelope sender is empty, this is the domain of the greeting (RFC 7208 section 2.4).
    """
    if not spf:
        return ""
    sender = spf.properties.get("smtp.mailfrom", "").strip("<> ")
    return domain_of(sender or spf.properties.get("smtp.helo", ""))

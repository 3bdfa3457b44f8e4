"""Whether what was found speaks for the domain in From (RFC 7489 section 3.1).

In this order; the first that decides is the reason:

==================== ======= ====================================================================
reason               outcome when
==================== ======= ====================================================================
``no_from``          none    From names no domain, so that the mail claims to be of nobody
``not_judged``       none    nobody has looked
``other_from``       fail    DMARC was checked for a domain that is not the one in From
``dmarc_pass``       pass    DMARC says so
``dmarc_fail``       fail    DMARC says so, whatever the domain asks receivers to do then
``submitted``        pass    DMARC has not decided; somebody of the organisation has logged in
``dkim_aligned``     pass    the same; a valid signature of the same organisation
``spf_aligned``      pass    the same; the envelope sender is of the organisation, and passed
``spf_fail``         fail    the same; it is of the organisation, and the client may not use it
``no_aligned_pass``  none    nothing speaks for the domain, and nothing against it
==================== ======= ====================================================================

A signature that does not verify is as good as none (RFC 6376 section 6.1), so that it is
never a reason to fail.
"""

from typing import NamedTuple

from .domains import domain_of, is_aligned

PASS = "pass"
FAIL = "fail"
NONE = "none"


class Verdict(NamedTuple):
    """What authentication says about the domain in From.

    :param str outcome: ``pass``, ``fail`` or ``none``
    :param str reason: a code of the table above, or ``several_from`` of ``sender``
    :param str domain: what proved it: of the signature, or of the envelope sender, or ``""``
    """

    outcome: str
    reason: str
    domain: str = ""


def alignment(from_domain, results):
    """Return the :class:`Verdict` on a domain.

    :param str from_domain: of the only address in From, in any form; empty when there is none
    :param results: a :class:`~.results.Results`
    """
    domain = domain_of(from_domain)
    if not domain:
        return Verdict(NONE, "no_from")
    if not results.is_judged:
        return Verdict(NONE, "not_judged")
    return _by_dmarc(domain, results.dmarc) or _by_identifiers(domain, results)


def _by_dmarc(domain, dmarc):
    """Return the verdict of DMARC, or None when it has not decided."""
    if not dmarc or dmarc.result not in (PASS, FAIL):
        # Also "bestguesspass" of Microsoft 365, which stands for no policy at all.
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


def is_strict(dmarc):
    """Tell whether a result of DMARC says that signatures must be of the very domain."""
    return bool(dmarc) and dmarc.properties.get("policy.adkim") == "s"


def signing_domain(signature):
    """Return the canonical domain of a DKIM result, or ``""``.

    Some servers give only ``header.i``, whose domain is the signing one or one below it.
    """
    properties = signature.properties
    return domain_of(properties.get("header.d") or properties.get("header.i", ""))


def submitter_domain(auth):
    """Return the canonical domain of who has logged in to submit a mail, or ``""``.

    Only that of an address: a name without a domain says nothing about From, and the envelope
    sender beside it is what the client wrote.
    """
    login = auth.properties.get("smtp.auth", "").strip("<> ") if auth else ""
    return domain_of(login) if "@" in login else ""


def envelope_domain(spf):
    """Return the canonical domain that SPF was checked for, or ``""``.

    It is that of the greeting where the envelope sender is empty (RFC 7208 section 2.4).
    """
    if not spf:
        return ""
    sender = spf.properties.get("smtp.mailfrom", "").strip("<> ")
    return domain_of(sender or spf.properties.get("smtp.helo", ""))

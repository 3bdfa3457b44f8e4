"""Addresses that a forwarder wrote in place of the original, and what they contain.

A forwarding server must not use the return path of a foreign domain (SPF, RFC 7208), so it writes
its own, which contains the original:

====================================================== ====================================
form                                                   written by
====================================================== ====================================
``SRS0=hash=time=domain=local@forwarder``              SRS (postsrsd, Exim, cPanel)
``SRS1=hash=first==hash=time=domain=local@forwarder``  SRS, at the second forwarder
``user+SRS=hash=time=domain=local@forwarder``          Microsoft 365
``user+caf_=local=domain@forwarder``                   Gmail; contains the *recipient*
====================================================== ====================================

Not done here: checking the hash, which only the forwarder can do.
"""

import re
from dataclasses import dataclass

from .addresses import BadAddress, canonical, canonical_domain

# Such an address is longer than RFC 5321 section 4.5.3.1 allows; it contains another one.
LONGEST = 1000

_SRS0 = r"srs0[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)"
_SRS1 = r"srs1[=+-][^=]*=[^=]+=[=+-][^=]*=[^=]*=(?P<domain>[^=]+)=(?P<local>.+)"
_MICROSOFT = r"(?P<user>[^=]+)\+srs=[^=]*=[^=]*(?:=(?P<domain>[^=]+)=(?P<local>.+))?"
_GMAIL = r"(?P<user>[^=]+)\+caf_=.*"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.DOTALL) for form in (_SRS0, _SRS1, _MICROSOFT, _GMAIL)
)


@dataclass(frozen=True)
class RewrittenAddress:
    """The content of an address written by a forwarder.

    :param forwarder: canonical address of the forwarding mailbox, or the canonical domain if the
        form has no mailbox
    :param original: canonical address that was replaced, or an empty string
    """

    forwarder: str
    original: str


def read_rewritten(address: str) -> RewrittenAddress | None:
    """Return the :class:`RewrittenAddress` in an address, or None for an ordinary one.

    :param address: any text
    """
    local_part, at, domain = address.strip(" ").rpartition("@")
    if not at or len(local_part) > LONGEST:
        return None
    found = next(filter(None, (form.fullmatch(local_part) for form in _FORMS)), None)
    if not found:
        return None
    parts = found.groupdict(default="")
    user = parts.get("user")
    try:
        forwarder = canonical(f"{user}@{domain}") if user else canonical_domain(domain)
    except BadAddress:
        return None
    return RewrittenAddress(forwarder, _original(parts))


def _original(parts):
    try:
        return canonical(f"{parts.get('local', '')}@{parts.get('domain', '')}")
    except BadAddress:
        return ""

"""Authentication results of a message, method by method, in the terms of RFC 8601."""

from dataclasses import dataclass
from typing import NamedTuple

TRUSTED = "trusted"
OWN = "own"

_MAIL_FROM = "smtp.mailfrom"


class Result(NamedTuple):
    """One result.

    :param method: ``dkim``, ``spf``, ``dmarc``, ``arc``, ``iprev`` or another, lower case
    :param result: ``pass``, ``fail``, ``none`` or another of RFC 8601 section 2.7, lower case
    :param properties: ``{"header.d": "example.com"}``, names in lower case
    :param comment: explanation by the server, for people
    """

    method: str
    result: str
    properties: dict[str, str]
    comment: str = ""


@dataclass(frozen=True)
class Results:
    """All results of one verifier.

    :param source: ``trusted`` (a server), ``own`` (this program), or ``""`` for not checked
    :param judge: the authserv-id of the server, or ``""``
    :param found: in order
    """

    source: str = ""
    judge: str = ""
    found: tuple[Result, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether the message was checked at all, whatever the result."""
        return bool(self.source)

    @property
    def is_incomplete(self) -> bool:
        """Whether a later check may find more: an answer was missing (RFC 8601 section 2.7.1)."""
        return any(result.result == "temperror" for result in self.found)

    def by_method(self, method: str) -> tuple[Result, ...]:
        """Return the results of a method."""
        return tuple(result for result in self.found if result.method == method)

    @property
    def dmarc(self) -> Result | None:
        """The DMARC :class:`Result`, or None."""
        return _worst(self.by_method("dmarc"))

    @property
    def dkim(self) -> tuple[Result, ...]:
        """The results of all signatures."""
        return self.by_method("dkim")

    @property
    def spf(self) -> Result | None:
        """The SPF :class:`Result` for the envelope sender, else for the greeting, or None."""
        found = self.by_method("spf")
        return _worst([one for one in found if one.properties.get(_MAIL_FROM)] or found)

    @property
    def auth(self) -> Result | None:
        """The SMTP AUTH :class:`Result` (RFC 4954) of the submission, or None."""
        return _worst(self.by_method("auth"))

    @property
    def arc(self) -> Result | None:
        """The :class:`Result` of the ARC chain (RFC 8617), or None."""
        return _worst(self.by_method("arc"))

    @property
    def iprev(self) -> Result | None:
        """The :class:`Result` of the reverse lookup of the client's address, or None."""
        return _worst(self.by_method("iprev"))


def _worst(results):
    """Return the weakest result.

    A server writes one result for these methods. If there are two, the sender may have smuggled
    in the second through an envelope sender or a comment that the server did not quote.
    """
    return min(results, key=_proof, default=None)


def _proof(result):
    return {"fail": 0, "pass": 2}.get(result.result, 1)

"""What authentication found about a mail, method by method, in the words of RFC 8601."""

from dataclasses import dataclass
from typing import NamedTuple

TRUSTED = "trusted"
OWN = "own"

_MAIL_FROM = "smtp.mailfrom"


class Result(NamedTuple):
    """One result.

    :param str method: ``dkim``, ``spf``, ``dmarc``, ``arc``, ``iprev`` or another, lower case
    :param str result: ``pass``, ``fail``, ``none`` or another of RFC 8601 section 2.7, lower case
    :param dict properties: ``{"header.d": "example.com"}``, the names lower case
    :param str comment: what the server says beside it, for a person
    """

    method: str
    result: str
    properties: dict
    comment: str = ""


@dataclass(frozen=True)
class Results:
    """All that was found by one judge.

    :param str source: ``trusted`` (a server), ``own`` (this program), or ``""``: nobody judged
    :param str judge: the authserv-id of the server, or ``""``
    :param tuple found: of :class:`Result`, in their order
    """

    source: str = ""
    judge: str = ""
    found: tuple = ()

    @property
    def is_judged(self):
        """Whether somebody has looked, whatever was found."""
        return bool(self.source)

    @property
    def is_incomplete(self):
        """Whether a later look may find more: an answer was missing (RFC 8601 section 2.7.1)."""
        return any(result.result == "temperror" for result in self.found)

    def by_method(self, method):
        """Return the results of a method, a tuple."""
        return tuple(result for result in self.found if result.method == method)

    @property
    def dmarc(self):
        """The :class:`Result` of DMARC, or None."""
        return _worst(self.by_method("dmarc"))

    @property
    def dkim(self):
        """The results of all signatures, a tuple."""
        return self.by_method("dkim")

    @property
    def spf(self):
        """The :class:`Result` of SPF for the envelope sender, else for the greeting, or None."""
        found = self.by_method("spf")
        return _worst([one for one in found if one.properties.get(_MAIL_FROM)] or found)

    @property
    def auth(self):
        """The :class:`Result` of SMTP AUTH (RFC 4954) where the mail was submitted, or None."""
        return _worst(self.by_method("auth"))

    @property
    def arc(self):
        """The :class:`Result` of the ARC chain (RFC 8617), or None."""
        return _worst(self.by_method("arc"))

    @property
    def iprev(self):
        """The :class:`Result` of the reverse look-up of the client's address, or None."""
        return _worst(self.by_method("iprev"))


def _worst(results):
    """Return the result that proves least.

    A server has one result for these methods. Where there are two, a sender may have brought
    the second one in by an envelope sender or a comment that the server did not quote.
    """
    return min(results, key=_proof, default=None)


def _proof(result):
    return {"fail": 0, "pass": 2}.get(result.result, 1)

"""Check the DKIM signatures of a message (RFC 6376) with ``dkimpy``, if installed.

Some signatures that ``dkimpy`` accepts do not count here: those that do not sign From (RFC 6376
section 5.4 requires it), those of a part of the body (``l=``, section 8.2: anyone can append to
it), and those with SHA-1 (RFC 8301 section 3.1).

Each result has a ``reason`` property:

==================== ========= =================================================================
reason               result    when
==================== ========= =================================================================
``verified``         pass
``body_changed``     fail      the body hash differs; DNS is not queried
``not_verified``     fail      the header was changed; the signature has expired or is invalid
``malformed``        permerror a tag is missing or has an invalid value
``from_not_signed``  permerror
``partial_body``     policy    the signature has a body length
``weak_hash``        policy    SHA-1
``weak_key``         policy    an RSA key of less than 1024 bits (RFC 8301 section 3.2)
``no_key``           permerror DNS has no key, or it cannot be read
``key_revoked``      permerror the key is empty (RFC 6376 section 3.6.1)
``no_answer``        temperror DNS did not answer in time
``no_library``       neutral   PyNaCl, required for Ed25519, is not installed
``too_many``         neutral   the message has more signatures than are checked; once
==================== ========= =================================================================
"""

import base64
import logging
import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from ..addresses import BadAddress, canonical_domain
from .domains import domain_of, is_aligned
from .results import Result
from .signed import FORMS, Signed, body_digest

try:
    import dkim
    from dkim.util import InvalidTagValueList, parse_tag_value
except ImportError:
    dkim = None

ABSENT = "The Python library dkimpy is not installed, so only the mail server checks signatures."

# RFC 6376 section 6.1 lets a verifier limit their number. Two or three are usual.
MOST_SIGNATURES = 10
LONGEST_SIGNATURE = 8_000
MOST_SIGNED_NAMES = 100
# The time to use a key grows with the cube of its length; 8192 bits take 1,400 characters.
LONGEST_KEY = 2_000
SMALLEST_RSA_KEY = 1024
# In practice it is 65537. An exponent as long as the key takes a hundred times as long, half a
# second each, and a signer can publish any value.
LONGEST_EXPONENT = 64

_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_FIELD_NAME = b"dkim-signature"
# Patterns in dkimpy take quadratic time on a run of blanks.
_LONG_RUN = re.compile(rb"[\s]{100}")
_REVOKED = re.compile(r"(?:^|;)\s*p\s*=\s*(?:;|$)")
_RESULTS = {
    "verified": "pass",
    "body_changed": "fail",
    "not_verified": "fail",
    "partial_body": "policy",
    "weak_hash": "policy",
    "weak_key": "policy",
    "no_answer": "temperror",
    "no_library": "neutral",
    "too_many": "neutral",
}
# Its log would repeat text from the message and the key.
_SILENT = logging.Logger("postmaster.dkim")
_SILENT.addHandler(logging.NullHandler())


class _Signature(NamedTuple):
    """One DKIM-Signature field; without tags if they cannot be read."""

    index: int
    tags: dict

    def tag(self, name):
        return self.tags.get(name, b"").decode("latin-1").strip()

    @property
    def domain(self):
        return domain_of(self.tag(b"d"))

    @property
    def body_form(self):
        """The canonicalization of the body (RFC 6376 section 3.5, ``c=``)."""
        return self.tag(b"c").partition("/")[2] or "simple"

    @property
    def body_digest(self):
        """The signed body hash; empty if it cannot be read."""
        try:
            return base64.b64decode("".join(self.tag(b"bh").split()), validate=True)
        except ValueError:
            return b""

    @property
    def signed_names(self):
        return [name.strip().lower() for name in self.tags.get(b"h", b"").split(b":")]


def is_available() -> bool:
    """Return whether ``dkimpy`` is installed; if not, :data:`ABSENT` names what is missing."""
    return dkim is not None


def check_signatures(
    signed: Signed, domain: str, dns: Callable[[str, str], list[str]]
) -> list[Result]:
    """Return a :class:`~.results.Result` per signature, those of ``domain`` first.

    :param domain: canonical domain in From; its signatures are checked first
    :param dns: function of a name and a type (``"TXT"``) that returns the records, empty if
        there are none, and raises :class:`OSError` if there was no answer
    """
    signatures = [
        _Signature(index, _tags(value)) for index, value in enumerate(signed.named(_FIELD_NAME))
    ]
    signatures.sort(key=lambda one: not is_aligned(one.domain, domain))
    digest = cache(lambda form: body_digest(signed.body, form))
    results = [
        _result(one, _in_itself(one) or _of_body(one, digest) or _of_header(one, signed, dns))
        for one in signatures[:MOST_SIGNATURES]
    ]
    if len(signatures) > MOST_SIGNATURES:
        results.append(_result(_Signature(MOST_SIGNATURES, {}), "too_many"))
    return results


def _tags(value):
    if len(value) > LONGEST_SIGNATURE or _LONG_RUN.search(value):
        return {}
    try:
        return parse_tag_value(value)
    except InvalidTagValueList:
        return {}


def _result(signature, reason):
    given = {
        "header.d": signature.domain,
        "header.s": signature.tag(b"s"),
        "header.a": signature.tag(b"a"),
        "reason": reason,
    }
    properties = {name: value for name, value in given.items() if value}
    return Result("dkim", _RESULTS.get(reason, "permerror"), properties)


def _in_itself(signature):
    """Return what is wrong with a signature by itself, or ``""``."""
    if not signature.domain or len(signature.signed_names) > MOST_SIGNED_NAMES:
        return "malformed"
    if b"from" not in signature.signed_names:
        return "from_not_signed"
    if b"l" in signature.tags:
        return "partial_body"
    if signature.tag(b"a").endswith("-sha1"):
        return "weak_hash"
    is_known = signature.tag(b"a") in _ALGORITHMS and signature.body_form in FORMS
    return "" if is_known else "malformed"


def _of_body(signature, digest):
    """Return what is wrong with the body, or ``""``."""
    return "" if digest(signature.body_form) == signature.body_digest else "body_changed"


def _of_header(signature, signed, dns):
    """Return the result for a signature whose body hash matches."""
    key, reason = _key(signature, dns)
    return reason or _verified(signature, signed, key)


def _key(signature, dns):
    """Return ``(key record, reason why there is none)``."""
    try:
        name = canonical_domain(f"{signature.tag(b's')}._domainkey.{signature.domain}")
        records = dns(name, "TXT")
    except BadAddress:
        return "", "malformed"
    except OSError:
        return "", "no_answer"
    # RFC 6376 section 3.6.2.2 does not define which of several counts.
    key = records[0] if records else ""
    if not key or len(key) > LONGEST_KEY or not key.isascii():
        return "", "no_key"
    return (key, "key_revoked") if _REVOKED.search(key) else (key, "")


def _verified(signature, signed, key):
    """Return the result of ``dkimpy`` for the header, as a code."""
    check = _header_check()
    names = {b"from", _FIELD_NAME, *signature.signed_names}
    check.headers = [field for field in signed.fields if field[0].lower() in names]
    try:
        # The key is already known; dkimpy would wait for DNS without a limit.
        is_valid = check.verify(signature.index, dnsfunc=lambda _name, timeout: key.encode())
    except dkim.NaClNotFoundError:
        return "no_library"
    except dkim.KeyFormatError:
        is_small = check.keysize and check.keysize < SMALLEST_RSA_KEY
        return "weak_key" if is_small else "no_key"
    except (dkim.MessageFormatError, dkim.UnknownKeyTypeError):
        return "malformed"
    except dkim.ValidationError:
        return "not_verified"
    except (ValueError, TypeError, LookupError, AssertionError, OverflowError):
        # dkimpy raises on some malformed tags and keys.
        return "malformed"
    if is_valid:
        return "verified"
    # It returns the same for a wrong signature and for an unreadable key.
    return "not_verified" if check.keysize else "no_key"


def _header_check():
    """Return a check with dkimpy that skips the body, whose hash was already compared."""

    class HeaderCheck(dkim.DKIM):
        def verify_headerprep(self, idx=0):
            prepared = super().verify_headerprep(idx)
            # An ARC-Seal has none either; what is signed is the text of the field.
            prepared[0].pop(b"bh")
            return prepared

        def verify_sig_process(self, *args):
            if self.ktag == b"rsa" and self.pk["publicExponent"].bit_length() > LONGEST_EXPONENT:
                raise dkim.KeyFormatError("exponent")
            return super().verify_sig_process(*args)

    return HeaderCheck(logger=_SILENT, minkey=SMALLEST_RSA_KEY)

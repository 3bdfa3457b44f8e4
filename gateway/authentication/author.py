"""Which address From contains, and what is unusual about the field.

A field may be read in two ways: with its encoded words decoded first, as Odoo does, or as RFC
2047 prescribes. What either reading finds counts, because some program on the way may have read
the field like that, and the check was made for that reading.

Callers that act on the result must take the address from here. ``ceo@example.com
<a@example.org>`` has one address for this module and two for ``email.utils.getaddresses``.
"""

import re
import unicodedata
from collections.abc import Collection
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import NamedTuple

from ..address_list import read_addresses
from ..addresses import BadAddress, canonical, domain_allowed
from ..envelope import decode_field, decode_octets
from .domains import domain_of
from .lookalikes import has_mixed_scripts, lookalike_of

# Longer than any address with a name; the time to decode words grows quadratically.
LONGEST_FROM = 5_000
# Every message has one; a second one is already unusual.
MOST_FIELDS = 20

_NOT_IN_ADDRESS = re.compile(r"[\s<>\"'(),;:\[\]]+")
# Joins the parts of an emoji; some scripts also need it.
_JOINERS = "\u200c\u200d"
_FOLDING = "\t\r\n"
_UNSEEN = ("Cc", "Cf")


class Oddity(NamedTuple):
    """Something unusual about From.

    :param code: ``no_from``, ``several_from``, ``no_address``, ``too_long``,
        ``several_addresses``, ``name_is_address``, ``name_claims_own_domain``, ``raw_8bit``,
        ``control_character``, ``lookalike_domain`` or ``mixed_scripts``
    :param detail: the canonical address or domain concerned, or ``""``
    """

    code: str
    detail: str = ""


class Author(NamedTuple):
    """The claimed author of a message.

    :param addresses: canonical addresses in From
    :param is_several: whether there are several, or the field cannot be read completely
    :param oddities: what is unusual about the field
    """

    addresses: tuple[str, ...]
    is_several: bool
    oddities: tuple[Oddity, ...]

    @property
    def address(self) -> str:
        """The only address, or ``""``."""
        return "" if self.is_several else next(iter(self.addresses), "")

    @property
    def domain(self) -> str:
        """The domain of the only address, or ``""``."""
        return domain_of(self.address)


def read_author(header: bytes, own_domains: Collection[str] = ()) -> Author:
    """Return the :class:`Author` of a message, whatever its header.

    :param header: the header block
    :param own_domains: canonical domains or patterns like ``*.example.com`` of this database
    """
    values = from_values(header)
    if not values:
        return Author((), False, (Oddity("no_from"),))
    value = " ".join(value[:LONGEST_FROM] for value in values[:MOST_FIELDS])
    is_long = any(len(value) > LONGEST_FROM for value in values)
    addresses = _addresses(values[:MOST_FIELDS])
    is_several = len(values) > 1 or len(addresses) > 1 or is_long
    codes = {
        "several_from": len(values) > 1,
        "too_long": is_long,
        "several_addresses": len(addresses) > 1,
        "no_address": not addresses,
        "raw_8bit": not decode_octets(value).isascii(),
        "control_character": _has_unseen(value),
    }
    oddities = [Oddity(code) for code, is_so in codes.items() if is_so]
    oddities += _of_name(value, addresses, own_domains)
    oddities += [odd for one in addresses for odd in _of_domain(one, own_domains)]
    return Author(addresses, is_several, tuple(dict.fromkeys(oddities)))


def from_values(header: bytes) -> list[str]:
    """Return the values of the From fields, as core's parser reads them."""
    message = BytesHeaderParser(policy=compat32).parsebytes(header)
    return [value for name, value in message.raw_items() if name.lower() == "from"]


def _readings(value):
    text = value[:LONGEST_FROM]
    return decode_octets(text), decode_field(text)


def _addresses(values):
    """Return the canonical addresses of all readings in order, without duplicates."""
    found = {}
    for value in values:
        for text in _readings(value):
            # The address parser does not treat a line end as a blank, but in a folded field it is
            # one.
            for candidate in read_addresses(re.sub(r"[\r\n]+", " ", text)):
                found |= dict.fromkeys(_canonical(candidate))
    return tuple(found)


def _canonical(text):
    try:
        return [canonical(text)]
    except BadAddress:
        return []


def _of_name(value, addresses, own_domains):
    """Yield what is unusual about an address in place of a display name."""
    # Readers take a full-width or small at sign for an at sign.
    text = unicodedata.normalize("NFKC", " ".join(_readings(value)))
    words = dict.fromkeys(word for word in _NOT_IN_ADDRESS.split(text) if "@" in word)
    for address in dict.fromkeys(one for word in words for one in _canonical(word)):
        if address not in addresses:
            yield Oddity("name_is_address", address)
            if domain_allowed(domain_of(address), own_domains):
                yield Oddity("name_claims_own_domain", address)


def _of_domain(address, own_domains):
    domain = domain_of(address)
    if own := lookalike_of(domain, [own for own in own_domains if not own.startswith("*")]):
        yield Oddity("lookalike_domain", own)
    if has_mixed_scripts(domain):
        yield Oddity("mixed_scripts", domain)


def _has_unseen(value):
    texts = "".join(_readings(value))
    return any(
        unicodedata.category(one) in _UNSEEN and one not in _FOLDING and one not in _JOINERS
        for one in texts
    )

"""Which domains look like another (a subset of Unicode Technical Standard 39).

Two domains look alike if they have the same skeleton, in which each character is replaced by the
one that readers take it for. The table contains Cyrillic and Greek letters that look like Latin
ones, digits, and pairs of letters. The full Unicode list has thousands of entries, few of which
registries allow.
"""

import unicodedata
from collections.abc import Collection
from functools import lru_cache

from ..addresses import display_domain, domain_allowed

# Our own domains are compared with every message.
MOST_REMEMBERED = 4096

# Character and what readers take it for. Capitals need no entry: domains are in lower case.
_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝӏкмнтвгпьзби", "aeopcyxijshdqwlkmhtbrnb3bu", strict=True))
_GREEK = dict(zip("αβγδεηικνορτυχω", "abydenikvoptuxw", strict=True))
_LATIN = dict(zip("ıɩɑɡɪʟßłøđħ", "iiagilblodh", strict=True))
_DIGITS = {"0": "o", "1": "l", "3": "e", "5": "s"}
# Applied last and to both sides, so that l, i and 1 are equal.
_LETTERS = str.maketrans(_CYRILLIC | _GREEK | _LATIN | _DIGITS)
_SAME = (("i", "l"), ("rn", "m"), ("vv", "w"), ("cl", "d"))
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def lookalike_of(domain: str, own_domains: Collection[str]) -> str:
    """Return the first of our domains that this domain looks like, or ``""``.

    Our domains and their subdomains are not lookalikes.

    :param domain: canonical
    :param own_domains: canonical domains, without patterns
    """
    below = tuple(f"*.{own}" for own in own_domains)
    if domain_allowed(domain, (*own_domains, *below)):
        return ""
    labels = skeleton(domain).split(".")
    ends = {".".join(labels[start:]) for start in range(len(labels))}
    return next((own for own in own_domains if skeleton(own) in ends), "")


@lru_cache(MOST_REMEMBERED)
def skeleton(domain: str) -> str:
    """Return the skeleton of a canonical domain; lookalike domains have the same one."""
    shown = unicodedata.normalize("NFKD", display_domain(domain).lower())
    # Readers easily overlook accents.
    text = "".join(one for one in shown if not unicodedata.combining(one)).translate(_LETTERS)
    for pair in _SAME:
        text = text.replace(*pair)
    return text


def has_mixed_scripts(domain: str) -> bool:
    """Return whether a label of a canonical domain mixes Latin, Cyrillic and Greek letters."""
    return any(len(_scripts(label)) > 1 for label in display_domain(domain).split("."))


def _scripts(label):
    names = {unicodedata.name(one, "").partition(" ")[0] for one in label if one.isalpha()}
    return names.intersection(_SCRIPTS)

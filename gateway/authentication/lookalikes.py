"""Which domains look like another one (Unicode Technical Standard 39, in small).

Two domains look alike when they have the same skeleton: characters that a reader takes for
others are replaced by those. The table has the letters of Cyrillic and Greek that look like
Latin ones, digits, and pairs of letters; the whole list of Unicode has thousands, of which
registries allow few.
"""

import unicodedata
from functools import lru_cache

from ..addresses import display_domain, domain_allowed

# The own domains are asked for again with every mail.
MOST_REMEMBERED = 4096

# What is read as what. Capitals need no entry: domains are in lower case.
_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝӏкмнтвгпьзби", "aeopcyxijshdqwlkmhtbrnb3bu", strict=True))
_GREEK = dict(zip("αβγδεηικνορτυχω", "abydenikvoptuxw", strict=True))
_LATIN = dict(zip("ıɩɑɡɪʟßłøđħ", "iiagilblodh", strict=True))
_DIGITS = {"0": "o", "1": "l", "3": "e", "5": "s"}
# Applied last, and to both sides, so that l, i and 1 are one.
_LETTERS = str.maketrans(_CYRILLIC | _GREEK | _LATIN | _DIGITS)
_SAME = (("i", "l"), ("rn", "m"), ("vv", "w"), ("cl", "d"))
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def lookalike_of(domain, own_domains):
    """Return the first of these domains that another one looks like, or ``""``.

    One of them, and a domain below one of them, looks like none.

    :param str domain: canonical
    :param own_domains: canonical domains, without patterns
    """
    below = tuple(f"*.{own}" for own in own_domains)
    if domain_allowed(domain, (*own_domains, *below)):
        return ""
    labels = skeleton(domain).split(".")
    ends = {".".join(labels[place:]) for place in range(len(labels))}
    return next((own for own in own_domains if skeleton(own) in ends), "")


@lru_cache(MOST_REMEMBERED)
def skeleton(domain):
    """Return what a canonical domain looks like; equal for domains that look alike."""
    shown = unicodedata.normalize("NFKD", display_domain(domain).lower())
    # Accents are easily overlooked.
    text = "".join(one for one in shown if not unicodedata.combining(one)).translate(_LETTERS)
    for pair in _SAME:
        text = text.replace(*pair)
    return text


def has_mixed_scripts(domain):
    """Tell whether a label of a canonical domain has Latin, Cyrillic and Greek letters mixed."""
    return any(len(_scripts(label)) > 1 for label in display_domain(domain).split("."))


def _scripts(label):
    names = {unicodedata.name(one, "").partition(" ")[0] for one in label if one.isalpha()}
    return names.intersection(_SCRIPTS)

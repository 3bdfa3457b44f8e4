"""The recipients and the author of a message: rules of ``gateway``, records of this database."""

from dataclasses import replace

from odoo import api, models, tools

from ..context_keys import ATTEMPT
from ..gateway import address_book, fingerprint, forwarding, matching
from ..gateway.addresses import display
from ..gateway.recipients import HEADER, envelope_recipients, header_addresses, read_sender
from ..gateway.shared_addresses import shared_address
from ..policy.settings import ADDRESSING, ALLOWED_DOMAINS, LOCAL_PARTS, SUBADDRESSING
from ..shortcuts.memoize import has_changed
from .addressing import Addressing, Lookup, Server, read_domains, read_forwarders

# The step of the trace for each outcome, and whether it is a hit.
FORWARDING_STEPS = {
    forwarding.RESTORED: ("sender_restored", True),
    forwarding.UNKNOWN: ("sender_restored", False),
    forwarding.CONTRADICTORY: ("sender_contradictory", False),
    forwarding.UNTRUSTED: ("forwarder_untrusted", False),
    forwarding.KEPT: ("sender_kept", True),
}


class MailPostmasterAddressing(models.AbstractModel):
    _name = "mail.postmaster.addressing"
    _description = "Recipients of received messages"

    @api.model
    def _prepare(self, submission, trace):
        """Return the :class:`Addressing` of a message, or None if core alone decides."""
        server = self._server(submission.server_id)
        # A message that a user assigns to a record has no recipients.
        is_assigned = submission.addressed_to == []
        # The envelope is trusted if it is known, as is a field that an administrator trusts.
        told = submission.addressed_to or submission.recipients
        if is_assigned or not (server.trusted or submission.recipients or self._is_on()):
            return None
        header = fingerprint.split_header(submission.raw)[0]
        recipients = envelope_recipients(
            header,
            told=told,
            trusted=server.trusted,
            prefix=server.prefix,
            on_top=server.is_on_top,
        )
        if recipients.source != HEADER:
            trace.hit(
                "evidence", source=recipients.source, recipients=", ".join(recipients.addresses)
            )
        for text, reason in recipients.rejected:
            trace.miss("rejected_address", text=text, reason=reason)
        # Core will ask whether the other addresses in the header are ours.
        lookup = self._look_up([*recipients.addresses, *header_addresses(header)])
        matches = matching.match_all(
            recipients.addresses,
            lookup.book,
            trace,
            read_sender(header),
        )
        sender = self._restored_sender(header, matches, trace)
        stored_as = self._stored_as(matches)
        return Addressing(recipients, matches, lookup, self._known_as(matches), sender, stored_as)

    @api.model
    @tools.ormcache("server_id")
    def _server(self, server_id):
        """Return the :class:`Server` of an incoming server."""
        server = self.env["fetchmail.server"].browse(server_id or ()).exists()
        return Server(
            tuple(server._trusted_fields()),
            server.recipient_prefix or "",
            server.recipient_fields_on_top,
            bool(server.object_id and server.fallback_takes_catchall),
        )

    @api.model
    def _is_on(self):
        return self.env["mail.postmaster.policy"]._in_force().choice(ADDRESSING) == "True"

    @api.model
    def _own_addresses(self, addresses):
        """Return those of these canonical addresses that belong to this database."""
        if not addresses:
            return set()
        trace = matching.Trace()
        found = matching.match_all(addresses, self._look_up(addresses).book, trace)
        return {address for address, matches in found.items() if matches}

    # --- what reaches an alias --------------------------------------------------------

    @api.model
    def _book_around(self, aliases):
        """Return the address book with all entries that could take an address of these aliases."""
        former = aliases.retired_address_ids.mapped("local_part")
        names = {name for name in [*aliases.mapped("alias_name"), *former] if name}
        return self._book_of(sorted(names), "")

    @api.model
    def _is_open(self, alias):
        """Return whether an alias takes messages by its local part for any domain."""
        return bool(alias.alias_incoming_local and alias.alias_name) and (
            self._allowed_for(alias) is None
        )

    @api.model
    def _reaching(self, alias, book):
        """Return the addresses at which an alias receives messages, in readable form.

        :param alias: as it is in a form, saved or not
        :param book: of :meth:`_book_around`
        """
        if not alias.alias_name:
            return []
        detected = self._detected_domains(alias) if alias.alias_incoming_local else []
        own = alias.alias_domain_id.name
        if not self._is_on():
            homes = [own] if own else []
            return [
                display(f"{alias.alias_name}@{domain}")
                for domain in dict.fromkeys(homes + detected)
            ]
        entry = self._entry(alias)
        book = replace(
            book,
            aliases=(
                *(other for other in book.aliases if other.id != entry.id),
                entry,
            ),
        )
        names = book.names_of(address_book.compared_domain(own))
        candidates = [f"{alias.alias_name}@{name}" for name in [*names, *detected]]
        candidates += alias.retired_address_ids.filtered("domain").mapped("address")
        return [
            display(address)
            for address in dict.fromkeys(candidates)
            if "*" in address
            or any(
                (found.kind, found.record_id) == (address_book.ALIAS, entry.id)
                for found in matching.match(address, book, matching.Trace())
            )
        ]

    def _detected_domains(self, alias):
        """Return the domains and patterns for which an alias takes messages by its local part."""
        allowed = self._allowed_for(alias)
        return [*(home.name for home in self._domains()), *(["*"] if allowed is None else allowed)]

    def _allowed_for(self, alias):
        if not self._is_on():
            return self._allowed()
        book = address_book.AddressBook(domains=self._domains(), allowed=self._allowed())
        return book.decides(self._entry(alias))[0]

    def _entry(self, alias):
        """Return the entry of an alias for the address book."""
        return address_book.Alias(
            alias._origin.id or 0,
            alias.alias_name or "",
            alias.alias_domain_id.id or None,
            alias.alias_incoming_local,
            read_domains(alias.allowed_domains),
        )

    @api.model
    def _shared_addresses(self, aliases):
        """Return ``{id: [(other alias, address)]}`` of the aliases that share an address."""
        book = self._book_of(sorted(set(aliases.mapped("alias_name"))), "")
        named = {}
        for entry in book.aliases:
            named.setdefault(entry.local_part, []).append(entry)
        shared = {}
        for alias in aliases:
            entries = named.get(alias.alias_name, ())
            own = next((entry for entry in entries if entry.id == alias.id), None)
            for other in entries:
                if own and other != own and (address := shared_address(own, other, book)):
                    found = self.env["mail.alias"].browse(other.id), address
                    shared.setdefault(alias.id, []).append(found)
        return shared

    # --- authors of forwarded messages -----------------------------------------------------

    @api.model
    def _restored_sender(self, header, matches, trace):
        """Return the :class:`gateway.forwarding.Mailbox` to put into From, or None.

        :param dict matches: the matched recipients, whose alias domains' lists apply
        """
        lists = self._trusted_forwarders()
        homes = self._alias_domain_ids(matches) if lists else ()
        trusted = {entry for home in homes for entry in lists.get(home, ())}
        restoration = forwarding.restored_sender(header, trusted)
        if not restoration:
            return None
        step, is_hit = FORWARDING_STEPS[restoration.outcome]
        sender, found = restoration.sender, restoration.forwarding
        (trace.hit if is_hit else trace.miss)(
            step,
            forwarder=found.forwarder,
            sign=found.sign,
            **({"original": sender.address} if sender else {}),
        )
        return sender

    def _alias_domain_ids(self, matches):
        """Return the ids of the alias domains of what was matched."""
        found = [match for several in matches.values() for match in several]
        alias_ids = {match.record_id for match in found if match.kind == address_book.ALIAS}
        # For all other kinds the record is the domain itself.
        ids = {match.record_id for match in found if match.kind != address_book.ALIAS}
        return ids | set(self.env["mail.alias"].browse(alias_ids).alias_domain_id.ids)

    @tools.ormcache()
    def _trusted_forwarders(self):
        """Return ``{alias domain id: trusted forwarders}`` of the domains that have some."""
        domains = self.env["mail.alias.domain"].search([("trusted_forwarders", "!=", False)])
        return {domain.id: read_forwarders(domain.trusted_forwarders) for domain in domains}

    # --- the address book ---------------------------------------------------------------

    @api.model
    def _look_up(self, addresses):
        """Return a :class:`Lookup` for these addresses: the current message's, or a new one."""
        separators = self.env["mail.postmaster.policy"]._in_force().text(SUBADDRESSING)
        names = matching.needed_local_parts(addresses, separators)
        homes = self._homes(addresses)
        known = self._known_lookup()
        if known and known.covers(names, homes):
            return known
        book = self._book_of(names, separators, homes)
        return Lookup(frozenset(names), frozenset(homes), book)

    def _known_lookup(self):
        attempt = self.env.context.get(ATTEMPT)
        if not attempt or not attempt.found.addressing:
            return None
        is_outdated = has_changed(self.env, "mail.alias") or (
            has_changed(self.env, "mail.alias.domain")
        )
        return None if is_outdated else attempt.found.addressing.lookup

    def _book_of(self, names, separators, homes=None):
        """Return the address book with all entries that have one of these local parts.

        :param homes: ids of the alias domains that count, None for all
        """
        retired = [
            row
            for row in self._retired()
            if row.kind == address_book.DOMAIN or row.local_part in names
        ]
        former_ids = [row.record_id for row in retired if row.kind == address_book.ALIAS]
        return address_book.AddressBook(
            aliases=self._aliases(names, former_ids, homes),
            domains=self._domains(),
            retired=tuple(retired),
            allowed=self._allowed(),
            separators=separators,
            today=self.env.cr.now().date(),
        )

    def _aliases(self, names, former_ids, homes):
        """Return the aliases to compare with.

        A name may be in use in every alias domain; outside those that count, it matters only with
        local-part detection.
        """
        aliases = self.env["mail.alias"]._named(names, homes, former_ids)
        # Core will ask for these names, one by one.
        (aliases.alias_model_id | aliases.alias_parent_model_id)._take_names_for_read()
        return tuple(map(self._entry, aliases))

    @tools.ormcache()
    def _domains(self):
        return tuple(
            address_book.Domain(
                domain.id,
                address_book.compared_domain(domain.name),
                domain.catchall_alias or "",
                domain.bounce_alias or "",
                domain.default_from or "",
                read_domains(domain.allowed_domains),
            )
            for domain in self.env["mail.alias.domain"].search([])
        )

    @tools.ormcache()
    def _bounce_addresses(self):
        """Return the bounce addresses of all alias domains."""
        return frozenset(f"{home.bounce}@{home.name}" for home in self._domains() if home.bounce)

    def _homes(self, addresses):
        """Return the ids of the alias domains that have, or had, the domain of an address."""
        by_name = self._domain_ids_by_name()
        return sorted(
            {home for address in addresses for home in by_name.get(address.rpartition("@")[2], ())}
        )

    @tools.ormcache()
    def _domain_ids_by_name(self):
        return address_book.domain_ids_by_name(self._domains(), self._retired())

    @tools.ormcache()
    def _retired(self):
        """Return all former addresses, the latest first: they are few and seldom change."""
        return tuple(
            address_book.Retired(
                row.kind,
                row.alias_id.id or row.alias_domain_id.id,
                row.local_part or "",
                row.domain or None,
                row.until or None,
            )
            for row in self.env["mail.postmaster.retired.address"].search([])
        )

    def _allowed(self):
        """Return the allowed domains of the database, None for any."""
        policies = self.env["mail.postmaster.policy"]._in_force()
        allowed = read_domains(policies.text(ALLOWED_DOMAINS))
        # Where core decides, it knows only its own parameter.
        if allowed is None and policies.choice(LOCAL_PARTS) == "own" and self._is_on():
            # Without an alias domain, addresses of this database are known by nothing else.
            return tuple(home.name for home in self._domains()) or None
        return allowed

    def _stored_as(self, matches):
        """Return ``{address: as it is stored}`` of matched aliases that core would not find.

        From then on they are read by that address.
        """
        names = self._stored_names()
        found = {match for several in matches.values() for match in several} if names else ()
        ids = [match.record_id for match in found if match.kind == address_book.ALIAS]
        stored_as = {}
        for alias in self.env["mail.alias"].browse(ids):
            if name := names.get(alias.alias_domain_id.id):
                compared = f"{alias.alias_name}@{address_book.compared_domain(name)}"
                stored_as[compared] = f"{alias.alias_name}@{name}"
                alias._take_full_name_for_read(compared)
        return stored_as

    @tools.ormcache()
    def _stored_names(self):
        """Return ``{id: name}`` of the alias domains that are stored otherwise than compared."""
        return {
            domain.id: domain.name
            for domain in self.env["mail.alias.domain"].search([])
            if domain.name != address_book.compared_domain(domain.name)
        }

    def _known_as(self, matches):
        """Return ``{(kind, record id): address}`` of what was matched, as core is to compare it."""
        found = {match for several in matches.values() for match in several}
        ids = [match.record_id for match in found if match.kind == address_book.ALIAS]
        homes = self._domains()
        known_as = {}
        for alias in self.env["mail.alias"].browse(ids):
            name = alias.alias_full_name or ""
            if "@" not in name and homes:
                # An alias without a domain is found by its local part, in any domain of ours.
                name = f"{alias.alias_name}@{homes[0].name}"
            known_as[(address_book.ALIAS, alias.id)] = name
        kept = {(match.kind, match.record_id) for match in found}
        for home in homes:
            for kind, local_part in (
                (address_book.CATCHALL, home.catchall),
                (address_book.BOUNCE, home.bounce),
            ):
                if local_part and (kind, home.id) in kept:
                    known_as[(kind, home.id)] = f"{local_part}@{home.name}"
        return known_as

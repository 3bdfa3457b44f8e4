from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools.mail import email_normalize

from ...context_keys import ATTEMPT
from ...gateway import address_book
from ...gateway.addresses import BadAddress, canonical, canonical_domain, display_domain
from ...gateway.forwarding import BadForwarders, parse_forwarders
from ...gateway.shared_addresses import twins
from ...policy import policy_fields  # noqa: F401  what is extended here
from ...shortcuts import is_on
from ...shortcuts.cache_prefill import put_into_cache, read_columns
from ...shortcuts.memoize import has_changed, memoize_for_attempt, note_change

ARE_KEPT = is_on("alias_domains")
# SQL: a text that stands for all alias domains as a transaction sees them. Each write creates a
# new version of a row, at another location and by another transaction.
VERSION = """(
    SELECT md5(string_agg(id || ' ' || xmin || ' ' || ctid, ',' ORDER BY id))
    FROM mail_alias_domain
)"""


class MailAliasDomain(models.Model):
    _name = "mail.alias.domain"
    _inherit = ["mail.alias.domain", "mail.postmaster.scope"]

    allowed_domains = fields.Char(
        "Allowed domains",
        help="The domains for which aliases of this domain with local-part based detection accept "
        "mail, separated by commas; *.example.com for all subdomains. Empty: as set by the "
        "System Parameter mail.catchall.domain.allowed. An alias may have its own.",
    )
    trusted_forwarders = fields.Char(
        "Trusted forwarders",
        help="Mailing lists, groups and mailboxes that forward messages to this domain with their "
        "own address as the sender, separated by commas: list@example.org, example.org for "
        "all its addresses, *.example.org for all subdomains. If they name the author of a "
        "message, the author becomes its sender. Anyone who can send as a trusted forwarder "
        "can impersonate any sender.",
    )
    fallback_model_id = fields.Many2one(
        "ir.model",
        "Create a new record",
        ondelete="set null",
        domain=[("is_mail_thread", "=", True), ("abstract", "=", False)],
        help="A message that a mail server submits for an address of this domain that does not "
        "exist creates a record of this model. Empty: such messages are refused, and the mail "
        "server notifies the sender.",
    )
    retired_address_ids = fields.One2many(
        "mail.postmaster.retired.address",
        "alias_domain_id",
        "Former addresses",
        readonly=False,
    )

    @api.constrains("trusted_forwarders")
    def _check_trusted_forwarders(self):
        for domain in self.filtered("trusted_forwarders"):
            try:
                parse_forwarders(domain.trusted_forwarders)
            except BadForwarders as error:
                raise ValidationError(
                    self.env._(
                        "%(entry)s is neither an address nor a domain name. "
                        "Forwarders are separated "
                        "by commas, as in: list@example.org, example.org, *.example.org",
                        entry=error.entry,
                    )
                ) from error

    @api.constrains("name")
    def _check_one_of_a_name(self):
        """Refuse a second domain with the same name, if Postmaster decides on recipients."""
        if not self.env["mail.postmaster.addressing"].sudo()._is_on():
            return
        # Domains of other companies receive messages as well, so all of them are compared.
        for group in twins(self.sudo().search([])):  # pylint: disable=no-search-all
            if set(group) & set(self.ids):
                raise ValidationError(
                    self.env._(
                        "The alias domain %(name)s already exists. Companies can share it.",
                        name=self.browse(group[0]).name,
                    )
                )

    @api.constrains("catchall_alias", "bounce_alias")
    def _check_catchall_is_no_bounce(self):
        """Refuse one address for both: every reply would be taken for a report."""
        for domain in self if self.env["mail.postmaster.addressing"].sudo()._is_on() else ():
            if domain.catchall_alias == domain.bounce_alias:
                raise ValidationError(
                    self.env._(
                        "%(name)s has the same address for catchall and bounce: replies would be "
                        "treated as delivery reports.",
                        name=domain.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._note_change()
        return super().create([self._in_one_form(vals) for vals in vals_list])

    def write(self, vals):
        """Keep the former name, catchall and bounce of a domain working."""
        self._note_change()
        vals = self._in_one_form(vals)
        former = {domain: domain._addresses() for domain in self}
        result = super().write(vals)
        # The pipeline owns former addresses, regardless of which user changes a domain.
        retired = self.env["mail.postmaster.retired.address"].sudo()
        retired._retire(
            [
                address
                for domain, addresses in former.items()
                for kind, address in addresses.items()
                if address != domain._addresses()[kind]
                and (address.get("local_part") or kind == address_book.DOMAIN)
            ]
        )
        retired._forget([address for domain in self for address in domain._addresses().values()])
        return result

    def unlink(self):
        self._note_change()
        return super().unlink()

    @api.model
    def _note_change(self):
        self.env.registry.clear_cache()
        note_change(self.env, self._name)

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """Search all alias domains once per message: core searches for them at each step."""
        ask = super().search
        if domain or offset or limit or order:
            return ask(domain, offset=offset, limit=limit, order=order)
        return self.browse(
            memoize_for_attempt(
                self.env,
                self._name,
                "all",
                lambda: self._known_ids() or ask(domain).ids,
            )
        )

    def _known_ids(self):
        """Return the ids of all, in order, and mark them as read in this transaction.

        :return: nothing if they may have changed since they were read
        """
        attempt = self.env.context.get(ATTEMPT)
        is_kept = attempt and ARE_KEPT
        version = is_kept and attempt.found.alias_domains_version
        if not version or not self.env.su or has_changed(self.env, self._name):
            return []
        ids, values = self._all_columns(version, self.env.context.get("active_test", True))
        put_into_cache(self.browse(ids), values)
        return ids

    @api.model
    @tools.ormcache("version", "active_test")
    def _all_columns(self, version, active_test):
        """Return ``(ids, {column: values})`` of all, in order.

        :param str version: of all alias domains, see ``VERSION``
        """
        # Shared by all users who process messages: record rules of the first one must not apply.
        domains = self.sudo().with_context(active_test=active_test)
        # There are few alias domains, and the cache holds all of them.
        domains = super(MailAliasDomain, domains).search([])  # pylint: disable=no-search-all
        return domains.ids, read_columns(domains)

    def _levels(self):
        return self.env["mail.alias"], self

    def _addresses(self):
        """Return ``{kind: values of a former address}`` with the current addresses."""
        self.ensure_one()
        local_parts = {
            address_book.DOMAIN: False,
            address_book.CATCHALL: self.catchall_alias,
            address_book.BOUNCE: self.bounce_alias,
        }
        return {
            kind: {
                "kind": kind,
                "alias_domain_id": self.id,
                "local_part": local_part,
                "domain": address_book.compared_domain(self.name),
            }
            for kind, local_part in local_parts.items()
        }

    @api.depends("name")
    def _compute_display_name(self):
        """Show the name in readable form; messages are compared with the A-labels."""
        for domain in self:
            domain.display_name = display_domain(domain.name or "")

    @api.model
    def _in_one_form(self, vals):
        """Return values in the form that messages are compared with: lower case, A-labels.

        Core does not support international names, so they are refused while core alone decides on
        recipients.

        :raises ValidationError: for an invalid name
        """
        vals = dict(vals)
        name = vals.get("name")
        if name and (name.isascii() or self.env["mail.postmaster.addressing"]._is_on()):
            try:
                vals["name"] = canonical_domain(vals["name"].strip())
            except BadAddress as error:
                raise ValidationError(
                    self.env._(
                        "%(name)s is not a valid domain name.",
                        name=vals["name"],
                    )
                ) from error
        if "trusted_forwarders" in vals:
            vals["trusted_forwarders"] = _normalized_forwarders(vals["trusted_forwarders"])
        return vals

    @api.model
    def _find_aliases(self, email_list):
        """Return the addresses that are ours, so that none becomes a contact or receives messages.

        This uses the rules for recipients of received messages. Core knows neither sub-addresses
        nor former addresses, takes a foreign address for ours by its local part whatever the
        domain, and computes three addresses of every alias domain several times per message.
        """
        # A user who posts a message may not be allowed to read aliases.
        addressing = self.env["mail.postmaster.addressing"].sudo()
        if not addressing._is_on():
            return super()._find_aliases(email_list)
        by_address = {}
        for email in filter(None, email_list):
            try:
                by_address[email] = canonical(email_normalize(email) or email)
            except BadAddress:
                continue
        own = addressing._own_addresses(set(by_address.values()))
        return [email for email in email_list if by_address.get(email) in own]

    def _gateway_company(self, recipients):
        """Return the company that messages to these addresses belong to, or an empty recordset.

        :param list recipients: addresses
        """
        homes = self.env["mail.postmaster.addressing"]._homes(recipients)
        return self.browse(homes)._only_company()

    def _only_company(self):
        """Return the company that alone has these domains, or an empty recordset."""
        by_domain = self._company_ids_by_domain()
        ids = {company_id for domain_id in self.ids for company_id in by_domain.get(domain_id, ())}
        return self.env["res.company"].browse(ids if len(ids) == 1 else ())

    @api.model
    @tools.ormcache()
    def _company_ids_by_domain(self):
        # A user need not have access to all companies to see that a message belongs to theirs.
        companies = self.env["res.company"].sudo().search([("alias_domain_id", "!=", False)])
        return {
            domain.id: found.ids for domain, found in companies.grouped("alias_domain_id").items()
        }


def _normalized_forwarders(text):
    """Return a list of forwarders in one form; keep an invalid one, for the check to name it."""
    try:
        return ", ".join(parse_forwarders(text)) if text else text
    except BadForwarders:
        return text

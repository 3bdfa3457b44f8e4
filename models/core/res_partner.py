from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.mail import email_normalize

from ...context_keys import ATTEMPT
from ...pipeline.domain_users import ADDRESS, ADDRESS_IS_SET, WEBSITE, WEBSITE_IS_SET
from ...shortcuts import change_tracking  # noqa: F401  what is extended here
from ...shortcuts.memoize import memoize_for_attempt

# The fields by which core looks up contacts (res.partner._find_or_create_from_emails of 19.0).
BY_ADDRESS = {"email", "email_normalized"}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "mail.postmaster.watched"]

    # Who uses a domain is searched when a sender at it replies. Core has no index on addresses.
    _address_host = models.Index(
        f"(({ADDRESS}) text_pattern_ops, commercial_partner_id) WHERE {ADDRESS_IS_SET}"
    )
    _website_host = models.Index(
        f"(({WEBSITE}) text_pattern_ops, commercial_partner_id) WHERE {WEBSITE_IS_SET}"
    )

    postmaster_alias_warning = fields.Char(compute="_compute_postmaster_alias_warning")

    @api.depends("email")
    @api.depends_context("lang")
    def _compute_postmaster_alias_warning(self):
        """Warn of the address of an alias: what is sent there comes back as a new message."""
        addresses = {partner: email_normalize(partner.email or "") for partner in self}
        # Aliases of all companies receive messages; only an address of the contact is shown.
        domains = self.env["mail.alias.domain"].sudo()
        own = set(domains._find_aliases(list(filter(None, addresses.values()))))
        for partner in self:
            address = addresses[partner]
            partner.postmaster_alias_warning = address in own and self.env._(
                "%(address)s is an address of this database. Notifications sent to it come back as "
                "received messages.",
                address=address,
            )

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """Search the contacts of an address once per message (``_find_or_create_from_emails``)."""
        ask = super().search
        if ATTEMPT not in self.env.context or offset or limit or order != "id ASC":
            return ask(domain, offset=offset, limit=limit, order=order)
        domain = Domain(domain)
        if any(condition.field_expr not in BY_ADDRESS for condition in domain.iter_conditions()):
            return ask(domain, order=order)
        ids = memoize_for_attempt(
            self.env, self._name, repr(domain), lambda: ask(domain, order=order).ids
        )
        return self.browse(ids)

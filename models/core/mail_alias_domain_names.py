from odoo import api, fields, models

from ...gateway.address_book import compared_domain
from ...gateway.addresses import domain_or_none


class MailAliasDomain(models.Model):
    """Names from before the addon that match no message: shown, and changed on request.

    Core compares the recipients of a message, in lower case, with names as they were entered: if a
    name has capitals or blanks, or is not in A-labels (RFC 5891), core finds no address of the
    domain. If Postmaster decides on recipients, such names are compared in normalized form.
    """

    _inherit = "mail.alias.domain"

    name_in_messages = fields.Char(
        "Name in messages",
        compute="_compute_name_in_messages",
        help="The name of this domain in messages, if it is stored in a different form.",
    )

    @api.depends("name")
    def _compute_name_in_messages(self):
        for domain in self:
            name = domain_or_none(domain.name)
            domain.name_in_messages = name if name != domain.name else False

    @api.depends("bounce_alias", "name")
    def _compute_bounce_email(self):
        super()._compute_bounce_email()
        for domain, name in self._compared_otherwise():
            domain.bounce_email = domain.bounce_alias and f"{domain.bounce_alias}@{name}"

    @api.depends("catchall_alias", "name")
    def _compute_catchall_email(self):
        super()._compute_catchall_email()
        for domain, name in self._compared_otherwise():
            domain.catchall_email = domain.catchall_alias and f"{domain.catchall_alias}@{name}"

    def _compared_otherwise(self):
        """Return ``[(alias domain, name)]`` of those that core is to know by another name."""
        if not self.env["mail.postmaster.addressing"]._is_on():
            return []
        names = [(domain, compared_domain(domain.name)) for domain in self]
        return [(domain, name) for domain, name in names if name != domain.name]

    @api.model
    def _stored_otherwise(self):
        """Return the alias domains whose name differs in messages and that the user may change."""
        if not self.has_access("write"):
            return self.browse()
        # That field is computed, so it cannot be searched.
        domains = self.search([])  # pylint: disable=no-search-all
        return domains.filtered("name_in_messages")

    def action_store_name_in_messages(self):
        """Store the name as it appears in messages; the addresses of the aliases follow."""
        self.check_access("write")
        for domain in self.filtered("name_in_messages"):
            domain.name = domain.name_in_messages

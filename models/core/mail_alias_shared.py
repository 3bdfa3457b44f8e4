from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MailAlias(models.Model):
    """Addresses that reach two aliases: refused if new, shown if they already exist."""

    _inherit = "mail.alias"

    is_shared = fields.Boolean(
        "Shares an address",
        compute="_compute_shared_with",
        search="_search_is_shared",
    )
    shared_with = fields.Char(
        "Shared with",
        compute="_compute_shared_with",
        help="Addresses that another alias also has. If Postmaster decides on the recipients, the "
        "oldest alias gets the message; otherwise each alias creates a record.",
    )

    @api.depends(
        "alias_name",
        "alias_domain_id.name",
        "alias_incoming_local",
        "allowed_domains",
        "alias_domain_id.allowed_domains",
    )
    def _compute_shared_with(self):
        shared = self._shared_addresses()
        for alias in self:
            found = shared.get(alias.id, [])
            alias.is_shared = bool(found)
            alias.shared_with = ", ".join(
                f"{address} ({other.display_name})" for other, address in found
            )

    @api.model
    def _search_is_shared(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model(["alias_name"])
        self.env.cr.execute(
            """
            SELECT array_agg(id) FROM mail_alias
            WHERE alias_name IS NOT NULL GROUP BY alias_name HAVING count(*) > 1
            """
        )
        ids = [alias_id for (group,) in self.env.cr.fetchall() for alias_id in group]
        return [("id", "in", list(self.browse(ids)._shared_addresses()))]

    def _shared_addresses(self):
        """Return ``{id: [(other alias, address)]}`` of those that share an address."""
        # The other alias may be another company's; which one wins does not depend on the user.
        return (
            self.env["mail.postmaster.addressing"]
            .sudo()
            ._shared_addresses(self.filtered("alias_name"))
        )

    @api.constrains("alias_name", "alias_domain_id", "alias_incoming_local", "allowed_domains")
    def _check_shared_addresses(self):
        """Refuse an address that another alias has, if Postmaster decides on recipients.

        Core allows several aliases with one address, and creates a record for each.
        """
        # As for _shared_addresses.
        if not self.env["mail.postmaster.addressing"].sudo()._is_on():
            return
        for alias in self:
            for other, address in self._shared_addresses().get(alias.id, []):
                raise ValidationError(
                    self.env._(
                        "%(address)s would be used by %(alias)s and by %(other)s (%(model)s). "
                        "Choose another name, or enable local-part based detection for only one "
                        "of them.",
                        address=address,
                        alias=alias.display_name,
                        other=other.display_name,
                        model=other.alias_model_id.name,
                    )
                )

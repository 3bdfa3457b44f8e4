from odoo import api, fields, models


class MailFollowersEdit(models.TransientModel):
    _inherit = "mail.followers.edit"

    postmaster_alias_warning = fields.Text(compute="_compute_postmaster_alias_warning")

    @api.depends("partner_ids", "operation")
    def _compute_postmaster_alias_warning(self):
        """Warn of followers with the address of an alias."""
        for wizard in self:
            partners = wizard.partner_ids if wizard.operation == "add" else wizard.partner_ids[:0]
            warnings = partners.mapped("postmaster_alias_warning")
            wizard.postmaster_alias_warning = "\n".join(filter(None, warnings))

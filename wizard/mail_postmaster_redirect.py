from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize_all

from . import mail_postmaster_release  # noqa: F401  what is extended here


class MailPostmasterRedirect(models.TransientModel):
    _name = "mail.postmaster.redirect"
    _description = "Process a received message as addressed to"
    _inherit = ["mail.postmaster.release"]

    alias_ids = fields.Many2many(
        "mail.alias",
        string="Aliases",
        domain=[("alias_name", "!=", False)],
    )
    addresses = fields.Char("Other addresses", help="Separated by commas.")

    def _changes(self):
        addresses = email_normalize_all(self.addresses or "")
        if (self.addresses or "").strip() and not addresses:
            raise UserError(
                self.env._("“%(text)s” is not a valid email address.", text=self.addresses)
            )
        if not addresses and not self.alias_ids:
            raise UserError(self.env._("Choose an alias, or enter an address."))
        local = self.alias_ids.filtered(lambda alias: "@" not in (alias.alias_full_name or ""))
        if local and (addresses or len(self.alias_ids) > 1):
            raise UserError(
                self.env._(
                    "%(alias)s has no domain and therefore no address: choose it alone.",
                    alias=local[0].display_name,
                )
            )
        if local:
            return self._changes_for_alias(local)
        return {"addressed_to": [*self.alias_ids.mapped("alias_full_name"), *addresses]}

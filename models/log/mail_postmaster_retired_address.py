from odoo import api, fields, models

from ...gateway import address_book
from ...gateway.addresses import display
from . import mail_postmaster_exported  # noqa: F401  what is extended here

KINDS = [
    (address_book.ALIAS, "Alias"),
    (address_book.CATCHALL, "Catchall"),
    (address_book.BOUNCE, "Bounce"),
    (address_book.DOMAIN, "Domain name"),
]


# Two rows with these values equal are the same former address.
IDENTITY = ("kind", "local_part", "domain", "alias_id", "alias_domain_id")


class MailPostmasterRetiredAddress(models.Model):
    """A former address: messages sent before it changed still get replies to it."""

    _name = "mail.postmaster.retired.address"
    _description = "Former address"
    _inherit = ["mail.postmaster.exported"]
    _order = "id desc"
    _rec_name = "domain"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    local_part = fields.Char(readonly=True, index=True)
    domain = fields.Char(readonly=True)
    alias_id = fields.Many2one("mail.alias", readonly=True, index=True, ondelete="cascade")
    alias_domain_id = fields.Many2one(
        "mail.alias.domain",
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    since = fields.Datetime("Former since", readonly=True, default=fields.Datetime.now)
    until = fields.Date(
        "Valid until",
        help="The last day on which mail to this address is accepted. Empty: no end.",
    )

    address = fields.Char(compute="_compute_address")
    is_active = fields.Boolean(compute="_compute_is_active")

    @api.depends("until")
    def _compute_is_active(self):
        today = fields.Date.context_today(self)
        for retired in self:
            retired.is_active = not retired.until or retired.until >= today

    @api.depends("local_part", "domain")
    def _compute_address(self):
        for retired in self:
            retired.address = "@".join(filter(None, (retired.local_part, retired.domain)))

    @api.depends("address")
    def _compute_display_name(self):
        for retired in self:
            retired.display_name = display(retired.address)

    @api.model
    def _retire(self, vals_list):
        """Keep former addresses working, each once; one that is retired again, forever."""
        self._forget(vals_list)
        self.create(vals_list)

    @api.model
    def _forget(self, vals_list):
        """Remove former addresses that are current again."""
        if vals_list:
            self.search(
                fields.Domain.OR(
                    fields.Domain.AND([(name, "=", vals.get(name, False))] for name in IDENTITY)
                    for vals in vals_list
                )
            ).unlink()

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

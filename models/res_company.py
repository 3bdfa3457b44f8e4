from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def cache_invalidation_fields(self):
        # Which companies have an alias domain is remembered.
        return super().cache_invalidation_fields() | {"alias_domain_id"}

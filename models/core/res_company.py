from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def cache_invalidation_fields(self):
        # The companies that have an alias domain are cached.
        return super().cache_invalidation_fields() | {"alias_domain_id"}

from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _readable_mail_models(self):
        """Return the names of the models this user may read, for a record rule.

        The rule's domain is cached until groups or access rights change, so this is not.
        """
        self.ensure_one()
        return sorted(self.env["ir.model.access"].with_user(self)._get_allowed_models("read"))

    def _init_store_data(self, store):
        result = super()._init_store_data(store)
        store.add_global_values(
            has_access_postmaster=self.env.user.has_group("mail_postmaster.group_user"),
        )
        return result

from odoo import api, models

from .once import note_change


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        note_change(self.env, self._name)
        return super().create(vals_list)

    def write(self, vals):
        note_change(self.env, self._name)
        return super().write(vals)

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

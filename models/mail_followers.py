from odoo import api, models

from .once import note_change


class MailFollowers(models.Model):
    _inherit = "mail.followers"

    @api.model_create_multi
    def create(self, vals_list):
        note_change(self.env, self._name)
        return super().create(vals_list)

    def write(self, vals):
        note_change(self.env, self._name)
        return super().write(vals)

    def unlink(self):
        note_change(self.env, self._name)
        return super().unlink()

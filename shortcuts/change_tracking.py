from odoo import api, models

from .memoize import note_change


class MailPostmasterWatched(models.AbstractModel):
    """Records that core reads several times for one message in the same way.

    A result is reused as long as none of them was written, see ``shortcuts/memoize.py``.
    """

    _name = "mail.postmaster.watched"
    _description = "Change tracking during processing"

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

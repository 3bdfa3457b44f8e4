from odoo import api, models

from .attempt import ATTEMPT


class MailMessage(models.Model):
    _inherit = "mail.message"

    @api.model_create_multi
    def create(self, vals_list):
        """Note which message a received mail became."""
        messages = super().create(vals_list)
        if attempt := self.env.context.get(ATTEMPT):
            attempt.message_ids += messages.filtered(lambda m: m.message_type == "email").ids
        return messages

from odoo import api, models

ABOVE = "above"


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_process(self, model, message, *args, **kwargs):
        self.env["mail.neighbour.call"]._note(ABOVE, "message_process", str(len(message)))
        return super().message_process(model, message, *args, **kwargs)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        failed = message_dict["bounced_email"]
        self.env["mail.neighbour.call"]._note(ABOVE, "_routing_handle_bounce", failed)
        return super()._routing_handle_bounce(email_message, message_dict)


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

    def _connect__(self, allow_archived=False):
        self.env["mail.neighbour.call"]._note(ABOVE, "_connect__", self.name)
        return super()._connect__(allow_archived=allow_archived)

from odoo import api, fields, models

BELOW = "below"


class Call(models.Model):
    _name = "mail.neighbour.call"
    _description = "Calls of overrides, in the transaction of each"

    place = fields.Char()
    method = fields.Char()
    told = fields.Char()

    @api.model
    def _note(self, place, method, told):
        self.sudo().create({"place": place, "method": method, "told": told})


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_process(self, model, message, *args, **kwargs):
        self.env["mail.neighbour.call"]._note(BELOW, "message_process", str(len(message)))
        return super().message_process(model, message, *args, **kwargs)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        failed = message_dict["bounced_email"]
        self.env["mail.neighbour.call"]._note(BELOW, "_routing_handle_bounce", failed)
        return super()._routing_handle_bounce(email_message, message_dict)


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

    def _connect__(self, allow_archived=False):
        self.env["mail.neighbour.call"]._note(BELOW, "_connect__", self.name)
        return super()._connect__(allow_archived=allow_archived)

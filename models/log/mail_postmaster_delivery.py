from odoo import api, fields, models
from odoo.exceptions import UserError

from . import mail_postmaster_exported  # noqa: F401  what is extended here

STATES = [
    ("received", "Received"),
    ("retry", "Retrying"),
    ("delivered", "Delivered"),
    ("ignored", "Ignored"),
    ("refused", "Refused"),
    ("parked", "Needs attention"),
]


class MailPostmasterDelivery(models.Model):
    """The outcome of one message at one target.

    The unique index on mail key and target ensures that a message creates one record, however often
    and by however many paths it arrives.
    """

    _name = "mail.postmaster.delivery"
    _description = "Delivery of a received message"
    _inherit = ["mail.postmaster.exported"]
    _order = "id"
    _log_access = False

    mail_id = fields.Many2one(
        "mail.postmaster.message",
        string="Received message",
        required=True,
        index=True,
        ondelete="cascade",
    )
    mail_key = fields.Char(required=True)
    target = fields.Char(required=True)
    state = fields.Selection(STATES, required=True)
    reason_code = fields.Char()
    reason_params = fields.Json()
    alias_id = fields.Many2one("mail.alias", index="btree_not_null", ondelete="set null")
    model = fields.Char()
    res_id = fields.Many2oneReference("Record ID", model_field="model")
    model_name = fields.Char("Document", compute="_compute_model_name")
    record_name = fields.Char("Record", compute="_compute_record_name")
    mail_message_id = fields.Many2one(
        "mail.message",
        string="Message",
        index="btree_not_null",
        ondelete="set null",
    )
    reason = fields.Char(compute="_compute_reason")

    _target_unique = models.UniqueIndex("(mail_key, target)")

    @api.depends("model")
    @api.depends_context("lang")
    def _compute_model_name(self):
        for delivery in self:
            delivery.model_name = delivery.model and self.mail_id._model_name(delivery.model)

    @api.depends("model", "res_id")
    def _compute_record_name(self):
        for delivery in self:
            record = delivery._record()
            readable = record and record.has_access("read")
            delivery.record_name = record.display_name if readable else False

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_reason(self):
        for delivery in self:
            delivery.reason = self.env["mail.postmaster.message"]._sentence(
                delivery.reason_code, delivery.reason_params
            )

    def _record(self):
        """Return the record that this delivery created or replied to, or None if it is gone."""
        self.ensure_one()
        if not self.model or self.model not in self.env or not self.res_id:
            return None
        return self.env[self.model].browse(self.res_id).exists() or None

    def action_open_record(self):
        """Open the record in its own form."""
        self.ensure_one()
        record = self._record()
        if not record:
            raise UserError(self.env._("The record of this delivery was deleted."))
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [[False, "form"]],
        }

    def action_open_alias(self):
        """Open the alias, where its handling of messages can be changed."""
        self.ensure_one()
        if not self.alias_id:
            raise UserError(self.env._("This delivery did not use an alias."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "mail.alias",
            "res_id": self.alias_id.id,
            "views": [[False, "form"]],
        }

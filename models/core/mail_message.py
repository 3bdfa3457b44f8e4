from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.mail.tools.discuss import Store

from ...context_keys import ATTEMPT


class MailMessage(models.Model):
    _inherit = "mail.message"

    postmaster_mark = fields.Json("Sender authentication", readonly=True, copy=False)
    postmaster_note = fields.Char("Note about the sender", compute="_compute_postmaster_note")

    @api.depends("postmaster_mark")
    @api.depends_context("lang")
    def _compute_postmaster_note(self):
        sentences = self.env["mail.postmaster.message"]
        for message in self:
            message.postmaster_note = sentences._mark_sentence(message.postmaster_mark)

    def _to_store_defaults(self, target):
        known = super()._to_store_defaults(target)
        if not target.is_internal(self.env):
            return known
        return [*known, Store.Attr("postmaster_note", predicate=lambda m: m.postmaster_mark)]

    @api.model_create_multi
    def create(self, vals_list):
        """Record which message a received one became; mark one with an unauthenticated sender."""
        for vals in vals_list:
            self._check_mark(vals)
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.route and attempt.route.mark:
            vals_list = [
                {**vals, "postmaster_mark": attempt.route.mark}
                if vals.get("message_type") == "email"
                else vals
                for vals in vals_list
            ]
        messages = super().create(vals_list)
        if attempt:
            attempt.ledger.message_ids += messages.filtered(lambda m: m.message_type == "email").ids
        return messages

    def write(self, vals):
        self._check_mark(vals)
        return super().write(vals)

    def _check_mark(self, vals):
        """Refuse a mark set by other code: core lets authors write their messages by RPC.

        :raises AccessError: unless in superuser mode
        """
        if "postmaster_mark" in vals and not self.env.su:
            raise AccessError(
                self.env._("The sender authentication of a message cannot be changed.")
            )

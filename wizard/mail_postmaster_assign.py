from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from . import mail_postmaster_release  # noqa: F401  what is extended here


class MailPostmasterAssign(models.TransientModel):
    _name = "mail.postmaster.assign"
    _description = "Assign a received message"
    _inherit = ["mail.postmaster.release"]

    target = fields.Selection(
        [("record", "An existing record"), ("alias", "An alias")],
        required=True,
        default="record",
        help="A record: the message is posted in its conversation. An alias: the message is "
        "processed as if it had been sent to the alias.",
    )
    record = fields.Reference("_selection_models")
    alias_id = fields.Many2one("mail.alias", domain=[("alias_name", "!=", False)])

    @api.model
    def _selection_models(self):
        """Return the documents with a conversation whose model the user may write."""
        # Only administrators may read ir.model. The user's access to each model is checked below.
        threads = (
            self.env["ir.model"]
            .sudo()
            .search(
                [("is_mail_thread", "=", True), ("transient", "=", False)],
                order="name",
            )
        )
        return [(model.model, model.name) for model in threads if self._may_assign_to(model.model)]

    @api.model
    def _may_assign_to(self, name):
        if name not in self.env:
            return False
        model = self.env[name]
        return not model._abstract and model._auto and model.has_access("write")

    def _changes(self):
        if self.target == "alias":
            if not self.alias_id:
                raise UserError(self.env._("Choose an alias."))
            return self._changes_for_alias(self.alias_id)
        if not self.record or not self.record.exists():
            raise UserError(self.env._("Choose a record."))
        if self.record._name not in dict(self._selection_models()):
            raise AccessError(self.env._("Messages cannot be assigned to this kind of record."))
        self.record.check_access("write")
        return {"addressed_to": [], "model": self.record._name, "thread_id": self.record.id}

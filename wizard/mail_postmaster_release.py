import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..gateway import states


class MailPostmasterRelease(models.AbstractModel):
    """The common part of the dialogs in which a user chooses the target of a message."""

    _name = "mail.postmaster.release"
    _description = "Process a received message differently"

    mail_id = fields.Many2one(
        "mail.postmaster.message",
        "Received message",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    # Read with the user's rights: a related field is read as superuser by default, and the user
    # may lack access to the message.
    subject = fields.Char(related="mail_id.subject", related_sudo=False)
    email_from = fields.Char(related="mail_id.email_from", related_sudo=False)
    recipients = fields.Text(
        related="mail_id.recipients",
        related_sudo=False,
        string="Addressed to",
    )
    sender_was_told = fields.Boolean(compute="_compute_sender_was_told")

    @api.depends("mail_id.state")
    def _compute_sender_was_told(self):
        for release in self:
            release.sender_was_told = release.mail_id.state == states.REFUSED

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        is_mail = self.env.context.get("active_model") == "mail.postmaster.message"
        if is_mail and "mail_id" in fields:
            values.setdefault("mail_id", self.env.context.get("active_id"))
        if values.get("mail_id"):
            self.env["mail.postmaster.message"].browse(values["mail_id"])._check_administrator()
        return values

    @api.model_create_multi
    def create(self, vals_list):
        releases = super().create(vals_list)
        releases._check_mail()
        return releases

    def write(self, vals):
        result = super().write(vals)
        self._check_mail()
        return result

    # This is not a constraint, because constraints run as superuser.
    @api.onchange("mail_id")
    def _check_mail(self):
        """Refuse a message that the user may not administer.

        Core shows the display name of a linked record even to users who may not read the record.

        :raises AccessError: if the user may not; the error names the group or the message
        """
        self.mail_id._origin._check_administrator()

    def action_process(self):
        """Process the message with the choices of the dialog, and return to it."""
        self.ensure_one()
        self.mail_id._check_administrator()
        if not self.mail_id._process_again(self._changes()):
            raise UserError(
                self.env._(
                    "Nothing was done: the message has been delivered in the meantime or is "
                    "being processed."
                )
            )
        return {"type": "ir.actions.act_window_close"}

    def _changes(self):
        """Return the changes to apply, in the format that ``_process_again`` expects."""
        raise NotImplementedError

    @api.model
    def _changes_for_alias(self, alias):
        """Return the changes that direct a message to an alias, even one without a domain."""
        if "@" in (alias.alias_full_name or ""):
            return {"addressed_to": [alias.alias_full_name]}
        # Only administrators may read ir.model, but users who may read the alias know its model.
        model = alias.alias_model_id.sudo().model
        return {
            "addressed_to": [],
            "model": model,
            "thread_id": alias.alias_force_thread_id or None,
            "custom_values": json.loads(json.dumps(alias._literal_defaults(), default=str)),
        }

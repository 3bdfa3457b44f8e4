from odoo import models
from odoo.tools.mail import email_normalize_all

from ..gateway.screening import REVIEW
from .attempt import ATTEMPT


class MailThread(models.AbstractModel):
    """Who is told of what a received mail has caused.

    Outside an attempt the overrides do nothing.
    """

    _inherit = "mail.thread"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Notify nobody of what was accepted in silence, and no program by a template.

        Core posts the templates of a stage at the commit, after the route was served.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.is_quiet:
            return []
        if attempt and attempt.treatment == REVIEW and message.message_type == "email":
            return self._reviewers(message, msg_vals, **kwargs)
        if attempt and attempt.treatment:
            return []
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if not self._is_acknowledgement(message) or self._may_be_answered(attempt):
            return recipients
        senders = email_normalize_all(attempt.message_dict["email_from"])
        return [one for one in recipients if one["email_normalized"] not in senders]

    def _reviewers(self, message, msg_vals, **kwargs):
        """Return the internal users who would be told of a comment, in their inbox alone."""
        values = {
            **(msg_vals or {}),
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
        }
        recipients = super()._notify_get_recipients(message, msg_vals=values, **kwargs)
        return [{**one, "notif": "inbox"} for one in recipients if one["uid"] and not one["ushare"]]

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        """Mark what a template says to the sender of a mail as automatic (RFC 3834).

        Core marks its vacation messages alone; two databases with such a template, or one and
        any autoresponder, would acknowledge each other's acknowledgements.
        """
        if self._is_acknowledgement(message):
            values = dict(additional_values or {})
            headers = self.env["mail.postmaster.answer"]._automatic_headers()
            additional_values = {**values, "headers": {**headers, **values.get("headers", {})}}
        return super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values
        )

    def _notify_thread_with_out_of_office(self, message, recipients_data, msg_vals=False, **kwargs):
        """Answer nothing automatic (RFC 3834 section 2), nor what is a note, that one is away."""
        attempt = self.env.context.get(ATTEMPT)
        if attempt and (
            attempt.is_quiet or attempt.treatment or not self._may_be_answered(attempt)
        ):
            return self.env["mail.message"]
        return super()._notify_thread_with_out_of_office(
            message, recipients_data, msg_vals=msg_vals, **kwargs
        )

    def _is_acknowledgement(self, message):
        """Tell whether a message was written by a template because a mail was received."""
        return bool(
            self.env.context.get(ATTEMPT)
            and message.message_type == "auto_comment"
            and self.env["mail.postmaster.answer"]._is_careful()
        )

    def _may_be_answered(self, attempt):
        is_careful = self.env["mail.postmaster.answer"]._is_careful()
        return attempt.automatic.may_be_answered or not is_careful

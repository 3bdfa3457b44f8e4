from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, is_html_empty

from ...context_keys import ATTEMPT
from ...rules.alias_mode import ACCEPT, CLOSED, HOLD, REFUSE


class MailAlias(models.Model):
    """How to handle messages to an alias, before its contact security applies."""

    _inherit = "mail.alias"

    alias_mode = fields.Selection(
        [
            (ACCEPT, "Accept"),
            (HOLD, "Hold for review"),
            (REFUSE, "Refuse"),
            (CLOSED, "Closed"),
        ],
        "Incoming messages",
        default=ACCEPT,
        required=True,
        help="Hold for review: messages to this address wait in the log of received mail until "
        "they are released. Refuse and Closed: new messages are not accepted, and the sender "
        "is notified; replies in an existing conversation are still accepted.",
    )
    alias_closed_since = fields.Date(
        "Closed since",
        help="The first day on which messages are refused. Empty: immediately.",
    )
    alias_refusal = fields.Html(
        "Text for the sender",
        translate=True,
        help="The text sent to the sender of a refused message. Empty: a general text.",
    )

    @api.onchange("alias_mode")
    def _onchange_alias_mode(self):
        if self.alias_mode == CLOSED and not self.alias_closed_since:
            self.alias_closed_since = fields.Date.context_today(self)

    def _tell_refused_sender(self, message, message_dict):
        """Notify the sender of a message that this alias has turned down."""
        self.ensure_one()
        alias = self._for_answer(message_dict)
        text = alias.alias_refusal
        body = alias.env["ir.qweb"]._render(
            "mail.mail_bounce_alias_security",
            {
                "body": alias._default_refusal() if is_html_empty(text) else text,
                "message": alias.env["mail.postmaster.answer"]._quote(
                    self.env.context[ATTEMPT], message_dict
                ),
            },
            minimal_qcontext=True,
        )
        alias.env["mail.thread"]._routing_create_bounce_email(
            message_dict["email_from"],
            body,
            message,
            references=message_dict["message_id"],
        )

    def _default_refusal(self):
        since = ""
        if self.alias_mode == CLOSED and self.alias_closed_since:
            since = format_date(self.env, self.alias_closed_since)
        return Markup("<p>{}</p><p>{}</p>").format(
            self.env._("Dear Sender"),
            self.env._(
                "The address %(alias)s has been closed since %(since)s; your message was not "
                "accepted.",
                alias=self.display_name,
                since=since,
            )
            if since
            else self.env._(
                "The address %(alias)s does not accept messages; your message was not accepted.",
                alias=self.display_name,
            ),
        )

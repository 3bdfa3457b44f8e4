from odoo import api, models

from .attempt import ATTEMPT, target_of
from .mail_postmaster_reply import NEW


class MailThread(models.AbstractModel):
    """Who may answer in a conversation, decided before core takes the route there.

    Outside an attempt the override does nothing.
    """

    _inherit = "mail.thread"

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        """Judge an answer; ask the alias of its record as core asks the one written to.

        ``message_route`` checks an answer, and nothing else, without ``raise_exception``. Where
        it gets an empty tuple it goes on as for a mail that answers nothing, and where it gets
        False there is no route.
        """
        attempt = self.env.context.get(ATTEMPT)
        if raise_exception or not route[1] or not self._judges(attempt, route):
            return super()._routing_check_route(
                message, message_dict, route, raise_exception=raise_exception
            )
        model, thread_id, values, user_id, addressed = route
        reply = self.env["mail.postmaster.reply"]._judge(attempt, message_dict, model, thread_id)
        if reply:
            attempt.reply = reply
            if reply.policy and reply.policy.value == NEW:
                return self._quotes_nothing(attempt, message_dict)
            self._leave_elsewhere(attempt, message_dict, reply)
            if alias := self._alias_to_ask(reply, addressed):
                attempt.trace.hit("reply_rules", alias=alias.display_name)
                asked = (model, thread_id, values, user_id, alias)
                if not super()._routing_check_route(
                    message, message_dict, asked, raise_exception=False
                ):
                    return False
        return super()._routing_check_route(
            message, message_dict, route, raise_exception=raise_exception
        )

    def _judges(self, attempt, route):
        """Tell whether an answer is judged here: not what a person has decided about."""
        return bool(
            attempt
            and not attempt.is_released
            and attempt.addressed_to is None
            and target_of(route, attempt.server_id) not in attempt.accepted_targets
            and self.env["mail.postmaster.reply"]._is_on()
        )

    def _quotes_nothing(self, attempt, message_dict):
        """Leave out of a mail, as core has read it, that it answers something."""
        attempt.trace.hit("reply_as_new")
        for name in ("parent_id", "is_internal"):
            message_dict.pop(name, None)
        message_dict.update(references="", in_reply_to="")
        return ()

    def _leave_elsewhere(self, attempt, message_dict, reply):
        """Leave out a parent in another conversation, whose author core would tell.

        Core takes the parent from In-Reply-To and the record from References.
        """
        if message_dict.get("parent_id") and not reply.has_parent:
            attempt.trace.hit("reply_elsewhere")
            message_dict.pop("parent_id")

    def _alias_to_ask(self, reply, addressed):
        """Return the alias of a record that core does not ask by itself, or an empty recordset."""
        aliases = self.env["mail.alias"]
        if not reply.is_restricted or addressed.id in reply.alias_ids:
            return aliases
        if not self.env["mail.postmaster.reply"]._keeps_rules():
            return aliases
        return aliases.browse(reply.alias_ids[:1])

    @api.model
    def _keep_others_out(self, attempt, message_dict):
        """Keep those whom a stranger has written to from becoming part of the conversation.

        Applications make them followers, or contacts, of what the mail is about.
        """
        if attempt.reply and attempt.reply.policy:
            message_dict.update(to="", cc="", recipients="", partner_ids=[])

from odoo import api, models
from odoo.tools.mail import email_split_tuples, formataddr

from ...context_keys import ATTEMPT
from ...words.authentication_sentences import WITHHELD
from .ir_mail_server import FROM_IN_PLACE

# A longer name would not be shown.
LONGEST_NAME = 200


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        """Send nothing for a message that was accepted silently, whichever code creates it."""
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.mail.is_quiet:
            vals_list = [{**vals, "state": "cancel"} for vals in vals_list]
        return super().create(vals_list)

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Leave the notices of an attempt to the scheduled action that sends mail.

        Core sends them inside the transaction that created the records: a slow mail server would
        hold the locks and delay the following messages, and a rollback could not recall what was
        sent.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and not attempt.mail.is_joined:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            return True
        return super().send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    def send_after_commit(self):
        """Send outside the attempt, which has ended with the commit."""
        return super(MailMail, self.with_context(**{ATTEMPT: None})).send_after_commit()

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        """Let the return path identify the message that bounces.

        Core puts the bounce address of the alias domain there, and uses it as the envelope sender
        if the mail server may send for it. A server that may send only for exactly that address
        keeps it.
        """
        outgoing = super()._prepare_outgoing_list(
            mail_server=mail_server,
            doc_to_followers=doc_to_followers,
        )
        return_paths = self.env["mail.postmaster.return_path"]
        servers = self.env["ir.mail_server"].sudo()
        allowed = mail_server.from_filter if mail_server else servers._get_default_from_filter()
        for values in outgoing:
            bounce_address = values["headers"].get("Return-Path")
            if not bounce_address or bounce_address not in self._bounce_addresses():
                continue
            signed = return_paths._signed(self.mail_message_id.id, bounce_address)
            if servers._match_from_filter(signed, allowed):
                values["headers"] = {**values["headers"], "Return-Path": signed}
        if sender := self._sender_in_place():
            for values in outgoing:
                values["headers"] = {**values["headers"], FROM_IN_PLACE: sender}
        return outgoing

    def _sender_in_place(self):
        """Return the From to pass on a message whose author is not authenticated.

        Core passes it on with the original From. For an address of ours, our mail server would sign
        it, which makes it look genuine to all recipients.
        """
        mark = self.mail_message_id.postmaster_mark
        domain = self.record_alias_domain_id or self.env.company.alias_domain_id
        address = domain.default_from_email or domain.catchall_email or domain.bounce_email
        if not address or not isinstance(mark, dict) or mark.get("kind") != WITHHELD:
            return None
        claimed = " ".join(
            name or email for name, email in email_split_tuples(self.email_from or "")
        )
        # In one line, as a header field must be.
        claimed = " ".join(claimed.split())[:LONGEST_NAME]
        return formataddr((self.env._("%s (sender not authenticated)", claimed), address))

    def _bounce_addresses(self):
        """Return the bounce addresses that core may have put into the return path."""
        return {self.record_alias_domain_id.bounce_email, self.env.company.bounce_email}

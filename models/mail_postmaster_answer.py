from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import html2plaintext, plaintext2html
from odoo.tools.mail import generate_tracking_message_id

from ..policy.settings import ANSWER_HOURS, ANSWERS, LOOP_MINUTES
from ..rules.verdict import Slot
from .ir_mail_server import NULL_SENDER

DAY = 24 * 60
# How much of a message a notice quotes: enough to recognize it, too little for the sender to
# spread content through us.
LONGEST_QUOTE = 1000

# The subject of a notice that says that a sender has reached the limit.
LOOP_LIMIT = "loop_limit"

# The texts of core that are rendered again, in the language and for the company of the message.
TEMPLATES = {
    "catchall": "mail.mail_bounce_catchall",
    LOOP_LIMIT: "mail.message_notification_limit_email",
}


class MailPostmasterAnswer(models.AbstractModel):
    """Notices to senders: for which company, and in which language.

    Core sends them for the company of the user who runs the gateway. That is the main company,
    whatever the message was for.
    """

    _name = "mail.postmaster.answer"
    _description = "Notices to senders"

    @api.model
    def _speaking_for(self, records, company, email_from):
        """Return records in the environment that a notice is written in.

        :param records: any recordset
        :param company: the ``res.company`` that sends the notice
        :param str email_from: the sender, whose language is used if it is known
        """
        sender = self.env["mail.thread"]._partner_find_from_emails_single(
            [email_from],
            no_create=True,
        )
        lang = sender.lang or company.partner_id.lang or self.env.lang
        return records.with_company(company).with_context(lang=lang)

    @api.model
    def _quote(self, message_dict):
        """Return the values of a parsed message with only the beginning of its text."""
        text = html2plaintext(message_dict.get("body") or "", include_references=False)
        text = f"{text[:LONGEST_QUOTE]}…" if len(text) > LONGEST_QUOTE else text
        return {**message_dict, "body": plaintext2html(text)}

    @api.model
    def _is_careful(self):
        """Return whether notices are ours: only to people, once, for the message's company."""
        return self.env["mail.postmaster.policy"]._in_force().choice(ANSWERS) == "careful"

    @api.model
    def _reason_not_to_answer(self, attempt):
        """Return why the sender of a message gets no notice, or an empty text."""
        if why := self._reason_for_silence(attempt):
            return why
        if attempt.found.identity and self.env["mail.postmaster.authentication"]._doubts(attempt):
            return self.env._("the sender is not authenticated")
        return self._reason_to_be_careful(attempt) if self._is_careful() else ""

    def _reason_to_be_careful(self, attempt):
        """Return why a message gets no notice by RFC 3834 section 2, or an empty text.

        No notice for automatic messages, for a null sender, or repeatedly.
        """
        policies = attempt.found.policies
        if attempt.ledger.reason and attempt.ledger.reason.code == "catchall_repeated":
            return self.env._("the same text was answered before")
        if not attempt.mail.automatic.may_be_answered:
            return self.env._("the message is automatic: %s", attempt.mail.automatic.forbidding)
        hours = policies.number(ANSWER_HOURS)
        sent = fields.Datetime.to_datetime(attempt.found.message_dict.get("date"))
        if sent and sent < fields.Datetime.now() - timedelta(hours=hours):
            return self.env._("the message is more than %s hours old", hours)
        addressee = attempt.sender.notice_address
        if not addressee:
            return self.env._("the notice would go to an address other than the sender's")
        if self.env["mail.alias.domain"]._find_aliases([addressee]):
            return self.env._("the message comes from an address of this database")
        about = attempt.notice.about or "other"
        window = attempt.notice.window or policies.number(LOOP_MINUTES)
        quota = self.env["mail.postmaster.quota"]
        # A sender of that many messages may be a program that replies to everything.
        if about != LOOP_LIMIT and quota._is_reserved(
            f"answer:{LOOP_LIMIT}",
            window,
            addressee,
        ):
            return self.env._("the sender was already notified that the limit is reached")
        minutes = window if about == LOOP_LIMIT else DAY
        if quota._reserve(attempt, [Slot(f"answer:{about}", 1, minutes, addressee)]):
            return self.env._("the sender has already received this notice")
        return ""

    def _reason_for_silence(self, attempt):
        """Return why no sender gets a notice, or an empty text."""
        if attempt.mail.is_quiet:
            return self.env._("the message was imported")
        if not self.env["mail.postmaster.policy"]._is_confirmed_database():
            return self.env._("this database is an unconfirmed copy")
        return ""

    @api.model
    def _automatic_values(self, attempt):
        """Return the values of a ``mail.mail`` that is an automatic notice (RFC 3834)."""
        company = self.env.company
        values = {
            # Core sends to every address in all the return paths.
            "email_to": attempt.sender.notice_address,
            "headers": repr({**self._automatic_headers(), "Return-Path": NULL_SENDER}),
            # From these core finds the addresses to send from, and the server.
            "record_company_id": company.id,
            "record_alias_domain_id": company.alias_domain_id.id,
        }
        if company.email:
            # Core directs replies to an error notice to the catchall, which sends notices as well.
            values["reply_to"] = company.email
        return values

    @api.model
    def _automatic_headers(self):
        """Return the header fields of a message that no person wrote, as a dict."""
        return {
            "Auto-Submitted": "auto-replied",
            # Microsoft's servers do not support Auto-Submitted ([MS-OXCMAIL] 2.1.3.2.20).
            "X-Auto-Response-Suppress": "All",
        }

    @api.model
    def _send_loop_notice(self, message, message_dict):
        """Notify a sender that the limit is reached, as core does."""
        tag = generate_tracking_message_id("loop-detection-bounce-email")
        body = self.env["ir.qweb"]._render(
            TEMPLATES[LOOP_LIMIT],
            {"email": message_dict["to"]},
            minimal_qcontext=True,
        )
        self.env["mail.thread"]._routing_create_bounce_email(
            message_dict["email_from"],
            body,
            message,
            references=f"{message_dict['message_id']} {tag}",
        )

    @api.model
    def _rewrite(self, attempt, email_from, body_html, mail_values):
        """Return ``(environment, body, values)`` of a notice that core has written.

        The notice of an alias is already written for its company.
        """
        template = TEMPLATES.get(attempt.notice.about)
        if not template:
            return self.env, body_html, mail_values
        pipeline = self.env["mail.postmaster.pipeline"]
        company = pipeline._company_of(attempt, self.env["mail.alias"])
        answer = self._speaking_for(self, company, email_from)
        message = self._quote(attempt.found.message_dict)
        body_html = answer.env["ir.qweb"]._render(
            template,
            {"message": message, "email": message["to"]},
        )
        if "reply_to" in mail_values:
            mail_values = {**mail_values, "reply_to": company.email}
        return answer.env, body_html, mail_values

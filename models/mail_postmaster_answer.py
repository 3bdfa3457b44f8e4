from odoo import api, models
from odoo.tools import html2plaintext, plaintext2html

# How much of a mail its sender gets back: enough to recognise it, too little to send others
# something by way of us.
LONGEST_QUOTE = 1000

# The texts of core that are written again, in the language and for the company of the mail.
TEMPLATES = {
    "catchall": "mail.mail_bounce_catchall",
    "loop_limit": "mail.message_notification_limit_email",
}


class MailPostmasterAnswer(models.AbstractModel):
    """What this database answers to senders: for which company, and in which language.

    Core answers for the company of whoever runs the gateway. That is the main one, whatever
    the mail was for.
    """

    _name = "mail.postmaster.answer"
    _description = "Answers to senders of mail"

    @api.model
    def _speaking_for(self, records, company, email_from):
        """Return records in the environment that an answer is written in.

        :param records: any recordset
        :param company: the ``res.company`` that answers
        :param str email_from: the sender, whose language is spoken when it is known
        """
        sender = self.env["mail.thread"]._partner_find_from_emails_single(
            [email_from], no_create=True,
        )
        lang = sender.lang or company.partner_id.lang or self.env.lang
        return records.with_company(company).with_context(lang=lang)

    @api.model
    def _quote(self, message_dict):
        """Return the values of a parsed mail with the beginning of its text alone."""
        text = html2plaintext(message_dict.get("body") or "", include_references=False)
        text = f"{text[:LONGEST_QUOTE]}…" if len(text) > LONGEST_QUOTE else text
        return {**message_dict, "body": plaintext2html(text)}

    @api.model
    def _rewrite(self, attempt, email_from, body_html, mail_values):
        """Return ``(environment, body, values)`` of an answer that core has written.

        What an alias answers is written for its company already.
        """
        template = TEMPLATES.get(attempt.answers_about)
        if not template:
            return self.env, body_html, mail_values
        pipeline = self.env["mail.postmaster.pipeline"]
        company = pipeline._company_of(attempt, self.env["mail.alias"])
        answer = self._speaking_for(self, company, email_from)
        message = self._quote(attempt.message_dict)
        body_html = answer.env["ir.qweb"]._render(
            template, {"message": message, "email": message["to"]},
        )
        if "reply_to" in mail_values:
            mail_values = {**mail_values, "reply_to": company.email}
        return answer.env, body_html, mail_values

"""Notices to the sender of a message: once, in the sender's language, and only to people."""

from collections.abc import Callable

from odoo import api, models
from odoo.tools import html2plaintext, plaintext2html
from odoo.tools.mail import generate_tracking_message_id

from ..gateway import states
from ..gateway.address_list import canonical_addresses
from ..gateway.addresses import display
from ..policy.settings import ANSWERS
from ..rules.notice import KNOWN, LOOP_LIMIT, UNSENT, subject_of, unless_told
from ..rules.verdict import Reason
from . import applying
from .attempt import Attempt
from .facts import NoticeFacts

# The return path of messages that must not be replied to (RFC 5321 section 4.5.5).
NULL_SENDER = "<>"
# How much of a message a notice quotes: enough to recognize it, too little for the sender to
# spread content through us.
LONGEST_QUOTE = 1000

# Why a sender was not notified of a refusal about which no notice was tried.
NO_NOTICE = Reason(states.IGNORED, UNSENT)

# The texts of core that are rendered again, in the language and for the company of the message.
TEMPLATES = {
    "catchall": "mail.mail_bounce_catchall",
    LOOP_LIMIT: "mail.message_notification_limit_email",
}


def tell(
    thread, attempt: Attempt, email_from: str, body_html: str, mail_values: dict, core: Callable
) -> None:
    """Send the sender of a message one notice per subject, however many copies arrive.

    :param core: function of a thread, a text and values that sends the notice
    """
    notices = thread.env["mail.postmaster.answer"]
    rules = thread.env["mail.postmaster.screening"]._rules_before_notice(notices._is_careful())
    facts = NoticeFacts(thread.env, attempt)
    reason, _treatment = applying.judge(thread.env, attempt, rules, facts)
    attempt.ledger.withheld[facts.about] = None if reason and reason.code in KNOWN else reason
    if reason:
        return
    # Recorded as delivered from the start, so that no attempt sends the notice again.
    notice = f"answer:{attempt.notice.about}"
    pipeline = thread.env["mail.postmaster.pipeline"]
    if not pipeline._claim(attempt, [notice], state=states.DELIVERED):
        attempt.ledger.miss("answer", why="already_sent")
        return
    attempt.ledger.hit("answer")
    # One that this addon or core sends has a subject; one of another addon has none.
    attempt.ledger.has_told_sender |= not attempt.notice.about
    if notices._is_careful():
        env, body_html, mail_values = notices._rewrite(attempt, email_from, body_html, mail_values)
        thread = thread.with_env(env)
        automatic = thread.env["mail.postmaster.answer"]._automatic_values(attempt)
        mail_values = {**mail_values, **automatic}
    core(thread, body_html, mail_values)


def hold_untold(env, attempt: Attempt) -> None:
    """Hold what was refused although its sender does not hear of it: no one else would."""
    definitions = env["mail.postmaster.reason"]._definitions()

    def revised(reason, alias_id):
        known = definitions.get(reason.code)
        if reason.state != states.REFUSED or known and known.stands_untold:
            return reason
        about = subject_of(reason.code, alias_id)
        return unless_told(reason, attempt.ledger.withheld.get(about, NO_NOTICE))

    attempt.ledger.revise(revised)


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
    def _quote(self, attempt, message_dict):
        """Return the values of a parsed message as a notice may repeat them.

        An authenticated sender gets the beginning of the text. Of any other message nothing is
        repeated, in a notice that may reach a person who did not write it, but addresses of this
        database.
        """
        if not NoticeFacts(self.env, attempt).is_sender_authenticated:
            return {
                **message_dict,
                "body": self.env._(
                    "The message is not quoted, because its sender is not authenticated."
                ),
                "email_from": attempt.sender.notice_address,
                "to": self._own_addresses(attempt, message_dict["to"]),
            }
        text = html2plaintext(message_dict.get("body") or "", include_references=False)
        text = f"{text[:LONGEST_QUOTE]}…" if len(text) > LONGEST_QUOTE else text
        return {**message_dict, "body": plaintext2html(text)}

    @api.model
    def _own_addresses(self, attempt, text):
        """Return the addresses of this database that a message is for, or the company's name.

        Without the detail of a sub-address, which the sender chooses.

        :param text: the field To, for a message whose recipients core determines
        """
        if attempt.found.addressing:
            own = attempt.found.addressing.addresses
        else:
            own = self.env["mail.alias.domain"]._find_aliases(list(canonical_addresses(text or "")))
        return ", ".join(map(display, own)) or self.env.company.display_name

    @api.model
    def _is_careful(self):
        """Return whether notices are ours: only to people, once, for the message's company."""
        return self.env["mail.postmaster.policy"]._in_force().choice(ANSWERS) == "careful"

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
        if attempt.notice.about and not NoticeFacts(self.env, attempt).is_sender_authenticated:
            values["subject"] = self.env._("Your message was not delivered")
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
        message = answer._quote(attempt, attempt.message_dict)
        body_html = answer.env["ir.qweb"]._render(
            template,
            {"message": message, "email": message["to"]},
        )
        if "reply_to" in mail_values:
            mail_values = {**mail_values, "reply_to": company.email}
        return answer.env, body_html, mail_values

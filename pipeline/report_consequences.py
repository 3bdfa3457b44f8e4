from odoo import api, fields, models
from odoo.tools import email_normalize, plaintext2html

from ..gateway.address_list import first_address
from ..gateway.reports.delivery_status import HARD
from ..policy.settings import COMPLAINTS
from ..words.report_sentences import COMPLAINT, FEEDBACK, RECEIPT
from . import reports  # noqa: F401  what is extended here
from .report_recipients import message_ids


class MailPostmasterReport(models.AbstractModel):
    """Writing what a report says about one recipient to where core and the views read it."""

    _inherit = "mail.postmaster.report"

    def _apply(self, attempt, email_message, message_dict, outcome, core):
        """Write what a report says about one recipient to where core and the views read it."""
        if outcome.kind == HARD:
            self._fail(attempt, email_message, message_dict, outcome, core)
        elif outcome.kind == COMPLAINT and outcome.is_matched:
            self._complain(attempt, outcome)
        self._write_notification(outcome, message_dict)

    def _fail(self, attempt, email_message, message_dict, outcome, core):
        """Let core count a recipient that a message cannot reach, and mark its notification."""
        reported = attempt.found.reported
        if outcome is reported.first:
            # The overrides of other addons are running, with these values.
            failure = reported.first_values
            message_dict.update(failure)
            core(email_message, message_dict)
        elif failure := self._failure(attempt, reported, outcome):
            # They see each failure once: above this override and below it.
            self.env["mail.thread"]._routing_handle_bounce(
                email_message, {**message_dict, **failure}
            )
        if failure and outcome.is_matched and not outcome.is_guess:
            email = failure["bounced_email"]
            self.env["mail.postmaster.bounce"].sudo()._count(attempt, email, outcome.code)

    def _failure(self, attempt, reported, outcome):
        """Return the values of a recipient that core counts as failed; empty if it counts none."""
        if outcome.kind != HARD:
            return {}
        if outcome.is_matched:
            return self._failure_of_recipient(attempt, reported, outcome)
        # Count no address again if a report about no message is manually processed again.
        return {} if attempt.mail.is_released else self._failure_of_stranger(reported, outcome)

    def _failure_of_recipient(self, attempt, reported, outcome):
        email, partners = self._bounced(outcome)
        if not email:
            return {}
        author = reported.original.author_id
        words = self.with_context(lang=author.lang or self.env.lang)._words(outcome.content)
        return {
            "bounced_email": email,
            "bounced_partner": partners - self._in_inbox(reported.original),
            "bounced_msg_ids": message_ids(attempt.mail.report),
            # Core uses it as the reason of the failure.
            "body": plaintext2html(f"{words}\n\n{attempt.mail.report.text}"),
        }

    def _failure_of_stranger(self, reported, outcome):
        """Return the values with which core counts an address, found no message, marks nothing."""
        email, contacts = self._bounced(outcome)
        original = self.env["mail.message"].sudo()
        if self._leaves_to_core():
            # Core also counts on the record of the message, and uses the recipient it was for.
            original = reported.original
            if not email:
                contacts = original.notification_ids.res_partner_id
                email = len(contacts) == 1 and contacts.email_normalized
        if not email:
            return {}
        return {
            "bounced_email": email,
            "bounced_partner": contacts - self._in_inbox(original),
            "bounced_msg_ids": [],
            "bounced_message": original,
        }

    def _complain(self, attempt, outcome):
        """Send nothing more to a recipient who complained, if the policy says so."""
        email, _contacts = self._bounced(outcome)
        if not email or outcome.code == FEEDBACK or outcome.is_guess:
            return
        # Every recipient of a message knows its Message-Id and its other recipients.
        if self.env["mail.postmaster.authentication"]._doubts(attempt):
            return
        if self.env["mail.postmaster.policy"]._in_force().choice(COMPLAINTS) == "record":
            return
        # Core's list is for administrators; the gateway works for all users.
        blacklist = self.env["mail.blacklist"].sudo()
        if not blacklist.search_count([("email", "=", email)], limit=1):
            words = self._words(outcome.content)
            number = self.env._("Received message #%(number)s.", number=attempt.mail.id)
            blacklist._add(email, message=f"{words} {number}")
        attempt.ledger.hit("blacklisted_complaint", address=email)

    def _bounced(self, outcome):
        """Return ``(normalized address, contacts)`` of a failed recipient as core knows them."""
        contacts = self.env["res.partner"].sudo()
        notification = outcome.notification
        known = notification.res_partner_id
        email = known.email_normalized or email_normalize(notification.mail_email_address or "")
        if outcome.recipient not in ("", first_address(email or "")):
            # Another address of the same contact.
            email = outcome.recipient
        if not email:
            found = contacts.search([("email_normalized", "in", list(outcome.candidates))])
            by_email = {partner.email_normalized: partner for partner in found}
            email = next((one for one in outcome.candidates if one in by_email), outcome.address)
        email = email_normalize(email)
        if email:
            known |= contacts.search([("email_normalized", "=", email)])
        return email, known

    def _in_inbox(self, message):
        """Return the contacts notified of a message only in their inbox; none if core decides."""
        if self._leaves_to_core():
            return message.env["res.partner"]
        sent = message.notification_ids.filtered(lambda known: known.notification_type == "email")
        return (message.notification_ids - sent).res_partner_id - sent.res_partner_id

    def _write_notification(self, outcome, message_dict):
        notification = outcome.notification
        at = _not_later_than(self.env.cr.now(), message_dict.get("date"))
        if not notification:
            return
        if outcome.kind == RECEIPT:
            # A read message stays read, even if it is deleted later.
            if notification.postmaster_receipt != "displayed":
                receipt = outcome.code.removeprefix(f"{RECEIPT}_")
                notification.write(
                    {
                        "postmaster_receipt": receipt,
                        "postmaster_receipt_date": at,
                    }
                )
        elif outcome.kind == HARD or not _is_hard(notification.postmaster_report):
            notification.write(
                {
                    "postmaster_report": outcome.content,
                    "postmaster_report_date": at,
                }
            )

    @api.model
    def _words(self, content):
        """Return what a notification keeps of a report as sentences in the current language."""
        return self.env["mail.postmaster.message"]._report_sentence(content)


def _is_hard(report):
    """Return whether a report is of a hard bounce; users may write anything into that field."""
    return isinstance(report, dict) and report.get("kind") == HARD


def _not_later_than(now, text):
    """Return when a report was written, but no later than now."""
    return min(fields.Datetime.to_datetime(text) or now, now)

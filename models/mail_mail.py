from odoo import models

from .attempt import ATTEMPT


class MailMail(models.Model):
    _inherit = "mail.mail"

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Leave the answers of an attempt to the scheduled action that sends mail.

        Core sends them inside the transaction that made the records: a mail server that
        takes its time would hold the locks and the mails that come next, and a rollback
        could not take a mail back.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and not attempt.joined:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            return True
        return super().send(
            auto_commit=auto_commit, raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    def send_after_commit(self):
        """Send without the attempt, of which nothing is part after its commit."""
        return super(MailMail, self.with_context(**{ATTEMPT: None})).send_after_commit()

from odoo import models

from .attempt import ATTEMPT


class MailMail(models.Model):
    _inherit = "mail.mail"

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Send the answers of an attempt after its commit.

        Core sends them inside the transaction that made the records: a mail server that
        takes its time would hold the locks, and a rollback could not take a mail back.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and not attempt.joined:
            # Without the attempt: what is sent after the commit is no longer part of it.
            return self.with_context(**{ATTEMPT: None}).send_after_commit()
        return super().send(
            auto_commit=auto_commit, raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

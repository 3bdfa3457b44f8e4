import logging

from odoo import models

_logger = logging.getLogger(__name__)


class Pipeline(models.AbstractModel):
    _inherit = "mail.postmaster.pipeline"

    def _record_outcome(self, attempt):
        """Fill a field of the log from the header, in the transaction of the outcome."""
        result = super()._record_outcome(attempt)
        # No user has the right to write the log; the pipeline runs in superuser mode.
        message = self.env["mail.postmaster.message"].browse(attempt.mail.id)
        message.spam_score = attempt.mail.field("X-Spam-Score")
        # Told when it is committed: what is rolled back has not happened.
        state = message.state
        self.env.cr.postcommit.add(lambda: _logger.info("Message %s: %s", attempt.mail.id, state))
        return result

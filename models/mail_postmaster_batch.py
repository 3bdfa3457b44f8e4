import logging

import psycopg2

from odoo import models

from .mail_postmaster_pipeline import FETCH_RUN

_logger = logging.getLogger(__name__)


class MailPostmasterBatch(models.AbstractModel):
    """Intake of many mails by one commit, for connections that fetch many at once."""

    _inherit = "mail.postmaster.pipeline"

    def _row_in_hand(self, joins):
        """Return the row of a mail that the connection has stored with others, or None."""
        run = None if joins else self._fetch_run()
        return run.row_in_hand if run else None

    def _fetch_run(self):
        """Return the :class:`ServerRun` of the mailbox that is read, or None."""
        fetch = self.env.context.get(FETCH_RUN)
        return fetch.run if fetch else None

    def _take_in_all(self, submissions, note):
        """Store mails by one commit, or one by one where one of them can not be stored so.

        :param note: function of ``(cursor, rows)``, called in the transaction that stores
        :return: rows as of :meth:`_take_in`
        """
        try:
            with self._short_transaction(joins=False) as cr:
                rows = [
                    self._store(cr, submission, self._intake_values(submission, ""))
                    for submission in submissions
                ]
                note(cr, rows)
                return rows
        except (psycopg2.DataError, ValueError) as error:
            _logger.info("A batch of mails is stored one by one (%s)", type(error).__name__)
        rows = [self._take_in(submission, joins=False) for submission in submissions]
        with self._short_transaction(joins=False) as cr:
            note(cr, rows)
        return rows

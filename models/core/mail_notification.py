from odoo import api, fields, models
from odoo.tools import format_datetime

from odoo.addons.mail.tools.discuss import Store

from ...words.report_sentences import DATED, RECEIPT, WHY
from ...words.sentences import fill

# The types of gateway.reports.disposition, and a receipt that names none.
RECEIPTS = [
    ("displayed", "Read"),
    ("deleted", "Deleted unread"),
    ("dispatched", "Forwarded"),
    ("processed", "Processed"),
    ("denied", "Not disclosed"),
    ("failed", "Failed"),
    ("unknown", "Unknown"),
]


class MailNotification(models.Model):
    """What reports say about one recipient of a message, besides core's status.

    ``mail.postmaster.report`` writes both fields. Core's own fields record only failures.
    """

    _inherit = "mail.notification"

    postmaster_report = fields.Json(
        "Delivery report",
        readonly=True,
        copy=False,
        help="The last report of a mail server, as a code and the server's own text.",
    )
    postmaster_report_date = fields.Datetime("Date of the report", readonly=True, copy=False)
    postmaster_receipt = fields.Selection(
        RECEIPTS,
        "Receipt",
        readonly=True,
        copy=False,
        help="What the recipient's mail program reported about the message.",
    )
    postmaster_receipt_date = fields.Datetime("Date of the receipt", readonly=True, copy=False)
    postmaster_note = fields.Char("Report", compute="_compute_postmaster_note")

    @api.depends(
        "postmaster_report",
        "postmaster_report_date",
        "postmaster_receipt",
        "postmaster_receipt_date",
    )
    @api.depends_context("lang", "tz")
    def _compute_postmaster_note(self):
        for notification in self:
            notification.postmaster_note = " ".join(notification._postmaster_notes()) or False

    def _postmaster_notes(self):
        """Yield sentences about these reports, in the reader's language."""
        if self.postmaster_report:
            words = self.env["mail.postmaster.report"]._words(self.postmaster_report)
            yield self._dated(words, self.postmaster_report_date)
        if self.postmaster_receipt:
            words = self.env._(WHY[f"{RECEIPT}_{self.postmaster_receipt}"]).capitalize()
            yield self._dated(words, self.postmaster_receipt_date)

    def _dated(self, note, date):
        shown = format_datetime(self.env, date, dt_format="short") if date else ""
        return fill(self.env._(DATED), {"note": note, "date": shown}) if shown else note

    def _to_store_defaults(self, target):
        return [
            *super()._to_store_defaults(target),
            Store.Attr(
                "postmaster_note",
                predicate=lambda known: known.postmaster_report or known.postmaster_receipt,
            ),
        ]

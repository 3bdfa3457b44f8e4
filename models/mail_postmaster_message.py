from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..gateway import states
from .mail_postmaster_delivery import STATES
from .sentences import REASONS

SOURCES = [
    ("fetch", "Fetched from a mailbox"),
    ("rpc", "Handed over by a mail server or a program"),
]


class MailPostmasterMessage(models.Model):
    """The log of received mail: one row for each mail as it was handed over.

    Written by ``mail.postmaster.pipeline`` alone; nobody has the right to write or create.
    The meaning of each state, and who sets it, stands in ``gateway/states.py``.
    """

    _name = "mail.postmaster.message"
    _description = "Received mail"
    _inherit = ["mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "subject"

    # --- envelope
    message_id = fields.Char("Message-Id", index=True, readonly=True)
    email_from = fields.Char("From", readonly=True)
    email_normalized = fields.Char("Sender", index=True, readonly=True)
    recipients = fields.Text("To", readonly=True)
    subject = fields.Char(readonly=True)
    date = fields.Datetime("Date of the mail", readonly=True, help="As its sender wrote it.")
    create_date = fields.Datetime("Received", readonly=True, index=True)
    size = fields.Integer("Size (bytes)", readonly=True, aggregator="sum")
    source = fields.Selection(SOURCES, "Received by", readonly=True)
    fetchmail_server_id = fields.Many2one(
        "fetchmail.server", "Incoming server", readonly=True, index="btree_not_null",
        ondelete="set null",
    )
    user_id = fields.Many2one(
        "res.users", "Submitted by", readonly=True, index="btree_not_null", ondelete="set null",
    )
    company_id = fields.Many2one(
        "res.company", readonly=True, index="btree_not_null", ondelete="set null",
    )
    options = fields.Json(readonly=True, groups="mail_postmaster.group_admin")

    # --- identity
    intake_key = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    mail_key = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    digest = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    received_count = fields.Integer(
        "Times handed over", readonly=True,
        help="The same bytes from the same place are stored once and counted.",
    )

    # --- outcome
    state = fields.Selection(STATES, readonly=True, index=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    attempts = fields.Integer(readonly=True)
    failures = fields.Integer(readonly=True)
    next_attempt = fields.Datetime("Next attempt", readonly=True)
    settled_at = fields.Datetime("Processed", readonly=True)
    released = fields.Boolean(
        readonly=True, help="Released by hand, although it repeats a mail that is here.",
    )
    raw_kept = fields.Boolean("Content kept", readonly=True)
    trace = fields.Json(readonly=True, groups="mail_postmaster.group_admin")
    error = fields.Text("Diagnostics", readonly=True, groups="mail_postmaster.group_admin")
    delivery_ids = fields.One2many(
        "mail.postmaster.delivery", "mail_id", "Deliveries", readonly=True,
        domain=[("target", "!=", "answer")],
    )

    _intake_unique = models.UniqueIndex("(intake_key)")
    _due = models.Index("(next_attempt) WHERE state IN ('received', 'retry')")

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_reason(self):
        for mail in self:
            mail.reason = self._sentence(mail.reason_code, mail.reason_params)

    @api.model
    def _sentence(self, code, params):
        """Return the sentence of a reason in the reader's language, or False."""
        template = REASONS.get(code)
        if not template:
            return False
        return _fill(self.env._(template), params)

    # --- actions -----------------------------------------------------------------------

    def action_process_again(self):
        """Process these mails once more, now."""
        self._check_administrator()
        releasable = self.filtered(lambda mail: mail.state in states.RELEASABLE)
        if not releasable:
            raise UserError(self.env._("None of these mails can be processed again: they were delivered."))
        pipeline = self.env["mail.postmaster.pipeline"].sudo()  # The group was checked above.
        for mail in releasable:
            pipeline._process_again(mail.id)
        self.invalidate_recordset()
        return True

    def action_ignore(self):
        """Settle these mails without processing them."""
        self._check_administrator()
        for mail in self.sudo():  # Nobody has write rights; the group was checked above.
            if not states.can_move(mail.state, states.IGNORED):
                raise UserError(self.env._("A mail that was delivered can not be ignored."))
            mail.write({
                "state": states.IGNORED, "reason_code": "ignored_by_hand",
                "reason_params": {"user": self.env.user.name}, "next_attempt": False,
            })
        return True

    def _check_administrator(self):
        """Refuse anybody who is no Postmaster administrator of these mails' companies.

        :raises AccessError: naming the group
        """
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("mail_postmaster.group_admin"):
            raise AccessError(self.env._("Only Postmaster administrators may do this."))

    # --- attention ---------------------------------------------------------------------

    def _call_for_attention(self):
        """Give the responsible person one activity a day, at the first parked mail."""


def _fill(template, params):
    """Fill a sentence; a parameter that is not there must not hide the rest."""
    try:
        return template % (params or {})
    except (KeyError, TypeError, ValueError):
        return template

from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...gateway import states
from ...pipeline.waiting import COLUMNS, INDEXES, SEQUENCE, TURNS
from ...rules.reasons import COPY, NEVER, REPEAT
from ...words.sentences import outline
from . import (
    mail_postmaster_exported,  # noqa: F401  what is extended here
    schema,
)
from .mail_postmaster_delivery import STATES

SOURCES = [
    ("fetch", "Fetched from a mailbox"),
    ("rpc", "Submitted by a mail server or a program"),
    ("lmtp", "Submitted by a mail server (LMTP)"),
    ("http", "Posted over HTTP"),
    ("import", "Imported"),
]

# By the outcome of a gateway.authentication.Verdict.
AUTHENTICATION = [
    ("pass", "Authenticated"),
    ("none", "Not authenticated"),
    ("fail", "Authentication failed"),
]

# What processing a message again means: it is in no record yet; its sender was notified, and may
# have sent it again; there is a record of another copy; a rule or a user decided that there is
# nothing to do.
RELEASE_KINDS = [
    ("waiting", "Waiting"),
    ("refused", "Refused"),
    ("repeated", "Repeated"),
    ("ignored", "Ignored"),
]
KINDS = tuple(kind for kind, _label in RELEASE_KINDS)
KIND_OF_STATE = {
    states.PARKED: "waiting",
    states.RETRY: "waiting",
    states.REFUSED: "refused",
    states.IGNORED: "ignored",
}


class MailPostmasterMessage(models.Model):
    """The log of received messages: one row for each message as it was submitted.

    Only ``mail.postmaster.pipeline`` writes it; no user has the right to write or create.
    ``gateway/states.py`` documents each state and what sets it. See
    ``models/log/mail_postmaster_sentences.py`` for the sentences of reasons and traces, and
    ``models/log/mail_postmaster_attention.py`` for the activities about held messages.
    """

    _name = "mail.postmaster.message"
    _description = "Received mail"
    _inherit = ["mail.activity.mixin", "mail.postmaster.exported"]
    _order = "id desc"
    _rec_name = "subject"
    # The submitting user is in user_id. With two more references to users, without an index,
    # removing a user would read the whole log.
    _log_access = False

    # --- envelope
    # Looked up by an index of its own, with the digest behind it.
    message_id = fields.Char("Message-Id", readonly=True)
    email_from = fields.Char("From", readonly=True)
    email_normalized = fields.Char("Sender", index=True, readonly=True)
    recipients = fields.Text("To", readonly=True)
    subject = fields.Char(readonly=True)
    date = fields.Datetime("Date of the message", readonly=True, help="As written by the sender.")
    create_date = fields.Datetime(
        "Received",
        readonly=True,
        index=True,
        default=fields.Datetime.now,
    )
    size = fields.Integer("Size (bytes)", readonly=True, aggregator="sum")
    source = fields.Selection(SOURCES, "Received via", readonly=True)
    fetchmail_server_id = fields.Many2one(
        "fetchmail.server",
        "Incoming server",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    source_id = fields.Many2one(
        "mail.postmaster.source",
        "HTTP source",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    user_id = fields.Many2one(
        "res.users",
        "Submitted by",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    options = fields.Json(readonly=True, groups="mail_postmaster.group_admin")

    # --- identity
    intake_key = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    mail_key = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    digest = fields.Char(readonly=True, groups="mail_postmaster.group_admin")
    received_count = fields.Integer(
        "Times received",
        readonly=True,
        help="The same bytes from the same source are stored once and counted.",
    )

    # --- who wrote it
    authentication = fields.Selection(
        AUTHENTICATION,
        "Sender authentication",
        readonly=True,
        help="Whether the sender is authenticated. Empty: not checked.",
    )
    authentication_results = fields.Json(readonly=True, groups="mail_postmaster.group_admin")
    authentication_lines = fields.Text(
        "Authentication results",
        compute="_compute_authentication_lines",
        groups="mail_postmaster.group_admin",
    )

    # --- outcome
    state = fields.Selection(STATES, readonly=True, index=True)
    reason_code = fields.Selection("_selection_reasons", "Reason type", readonly=True)
    reason_params = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    release_kind = fields.Selection(
        RELEASE_KINDS,
        "Processing again",
        compute="_compute_release_kind",
    )
    attempts = fields.Integer(readonly=True)
    failures = fields.Integer(readonly=True)
    next_attempt = fields.Datetime("Next attempt", readonly=True)
    settled_at = fields.Datetime("Processed", readonly=True)
    released = fields.Boolean(
        readonly=True,
        help="Released manually after it was refused or ignored.",
    )
    raw_kept = fields.Boolean("Content kept", readonly=True)
    trace = fields.Json(readonly=True, groups="mail_postmaster.group_admin")
    trace_lines = fields.Json(
        "Trace as sentences",
        compute="_compute_trace_lines",
        groups="mail_postmaster.group_admin",
    )
    error = fields.Text("Diagnostics", readonly=True, groups="mail_postmaster.group_admin")
    delivery_ids = fields.One2many(
        "mail.postmaster.delivery",
        "mail_id",
        "Deliveries",
        readonly=True,
        domain=[("target", "not =like", "answer:%")],
    )
    delivery_note = fields.Char("Reason for no delivery", compute="_compute_delivery_note")
    original_id = fields.Many2one(
        "mail.postmaster.message",
        "Repeats",
        compute="_compute_original_id",
        help="The message that was delivered instead of this one.",
    )
    download_ids = fields.One2many(
        "mail.postmaster.download",
        "mail_id",
        "Downloads",
        readonly=True,
        groups="mail_postmaster.group_admin",
    )
    # Of the first delivery; for searching, where any delivery matches. With the user's rights:
    # other deliveries of a message may be to documents they may not read.
    alias_id = fields.Many2one(
        related="delivery_ids.alias_id",
        related_sudo=False,
        string="Alias",
    )
    document_model = fields.Char(
        related="delivery_ids.model",
        related_sudo=False,
        string="Document model",
    )

    _intake_unique = models.UniqueIndex("(intake_key)")

    def init(self):
        # No fields: no screen shows them, and the statements that use them are written by hand.
        schema.add_columns(self.env.cr, self._table, COLUMNS)
        schema.add_sequence(self.env.cr, TURNS, SEQUENCE)
        schema.add_indexes(self.env.cr, self._table, INDEXES)

    @api.model
    def _selection_reasons(self):
        """Return every code of a reason with its sentence, without the particulars."""
        definitions = self.env["mail.postmaster.reason"]._definitions()
        return [(code, outline(self.env._(known.sentence))) for code, known in definitions.items()]

    @api.depends("reason_code")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_original_id(self):
        repeats = self.filtered(lambda mail: mail._is_repeat())
        # Readers need not see the key; the search for messages uses the reader's rights.
        keys = {mail.id: mail.sudo().mail_key for mail in repeats}
        deliveries = self.env["mail.postmaster.delivery"].search(
            [
                ("mail_key", "in", list(keys.values())),
                ("state", "=", states.DELIVERED),
            ],
            order="id desc",
        )
        originals = {delivery.mail_key: delivery.mail_id for delivery in deliveries}
        for mail in self:
            mail.original_id = originals.get(keys.get(mail.id), self.browse()) - mail

    # --- actions -----------------------------------------------------------------------

    def action_process_again(self):
        """Process these messages once more, now."""
        self._check_administrator()
        if not any([mail._process_again() for mail in self]):
            raise UserError(
                self.env._(
                    "None of these messages can be processed again: they were delivered or are "
                    "being processed."
                )
            )
        return True

    def _process_again(self, changes=None, kinds=KINDS):
        """Release this message and process it; the caller has checked access.

        :param dict changes: see ``mail.postmaster.pipeline._process_again``
        :param kinds: the allowed meanings of processing it, of :data:`KINDS`
        :return: its new state, None if it was skipped
        """
        self.ensure_one()
        # The pipeline writes what no user has the right to write.
        pipeline = self.env["mail.postmaster.pipeline"].sudo()
        joins = pipeline._has_written()
        # This transaction sees neither what others have done to the message since it began,
        # nor the outcome, which another cursor commits.
        with pipeline._transaction(joins) as env:
            if env[self._name].browse(self.id).release_kind not in kinds:
                return None
        self._fetch_content()
        pipeline._process_again(self.id, changes)
        self.invalidate_recordset()
        self.env["mail.postmaster.delivery"].invalidate_model()
        with pipeline._transaction(joins) as env:
            mail = env[self._name].browse(self.id)
            mail._call_off_attention()
            return mail.state

    def _is_repeat(self):
        reasons = self.env["mail.postmaster.reason"]
        return reasons._release_of(self.reason_code) in (REPEAT, COPY)

    @api.depends("state", "reason_code")
    def _compute_release_kind(self):
        reasons = self.env["mail.postmaster.reason"]
        for mail in self:
            kind = KIND_OF_STATE.get(mail.state)
            if reasons._release_of(mail.reason_code) == NEVER:
                kind = False
            elif kind == "ignored" and mail._is_repeat():
                kind = "repeated"
            mail.release_kind = kind

    def action_process_selected(self):
        """Open the dialog that processes these messages in batches and shows its progress.

        It asks for confirmation if this means more than another attempt for some of them.
        """
        self._check_administrator()
        by_kind = self.grouped("release_kind")
        return {
            "type": "ir.actions.client",
            "tag": "mail_postmaster.process_again",
            "params": {
                "kinds": {kind: mails.ids for kind, mails in by_kind.items() if kind},
                "skipped": len(by_kind.get(False, ())),
            },
        }

    def process_selected(self, kinds=("waiting",)):
        """Process those of these messages that still are of some kinds, for the dialog.

        The others are skipped, whatever their new state.

        :param kinds: of :data:`KINDS`
        :return: dict with the number of messages per new state, and ``skipped``
        """
        mails = self.exists()
        mails._check_administrator()
        outcomes = Counter(mail._process_again(kinds=kinds) or "skipped" for mail in mails)
        outcomes["skipped"] += len(self) - len(mails)
        return dict(outcomes)

    def action_ignore(self):
        """Settle these messages without processing them."""
        self._check_administrator()
        keeping = self.env["mail.postmaster.reason"]._codes(lambda known: known.keeps_content)
        mails = self.filtered(
            lambda mail: mail.state != states.IGNORED or mail.reason_code in keeping
        )
        if not all(
            mail.state == states.IGNORED or states.can_move(mail.state, states.IGNORED)
            for mail in mails
        ):
            raise UserError(self.env._("A delivered message cannot be ignored."))
        reason = {
            "state": states.IGNORED,
            "reason_code": "ignored_by_hand",
            "reason_params": {"user": self.env.user.name},
        }
        # No user has write access; the group was checked above.
        mails = mails.sudo()
        undelivered = mails.delivery_ids.filtered(lambda row: row.state != states.DELIVERED)
        undelivered.write(reason)
        mails.write({**reason, "next_attempt": False, "settled_at": self.env.cr.now()})
        mails._call_off_attention()
        return True

    def action_download(self):
        """Download the message as it was received."""
        self.ensure_one()
        self._check_administrator()
        return {
            "type": "ir.actions.act_url",
            "url": f"/postmaster/mail/{self.id}/raw",
            "target": "download",
        }

    @api.model
    def action_open_received(self, message_id):
        """Open the received message that a message of a conversation was created from.

        :param int message_id: id of the ``mail.message``
        :raises UserError: if it is not in the log, or the user may not read it
        """
        self.check_access("read")
        deliveries = self.env["mail.postmaster.delivery"].search(
            [("mail_message_id", "=", message_id)],
            limit=1,
        )
        if not deliveries:
            raise UserError(
                self.env._("The received email of this message is no longer in the log.")
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": deliveries.mail_id.id,
            "views": [[False, "form"]],
        }

    def _check_administrator(self):
        """Refuse users who are not Postmaster administrators of these messages' companies.

        :raises AccessError: naming the group
        """
        self.check_access("read")
        self.env["mail.postmaster.policy"]._check_administrator()

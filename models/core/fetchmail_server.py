from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...gateway import states
from ...gateway.recipients import PRESETS, TRUSTED_FIELDS
from ...words.sentences import RECIPIENT_PRESETS

SUMMARY_DAYS = 30
# Product names are not translated.
PRESET_NAMES = {
    "postfix": "Postfix",
    "dovecot": "Dovecot",
    "exim": "Exim",
    "gmail": "Gmail",
    "microsoft": "Microsoft 365",
    "fastmail": "Fastmail",
    "kerio": "Kerio Connect",
    "qmail": "qmail",
}
# The fields of a server that the addressing reads, from a cache.
CACHED = {
    "recipient_fields",
    "recipient_fields_on_top",
    "recipient_prefix",
    "object_id",
    "fallback_takes_catchall",
}


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

    postmaster_last_stored = fields.Datetime(
        "Last message stored",
        compute="_compute_postmaster_summary",
        groups="mail_postmaster.group_user",
    )
    postmaster_stored = fields.Integer(
        "Stored",
        compute="_compute_postmaster_summary",
        groups="mail_postmaster.group_user",
        help="Messages stored from this mailbox in the last 30 days.",
    )
    postmaster_delivered = fields.Integer(
        "Delivered",
        compute="_compute_postmaster_summary",
        groups="mail_postmaster.group_user",
    )
    postmaster_parked = fields.Integer(
        "Needs attention",
        compute="_compute_postmaster_summary",
        groups="mail_postmaster.group_user",
    )
    postmaster_retry = fields.Integer(
        "Failed, will be retried",
        compute="_compute_postmaster_summary",
        groups="mail_postmaster.group_user",
    )

    recipient_preset = fields.Selection(
        "_selection_recipient_presets",
        "Mail server",
        help="The mail server that delivers to this mailbox. The fields below are filled in with "
        "its defaults.",
    )
    recipient_preset_note = fields.Char(compute="_compute_recipient_preset_note")
    recipient_fields = fields.Char(
        "Trusted recipient fields",
        help="Header fields in which the server that delivers to this mailbox records the envelope "
        "recipient, in order of preference, separated by commas. With such a field, a single "
        "catch-all mailbox can serve all aliases, and fields written by senders are not used. "
        "Empty: To, Cc and Delivered-To decide, as in Odoo.",
    )
    recipient_prefix = fields.Char(
        "Recipient prefix",
        help="Text that the server adds before the local part, as qmail does for virtual domains: "
        "with example.com-, the recipient example.com-sales@example.com is read as "
        "sales@example.com.",
    )

    recipient_fields_on_top = fields.Boolean(
        "Only at the top",
        help="Use the trusted fields only above the first Received field. For servers that write "
        "them there but sometimes omit them: fields written by the sender are further down.",
    )
    fallback_takes_catchall = fields.Boolean(
        "Also for messages to the catchall",
        help="A message to the catchall address that is not a reply also creates a record. "
        "Otherwise its sender is notified that this address only accepts replies.",
    )

    @api.model
    def _selection_recipient_presets(self):
        return [(name, PRESET_NAMES.get(name) or self.env._("Other")) for name in PRESETS]

    @api.onchange("recipient_preset")
    def _onchange_recipient_preset(self):
        if preset := PRESETS.get(self.recipient_preset):
            self.recipient_fields = ", ".join(preset.fields)
            self.recipient_fields_on_top = preset.is_on_top

    @api.depends("recipient_preset")
    @api.depends_context("lang")
    def _compute_recipient_preset_note(self):
        for server in self:
            note = RECIPIENT_PRESETS.get(server.recipient_preset)
            server.recipient_preset_note = note and self.env._(note)

    @api.constrains("recipient_fields")
    def _check_recipient_fields(self):
        known = {name.lower() for name in TRUSTED_FIELDS}
        for server in self:
            for name in server._trusted_fields():
                if name.lower() not in known:
                    raise ValidationError(
                        self.env._(
                            "%(name)s is not a known recipient field. Known fields: %(known)s.",
                            name=name,
                            known=", ".join(TRUSTED_FIELDS),
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_with_preset(vals) for vals in vals_list])

    def write(self, vals):
        vals = self._with_safe_error(self._with_outcome(vals))
        self._forget_folders(vals)
        if {*CACHED, "recipient_preset"} & vals.keys():
            self.env.registry.clear_cache()
        return super().write(_with_preset(vals))

    def _trusted_fields(self):
        """Return the names of the trusted header fields, the best first."""
        return [name.strip() for name in (self.recipient_fields or "").split(",") if name.strip()]

    @api.depends_context("uid")
    def _compute_postmaster_summary(self):
        since = self.env.cr.now() - timedelta(days=SUMMARY_DAYS)
        groups = self.env["mail.postmaster.message"]._read_group(
            [("fetchmail_server_id", "in", self.ids), ("create_date", ">=", since)],
            ["fetchmail_server_id", "state"],
            ["__count", "create_date:max"],
        )
        by_server = {}
        for server, state, count, latest in groups:
            by_server.setdefault(server.id, {})[state] = (count, latest)
        for server in self:
            found = by_server.get(server.id, {})
            server.postmaster_stored = sum(count for count, _latest in found.values())
            server.postmaster_delivered = found.get(states.DELIVERED, (0, None))[0]
            server.postmaster_parked = found.get(states.PARKED, (0, None))[0]
            server.postmaster_retry = found.get(states.RETRY, (0, None))[0]
            server.postmaster_last_stored = max(
                (latest for _count, latest in found.values()), default=False
            )

    def action_postmaster_messages(self):
        """Open the messages received from this server."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mail_postmaster.action_mail_postmaster_message"
        )
        return {**action, "domain": [("fetchmail_server_id", "=", self.id)], "context": {}}


def _with_preset(vals):
    """Return values with those that a chosen mail server implies, unless they are given as well."""
    preset = PRESETS.get(vals.get("recipient_preset"))
    if not preset or "recipient_fields" in vals:
        return vals
    return {
        "recipient_fields": ", ".join(preset.fields),
        "recipient_fields_on_top": preset.is_on_top,
        **vals,
    }

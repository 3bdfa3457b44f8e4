from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...gateway import mail_providers, retries
from ...policy.policy_fields import POLICIES, REPLY_POLICIES
from ...policy.settings import (
    ADDRESSING,
    ANSWER_HOURS,
    ANSWER_LIMIT,
    ANSWERS,
    ATTACHMENTS,
    AUTHENTICATION_OWN,
    AUTHSERV,
    AUTO_REPLIES,
    AUTOMATIC_MAIL,
    BLACKLIST_BOUNCES,
    BLACKLIST_DAYS,
    BLACKLIST_SPREAD,
    BOUNCE_BLACKLIST,
    CHOICES,
    COMPLAINTS,
    ENABLED,
    HELD_MEGABYTES,
    HELD_SENDER_MEGABYTES,
    IDENTITY,
    IDENTITY_OWN,
    IDENTITY_UNCHECKED,
    LOCAL_PARTS,
    LOG_DAYS,
    LOOP_MINUTES,
    LOOP_REPLIES,
    LOOP_THRESHOLD,
    LOOPS,
    MOST_HOPS,
    NUMBERS,
    OTHER_CONTENT,
    OUTAGE_MINUTES,
    PRESET_CHOSEN,
    PRESET_VALUES,
    PROVIDERS,
    RAW_DAYS,
    RAW_MEGABYTES,
    RECORD_LIMIT,
    RECORD_MINUTES,
    REPLIES,
    REPLIES_PRIVATE,
    REPLY_RULES,
    RESPONSIBLE,
    RETRY_MINUTES,
    RETURN_PATH,
    SUBADDRESSING,
)

NUMBER_FIELDS = {
    LOOP_MINUTES: "postmaster_loop_minutes",
    LOOP_THRESHOLD: "postmaster_loop_threshold",
    ANSWER_HOURS: "postmaster_answer_hours",
    ANSWER_LIMIT: "postmaster_answer_limit",
    MOST_HOPS: "postmaster_most_hops",
    BLACKLIST_BOUNCES: "postmaster_blacklist_bounces",
    BLACKLIST_DAYS: "postmaster_blacklist_days",
    BLACKLIST_SPREAD: "postmaster_blacklist_spread",
    OUTAGE_MINUTES: "postmaster_outage_minutes",
    RAW_DAYS: "postmaster_raw_days",
    RAW_MEGABYTES: "postmaster_raw_megabytes",
    HELD_MEGABYTES: "postmaster_held_megabytes",
    HELD_SENDER_MEGABYTES: "postmaster_held_sender_megabytes",
    LOG_DAYS: "postmaster_log_days",
}
RECORD_FIELDS = {
    RECORD_LIMIT: "postmaster_record_limit",
    RECORD_MINUTES: "postmaster_record_minutes",
}


# What presets write and this page shows.
PRESET_FIELDS = {
    ADDRESSING: "postmaster_addressing",
    SUBADDRESSING: "postmaster_subaddressing",
    LOCAL_PARTS: "postmaster_local_parts",
    OTHER_CONTENT: "postmaster_other_content",
    LOOPS: "postmaster_loops",
    LOOP_REPLIES: "postmaster_loop_replies",
    AUTO_REPLIES: "postmaster_auto_replies",
    AUTOMATIC_MAIL: "postmaster_automatic_mail",
    REPLIES: "postmaster_replies",
    REPLIES_PRIVATE: "postmaster_replies_private",
    REPLY_RULES: "postmaster_reply_rules",
    ANSWERS: "postmaster_answers",
    COMPLAINTS: "postmaster_complaints",
    BOUNCE_BLACKLIST: "postmaster_bounce_blacklist",
    RETURN_PATH: "postmaster_return_path",
    AUTHENTICATION_OWN: "postmaster_authentication_own",
    IDENTITY: "postmaster_identity",
    IDENTITY_OWN: "postmaster_identity_own",
    IDENTITY_UNCHECKED: "postmaster_identity_unchecked",
    ATTACHMENTS: "postmaster_attachments",
}
CHOICE_FIELDS = {
    key: name for key, name in PRESET_FIELDS.items() if key in CHOICES and key != ADDRESSING
}


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Not a config_parameter: core would browse the user by any number in the database.
    postmaster_responsible_id = fields.Many2one(
        "res.users",
        "Responsible for received mail",
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref("mail_postmaster.group_admin").ids),
        ],
    )
    postmaster_retry_minutes = fields.Char(
        "Minutes between attempts",
        config_parameter=RETRY_MINUTES,
        default=retries.DEFAULT_SCHEDULE,
    )
    postmaster_outage_minutes = fields.Integer(
        "Minutes until a mailbox without a successful fetch needs attention",
        config_parameter=OUTAGE_MINUTES,
        default=NUMBERS[OUTAGE_MINUTES][0],
    )
    postmaster_raw_days = fields.Integer(
        "Days to keep the content of processed messages",
        config_parameter=RAW_DAYS,
        default=NUMBERS[RAW_DAYS][0],
    )
    postmaster_raw_megabytes = fields.Integer(
        "Megabytes of content to keep",
        config_parameter=RAW_MEGABYTES,
        default=NUMBERS[RAW_MEGABYTES][0],
    )
    postmaster_held_megabytes = fields.Integer(
        "Megabytes of messages that wait or need attention",
        config_parameter=HELD_MEGABYTES,
        default=NUMBERS[HELD_MEGABYTES][0],
    )
    postmaster_held_sender_megabytes = fields.Integer(
        "Megabytes of these from one sender",
        config_parameter=HELD_SENDER_MEGABYTES,
        default=NUMBERS[HELD_SENDER_MEGABYTES][0],
    )
    postmaster_log_days = fields.Integer(
        "Days to keep the log",
        config_parameter=LOG_DAYS,
        default=NUMBERS[LOG_DAYS][0],
    )
    postmaster_addressing = fields.Boolean(
        "Let Postmaster determine the recipients",
        config_parameter=ADDRESSING,
    )
    postmaster_subaddressing = fields.Char(
        "Separators of sub-addresses",
        config_parameter=SUBADDRESSING,
    )
    postmaster_other_content = fields.Selection(
        [("ignore", "Ignore it"), ("park", "Hold for review"), ("deliver", "Deliver it")],
        "Same Message-Id, another message",
        config_parameter=OTHER_CONTENT,
        default="ignore",
    )
    postmaster_loops = fields.Selection(
        [("odoo", "Detected by Odoo"), ("accepted", "Based on accepted messages")],
        "Mail loops",
        config_parameter=LOOPS,
        default="odoo",
    )
    postmaster_loop_threshold = fields.Integer(
        "Messages per sender",
        config_parameter=LOOP_THRESHOLD,
        default=NUMBERS[LOOP_THRESHOLD][0],
    )
    postmaster_loop_minutes = fields.Integer(
        "Minutes",
        config_parameter=LOOP_MINUTES,
        default=NUMBERS[LOOP_MINUTES][0],
    )
    postmaster_loop_replies = fields.Selection(
        [("silent", "Post them without notifications"), ("refuse", "Refuse them")],
        "Replies above the limit",
        config_parameter=LOOP_REPLIES,
        default="silent",
    )
    postmaster_most_hops = fields.Integer(
        "Maximum hops (Received headers)",
        config_parameter=MOST_HOPS,
        default=NUMBERS[MOST_HOPS][0],
    )
    # Not config_parameters: there is no limit if neither is set.
    postmaster_limits_records = fields.Boolean("Limit new records per alias")
    postmaster_record_limit = fields.Integer(
        "New records per alias",
        default=NUMBERS[RECORD_LIMIT][0],
    )
    postmaster_record_minutes = fields.Integer(
        "Minutes for records",
        default=NUMBERS[RECORD_MINUTES][0],
    )
    postmaster_auto_replies = fields.Selection(
        POLICIES,
        "Auto-replies",
        config_parameter=AUTO_REPLIES,
        default="accept",
    )
    postmaster_automatic_mail = fields.Selection(
        POLICIES,
        "Other automatic messages",
        config_parameter=AUTOMATIC_MAIL,
        default="accept",
    )
    postmaster_replies = fields.Selection(
        REPLY_POLICIES,
        "Replies from non-participants",
        config_parameter=REPLIES,
        default="accept",
    )
    postmaster_replies_private = fields.Selection(
        REPLY_POLICIES,
        "In private conversations",
        config_parameter=REPLIES_PRIVATE,
        default="accept",
    )
    postmaster_reply_rules = fields.Selection(
        [
            ("odoo", "For messages sent to its address"),
            ("record", "For every reply on its records"),
        ],
        "When the rules of an alias apply",
        config_parameter=REPLY_RULES,
        default="odoo",
    )
    postmaster_reply_providers = fields.Char(
        "Additional public email providers",
        config_parameter=PROVIDERS,
    )
    postmaster_missing_providers = fields.Boolean(
        compute="_compute_postmaster_missing_providers",
    )
    postmaster_answers = fields.Selection(
        [("odoo", "As sent by Odoo"), ("careful", "To people only, at most once a day")],
        "Notices to senders",
        config_parameter=ANSWERS,
        default="odoo",
    )
    postmaster_answer_hours = fields.Integer(
        "Hours after which no notice is sent",
        config_parameter=ANSWER_HOURS,
        default=NUMBERS[ANSWER_HOURS][0],
    )
    postmaster_answer_limit = fields.Integer(
        "Notices per hour",
        config_parameter=ANSWER_LIMIT,
        default=NUMBERS[ANSWER_LIMIT][0],
        help="How many notices all senders together get within an hour. Further messages that "
        "would be refused need attention, because their senders cannot be notified.",
    )
    postmaster_complaints = fields.Selection(
        [("record", "Record only"), ("blacklist", "Blacklist the address")],
        "Complaints",
        config_parameter=COMPLAINTS,
        default="record",
    )
    postmaster_bounce_blacklist = fields.Selection(
        [("off", "Leave them to the applications"), ("on", "Blacklist them")],
        "Nonexistent addresses",
        config_parameter=BOUNCE_BLACKLIST,
        default="off",
    )
    postmaster_blacklist_bounces = fields.Integer(
        "Hard bounces",
        config_parameter=BLACKLIST_BOUNCES,
        default=NUMBERS[BLACKLIST_BOUNCES][0],
    )
    postmaster_blacklist_days = fields.Integer(
        "Days in which they are counted",
        config_parameter=BLACKLIST_DAYS,
        default=NUMBERS[BLACKLIST_DAYS][0],
    )
    # Core does not write a zero of a config_parameter.
    postmaster_blacklist_spread = fields.Integer(
        "Days between first and last",
        default=NUMBERS[BLACKLIST_SPREAD][0],
    )
    postmaster_return_path = fields.Selection(
        [("odoo", "Bounce address"), ("signed", "Bounce address with a number")],
        "Return path",
        config_parameter=RETURN_PATH,
        default="odoo",
    )
    # Not a config_parameter: core removes the parameter of a Boolean that is not set, and a missing
    # parameter means that Postmaster is on.
    postmaster_pass_through = fields.Boolean("Bypass Postmaster")
    # Written by the preset itself, together with its values.
    postmaster_preset = fields.Selection(
        [("recommended", "Recommended"), ("strict", "Strict"), ("odoo", "Same as Odoo")],
        "Policy preset",
    )
    postmaster_preset_preview = fields.Text(compute="_compute_postmaster_preset_preview")
    postmaster_preset_is_stored = fields.Boolean(compute="_compute_postmaster_preset_preview")
    postmaster_is_copy = fields.Boolean(compute="_compute_postmaster_is_copy")

    def _compute_postmaster_missing_providers(self):
        self.postmaster_missing_providers = not mail_providers.is_complete()

    def _compute_postmaster_is_copy(self):
        self.postmaster_is_copy = not self.env["mail.postmaster.policy"]._is_confirmed_database()

    @api.depends("postmaster_preset")
    def _compute_postmaster_preset_preview(self):
        policy = self.env["mail.postmaster.policy"]
        for settings in self:
            settings.postmaster_preset_is_stored = settings.postmaster_preset == policy._preset()
            values = policy._preset_values(settings.postmaster_preset)
            unset = self.env._("(not set)")
            settings.postmaster_preset_preview = "\n".join(
                f"{key}: {policy._parameter(key) or unset} → {value or unset}"
                for key, value in values.items()
            )

    @api.onchange("postmaster_preset")
    def _onchange_postmaster_preset(self):
        """Show the values of the preset; each can be changed before it is saved."""
        policy = self.env["mail.postmaster.policy"]
        values = PRESET_VALUES.get(self.postmaster_preset, {})
        if self.postmaster_preset == policy._preset():
            # Back to the values in force, whatever another preset has shown meanwhile.
            values = {key: policy._parameter(key) for key in values}
        for key, name in PRESET_FIELDS.items():
            if key in values:
                is_choice = key in CHOICE_FIELDS
                self[name] = values[key] or (CHOICES[key][0] if is_choice else values[key])

    @api.constrains(
        "postmaster_retry_minutes",
        "postmaster_record_limit",
        "postmaster_record_minutes",
        "postmaster_authserv",
        *NUMBER_FIELDS.values(),
    )
    def _check_postmaster_parameters(self):
        policy = self.env["mail.postmaster.policy"]
        for settings in self:
            policy._check_parameter(RETRY_MINUTES, settings.postmaster_retry_minutes)
            policy._check_parameter(AUTHSERV, settings.postmaster_authserv)
            for key, name in {**NUMBER_FIELDS, **RECORD_FIELDS}.items():
                policy._check_parameter(key, str(settings[name]))
            if settings.postmaster_blacklist_spread >= settings.postmaster_blacklist_days:
                raise ValidationError(
                    self.env._(
                        "%(spread)s must be less than %(days)s, otherwise no address is ever "
                        "blacklisted.",
                        spread=BLACKLIST_SPREAD,
                        days=BLACKLIST_DAYS,
                    )
                )

    @api.model
    def get_values(self):
        values = super().get_values()
        if not self.has_access("create"):
            # A public method, which core lets everyone call, and which it protects by access to the
            # dialog.
            return values
        policy = self.env["mail.postmaster.policy"]
        policies = policy._in_force()
        # The values in force: an invalid value written into the database past the checks must not
        # keep the settings from being opened.
        values["postmaster_retry_minutes"] = policies.retry_minutes
        for key, name in NUMBER_FIELDS.items():
            values[name] = policies.number(key)
        for key, name in CHOICE_FIELDS.items():
            values[name] = policies.choice(key)
        trusted = self.env["mail.postmaster.authentication"]._trusted_ids()
        values["postmaster_authserv"] = ", ".join(trusted)
        values["postmaster_limits_records"] = policies.limits_records
        for key, name in RECORD_FIELDS.items():
            values[name] = policies.number(key)
        values["postmaster_responsible_id"] = policy._responsible().id
        values["postmaster_preset"] = policy._preset()
        values["postmaster_pass_through"] = not policy._is_switched_on()
        return {**values, **self._postmaster_limit_values()}

    def set_values(self):
        # A public method, which core protects by the rights of its caller, ``execute``.
        self.check_access("create")
        result = super().set_values()
        policy = self.env["mail.postmaster.policy"]
        # As core writes its own parameters, which belong to administrators.
        parameters = self.env["ir.config_parameter"].sudo()
        if policy._is_switched_on() == self.postmaster_pass_through:
            parameters.set_param(ENABLED, str(not self.postmaster_pass_through))
        if self.postmaster_responsible_id != policy._responsible():
            parameters.set_param(RESPONSIBLE, self.postmaster_responsible_id.id)
        if self.postmaster_blacklist_spread != policy._in_force().number(BLACKLIST_SPREAD):
            parameters.set_param(BLACKLIST_SPREAD, str(self.postmaster_blacklist_spread))
        for key, name in RECORD_FIELDS.items():
            parameters.set_param(key, self.postmaster_limits_records and str(self[name]))
        # A preset that was applied earlier must not undo later changes.
        if self.postmaster_preset and not self.postmaster_preset_is_stored:
            # Only system administrators can save settings.
            policy._write_preset(self.postmaster_preset, PRESET_CHOSEN, leave=PRESET_FIELDS)
        self._postmaster_write_limits(parameters)
        return result

    def action_postmaster_apply_preset(self):
        """Apply the preset of this database once more, and reload all settings."""
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset(policy._preset())
        return {"type": "ir.actions.client", "tag": "reload"}

    def action_postmaster_confirm_database(self):
        """Let this database receive messages: it is not a copy."""
        return self.env["mail.postmaster.policy"].confirm_database()

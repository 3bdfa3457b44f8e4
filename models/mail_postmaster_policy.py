from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from ..gateway import authentication, hops, limits, retries, screening
from ..gateway.addresses import domain_or_none

ENABLED = "mail.postmaster.enabled"
RETRY_MINUTES = "mail.postmaster.retry.minutes"
RAW_DAYS = "mail.postmaster.raw.days"
RAW_MEGABYTES = "mail.postmaster.raw.megabytes"
LOG_DAYS = "mail.postmaster.log.days"
RESPONSIBLE = "mail.postmaster.responsible"
DATABASE = "mail.postmaster.database"
PRESET = "mail.postmaster.preset"
PRESET_CHOSEN = "mail.postmaster.preset.chosen"
# The allowed domains that a preset has written into core's parameter, to be taken away again.
PRESET_DOMAINS = "mail.postmaster.preset.domains"
# Whether Postmaster decides from the evidence who a mail is for, or core from To and Cc.
ADDRESSING = "mail.postmaster.addressing"
# Characters any of which begins the detail of a sub-address; empty for none.
SUBADDRESSING = "mail.postmaster.subaddressing"
# What becomes of a mail with a known Message-Id and other content.
OTHER_CONTENT = "mail.postmaster.duplicate"
# Core's own: where it applies is written in mail.thread.message_route.
ALLOWED_DOMAINS = "mail.catchall.domain.allowed"
# Core's own: mails of one sender in a period, by default 20 in 120 minutes.
LOOP_MINUTES = "mail.gateway.loop.minutes"
LOOP_THRESHOLD = "mail.gateway.loop.threshold"
# Whether loops are found by core, or from what the gateway accepted.
LOOPS = "mail.postmaster.loops"
# What becomes of an answer in a conversation above that limit.
LOOP_REPLIES = "mail.postmaster.loop.replies"
# Documented by Odoo before the pair above, and in no release: new records of one alias in a
# period, by default 5 in 60 minutes as soon as one of them is set.
RECORD_MINUTES = "mail.incoming.limit.period"
RECORD_LIMIT = "mail.incoming.limit.alias"
AUTO_REPLIES = "mail.postmaster.autoreply"
AUTOMATIC_MAIL = "mail.postmaster.automatic"
MOST_HOPS = "mail.postmaster.hops"
# Whether answers are core's, or go to people alone, once, for the company of the mail.
ANSWERS = "mail.postmaster.answers"
ANSWER_HOURS = "mail.postmaster.answer.hours"
# What becomes of the address of a recipient who complained (RFC 5965).
COMPLAINTS = "mail.postmaster.complaints"
# Whether addresses that mail can not reach are blacklisted: after so many hard bounces, within
# so many days, with at least so many days between the first and the last.
BOUNCE_BLACKLIST = "mail.postmaster.blacklist"
BLACKLIST_BOUNCES = "mail.postmaster.blacklist.bounces"
BLACKLIST_DAYS = "mail.postmaster.blacklist.days"
BLACKLIST_SPREAD = "mail.postmaster.blacklist.spread"
# Whether the return path of a mail says which message it is.
# In no preset: a mail server that drops sub-addresses would lose every bounce.
RETURN_PATH = "mail.postmaster.return_path"
# Whether a text attachment keeps its bytes where it is not in the charset it names.
ATTACHMENTS = "mail.postmaster.attachments"
# What becomes of an answer in a conversation that its sender is no part of, and of one in a
# private conversation.
REPLIES = "mail.postmaster.reply"
REPLIES_PRIVATE = "mail.postmaster.reply.private"
# Whether the alias of a record is asked only when it was written to, or about every answer.
REPLY_RULES = "mail.postmaster.reply.rules"
# Domains, besides those that are known, in which anybody may have an address.
PROVIDERS = "mail.postmaster.reply.providers"
# The authserv-ids (RFC 8601) whose word on the sender of a mail counts.
# In no preset: every installation has its own.
AUTHSERV = "mail.postmaster.authserv"
# Whether signatures are checked here where no such server has judged; in no preset either.
AUTHENTICATION_OWN = "mail.postmaster.authentication.own"
# What becomes of mail whose sender has not written it, and of such mail in the name of one of us.
IDENTITY = "mail.postmaster.identity"
IDENTITY_OWN = "mail.postmaster.identity.own"
# How much there may be in a mail; in force under every preset.
LIMITS = {name: f"mail.postmaster.limit.{name}" for name in limits.LIMITS}

RECOMMENDED = {
    ADDRESSING: "True",
    SUBADDRESSING: "+",
    OTHER_CONTENT: "ignore",
    LOOPS: "accepted",
    LOOP_REPLIES: "silent",
    AUTO_REPLIES: "note",
    AUTOMATIC_MAIL: "accept",
    ANSWERS: "careful",
    COMPLAINTS: "blacklist",
    BOUNCE_BLACKLIST: "on",
    ATTACHMENTS: "exact",
    REPLIES: "note",
    REPLIES_PRIVATE: "park",
    REPLY_RULES: "record",
    IDENTITY: "withhold",
    IDENTITY_OWN: "park",
}
PRESET_VALUES = {
    "recommended": RECOMMENDED,
    # Nothing automatic disturbs anybody, and what is doubtful waits for a person.
    "strict": {
        **RECOMMENDED,
        OTHER_CONTENT: "park",
        AUTOMATIC_MAIL: "silent",
        REPLIES: "park",
        IDENTITY: "park",
    },
    "odoo": dict.fromkeys(RECOMMENDED, False),
}
PRESETS = tuple(PRESET_VALUES)
OURS = ("recommended", "strict")

# key: what it may be, the default first
CHOICES = {
    ADDRESSING: ("False", "True"),
    OTHER_CONTENT: ("ignore", "park", "deliver"),
    LOOPS: ("odoo", "accepted"),
    LOOP_REPLIES: ("silent", "refuse"),
    AUTO_REPLIES: screening.POLICIES,
    AUTOMATIC_MAIL: screening.POLICIES,
    ANSWERS: ("odoo", "careful"),
    COMPLAINTS: ("record", "blacklist"),
    BOUNCE_BLACKLIST: ("off", "on"),
    RETURN_PATH: ("odoo", "signed"),
    ATTACHMENTS: ("odoo", "exact"),
    REPLIES: ("accept", "note", "park", "new"),
    REPLIES_PRIVATE: ("accept", "note", "park", "new"),
    REPLY_RULES: ("odoo", "record"),
    AUTHENTICATION_OWN: ("off", "on"),
    IDENTITY: authentication.POLICIES,
    IDENTITY_OWN: authentication.POLICIES,
}

WEEK = 7 * 24 * 60

# Letters and digits are in names, and "@" ends one.
SEPARATORS = "+-=_.~!#$%&*/^|"

# A number with more digits is no id in PostgreSQL, whose integers end at 2147483647.
LONGEST_ID = 9

# More digits than any of these has; Python reads no number of thousands of them.
LONGEST_NUMBER = 18

# key: (default, smallest, largest)
NUMBERS = {
    RAW_DAYS: (7, 1, 3650),
    RAW_MEGABYTES: (2048, 10, 10_000_000),
    LOG_DAYS: (180, 7, 36_500),
    LOOP_MINUTES: (120, 1, WEEK),
    LOOP_THRESHOLD: (20, 1, 1_000_000),
    RECORD_MINUTES: (60, 1, WEEK),
    RECORD_LIMIT: (5, 1, 1_000_000),
    MOST_HOPS: (hops.MOST_HOPS, 10, 1000),
    ANSWER_HOURS: (24, 1, 8760),
    BLACKLIST_BOUNCES: (5, 2, 1000),
    BLACKLIST_DAYS: (31, 1, 365),
    BLACKLIST_SPREAD: (7, 0, 365),
    **{key: limits.LIMITS[name] for name, key in LIMITS.items()},
}

# Fields of mail.postmaster.scope, and the parameter that decides where no scope does.
SCOPED = {
    "loop_threshold": LOOP_THRESHOLD,
    "loop_minutes": LOOP_MINUTES,
    "record_limit": RECORD_LIMIT,
    "record_limit_minutes": RECORD_MINUTES,
    "auto_reply_policy": AUTO_REPLIES,
    "automatic_mail_policy": AUTOMATIC_MAIL,
    "reply_policy": REPLIES,
    "identity_policy": IDENTITY,
}


class Setting(NamedTuple):
    """A policy in force.

    :param value: a number, a choice, or None where there is no limit
    :param origin: who decided: ``alias``, ``domain`` or ``database``
    """

    value: object
    origin: str


class MailPostmasterPolicy(models.AbstractModel):
    """The settings of this addon, kept as System Parameters, and their bounds."""

    _name = "mail.postmaster.policy"
    _description = "Postmaster policies"

    @api.model
    def _parameter(self, key):
        """Return the text of a System Parameter, or False.

        The one place that reads them: later versions of Odoo replace ``get_param``.
        """
        # System Parameters are readable by administrators only, mail is processed for all.
        return self.env["ir.config_parameter"].sudo().get_param(key)

    @api.model
    def _number(self, key):
        """Return a bounded number; nonsense written past the checks gives the default."""
        default, smallest, largest = NUMBERS[key]
        text = str(self._parameter(key) or default).strip()
        if not text.isascii() or not text.isdigit():
            return default
        if len(text) > LONGEST_NUMBER:
            return largest
        return min(max(int(text), smallest), largest)

    @api.model
    def _choice(self, key):
        """Return one of the choices of a parameter; nonsense gives the default."""
        value = str(self._parameter(key) or "").strip()
        return value if value in CHOICES[key] else CHOICES[key][0]

    @api.model
    def _setting(self, name, alias, domain):
        """Return the :class:`Setting` of a field of ``mail.postmaster.scope``.

        :param alias: a ``mail.alias``, or an empty recordset
        :param domain: its ``mail.alias.domain``, or that of the recipient; or empty
        """
        for origin, scope in (("alias", alias), ("domain", domain)):
            if value := scope and scope[name]:
                return Setting(value, origin)
        key = SCOPED[name]
        if key in CHOICES:
            return Setting(self._choice(key), "database")
        if key in (RECORD_LIMIT, RECORD_MINUTES) and not self._limits_records():
            return Setting(None, "database")
        return Setting(self._number(key), "database")

    def _limits_records(self):
        return bool(self._parameter(RECORD_LIMIT) or self._parameter(RECORD_MINUTES))

    @api.model
    def _retry_schedule(self):
        """Return the waiting times after each failure, as a tuple of timedelta."""
        return retries.parse_schedule(self._retry_minutes())

    @api.model
    def _retry_minutes(self):
        """Return the text of the waiting times; nonsense gives the default."""
        text = self._parameter(RETRY_MINUTES) or retries.DEFAULT_SCHEDULE
        try:
            retries.parse_schedule(text)
        except ValueError:
            return retries.DEFAULT_SCHEDULE
        return text

    @api.model
    def _responsible(self):
        """Return the user whom an administrator chose, or an empty recordset."""
        text = str(self._parameter(RESPONSIBLE) or "")
        # Whoever hands mail over may not read users; those who left are not asked.
        users = self.env["res.users"].sudo().with_context(active_test=True)
        if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
            return users
        return users.search([("id", "=", int(text))])

    @api.model
    def _preset(self):
        """Return the name of the preset that was applied last, or False."""
        name = self._parameter(PRESET)
        return name if name in PRESETS else False

    # --- copied databases --------------------------------------------------------------

    @api.model
    def _database_identity(self):
        """Return a text that differs between a database and every copy of it."""
        self.env.cr.execute(
            "SELECT current_database(), (SELECT system_identifier FROM pg_control_system())"
        )
        name, system = self.env.cr.fetchone()
        return f"{name}@{system}"

    @api.model
    def _is_confirmed_database(self):
        """Tell whether this is the database that was set up to receive mail, and no copy."""
        return self._parameter(DATABASE) == self._database_identity()

    @api.model
    def confirm_database(self):
        """Let this database fetch and answer mail: an administrator says it is no copy."""
        self._check_administrator()
        # The parameter belongs to the system's administrators; the group was checked above.
        self.env["ir.config_parameter"].sudo().set_param(DATABASE, self._database_identity())
        return True

    # --- presets -----------------------------------------------------------------------

    @api.model
    def apply_preset(self, name):
        """Write the values of a preset into the System Parameters, and nothing else.

        :param str name: ``recommended``, ``strict``, or ``odoo`` to leave the decisions to core
        :raises ValidationError: for another name
        """
        self._check_administrator()
        if name not in PRESETS:
            raise ValidationError(self.env._("There is no preset %(name)s.", name=name))
        self._write_preset(name, PRESET_CHOSEN)
        return True

    @api.model
    def _write_preset(self, name, *more, leave=()):
        """Write a preset, and that ``more`` parameters are true; ``leave`` some as they are."""
        # System Parameters belong to the system's administrators; the group was checked above.
        parameters = self.env["ir.config_parameter"].sudo()
        for key, value in self._preset_values(name).items():
            if key not in leave:
                parameters.set_param(key, value)
                if key == ALLOWED_DOMAINS:
                    # As it is stored: core's parameter is normalized.
                    parameters.set_param(PRESET_DOMAINS, self._parameter(key))
        parameters.set_param(PRESET, name)
        for key in more:
            parameters.set_param(key, "True")

    @api.model
    def _offers_recommended(self):
        """Tell whether nobody has chosen yet between core's decisions and what is recommended."""
        return self._preset() == "odoo" and not self._parameter(PRESET_CHOSEN)

    @api.model
    def _preset_values(self, name):
        """Return what a preset would write, as ``{key: text or False}``; for a preview too.

        The allowed domains that somebody typed stay: ``recommended`` and ``strict`` fill them in
        where there are none, and ``odoo`` takes away what these have written.
        """
        # Alias domains of all companies are this database's own.
        domains = self.env["mail.alias.domain"].sudo().search([])
        names = filter(None, map(domain_or_none, domains.mapped("name")))
        own_domains = ",".join(dict.fromkeys(names))
        allowed = self._parameter(ALLOWED_DOMAINS)
        values = dict(PRESET_VALUES.get(name, {}))
        if name in OURS and not allowed and own_domains:
            values[ALLOWED_DOMAINS] = own_domains
        if name == "odoo" and allowed and allowed == self._parameter(PRESET_DOMAINS):
            values[ALLOWED_DOMAINS] = False
        return {
            key: value for key, value in values.items() if (self._parameter(key) or False) != value
        }

    @api.model
    def _check_administrator(self):
        """Refuse anybody who is no Postmaster administrator.

        :raises AccessError: naming the group
        """
        if not self.env.su and not self.env.user.has_group("mail_postmaster.group_admin"):
            raise AccessError(self.env._("Only Postmaster administrators may do this."))

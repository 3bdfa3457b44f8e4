"""The settings as System Parameters: their names, what each may be, and what a preset means."""

from typing import NamedTuple

from ..gateway import authentication, hops, limits, screening

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
# What may become of such a reply.
REPLY_POLICIES = ACCEPT, NOTE, PARK, NEW = "accept", "note", "park", "new"
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
    REPLIES: REPLY_POLICIES,
    REPLIES_PRIVATE: REPLY_POLICIES,
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

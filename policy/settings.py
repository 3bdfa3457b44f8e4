"""The settings as System Parameters: their names, allowed values and presets."""

from typing import NamedTuple

from ..gateway import authentication, hops, limits, screening
from ..gateway.treatments import ACCEPT, NEW, NOTE, OFF, PARK, WITHHOLD

ENABLED = "mail.postmaster.enabled"
RETRY_MINUTES = "mail.postmaster.retry.minutes"
RAW_DAYS = "mail.postmaster.raw.days"
RAW_MEGABYTES = "mail.postmaster.raw.megabytes"
# Content of messages that wait or need attention, in all and by one sender.
HELD_MEGABYTES = "mail.postmaster.held.megabytes"
HELD_SENDER_MEGABYTES = "mail.postmaster.held.sender.megabytes"
LOG_DAYS = "mail.postmaster.log.days"
# How long nothing may come from a mailbox before the responsible user is told.
OUTAGE_MINUTES = "mail.postmaster.outage.minutes"
RESPONSIBLE = "mail.postmaster.responsible"
DATABASE = "mail.postmaster.database"
PRESET = "mail.postmaster.preset"
PRESET_CHOSEN = "mail.postmaster.preset.chosen"
# The allowed domains that a preset of an earlier version has written into core's parameter.
PRESET_DOMAINS = "mail.postmaster.preset.domains"
# Whether Postmaster determines the recipients from the evidence, or core from To and Cc.
ADDRESSING = "mail.postmaster.addressing"
# Characters that may begin the detail of a sub-address; empty for none.
SUBADDRESSING = "mail.postmaster.subaddressing"
# How to handle another message with a known Message-Id. A copy of the known one is ignored.
OTHER_CONTENT = "mail.postmaster.duplicate"
# Core's parameter: mail.thread.message_route documents where it applies.
ALLOWED_DOMAINS = "mail.catchall.domain.allowed"
# What the local part alone matches if there are none: any domain, or the alias domains of the
# moment.
LOCAL_PARTS = "mail.postmaster.localpart"
# Core's parameters: messages per sender within a period, by default 20 within 120 minutes.
LOOP_MINUTES = "mail.gateway.loop.minutes"
LOOP_THRESHOLD = "mail.gateway.loop.threshold"
# Whether core detects mail loops, or Postmaster from the messages that the gateway accepted.
LOOPS = "mail.postmaster.loops"
# How to handle a reply in a conversation above that limit.
LOOP_REPLIES = "mail.postmaster.loop.replies"
# Odoo documented these before the pair above, but no release has them: new records per alias
# within a period, by default 5 within 60 minutes as soon as one of them is set.
RECORD_MINUTES = "mail.incoming.limit.period"
RECORD_LIMIT = "mail.incoming.limit.alias"
AUTO_REPLIES = "mail.postmaster.autoreply"
AUTOMATIC_MAIL = "mail.postmaster.automatic"
MOST_HOPS = "mail.postmaster.hops"
# Whether notices are core's, or are sent only to people, once, for the message's company.
ANSWERS = "mail.postmaster.answers"
ANSWER_HOURS = "mail.postmaster.answer.hours"
# Notices to all senders within an hour; messages that would be refused beyond it are held.
ANSWER_LIMIT = "mail.postmaster.answer.limit"
# What happens to the address of a recipient who complained (RFC 5965).
COMPLAINTS = "mail.postmaster.complaints"
# Whether undeliverable addresses are blacklisted: after so many hard bounces, within so many
# days, with at least so many days between the first and the last.
BOUNCE_BLACKLIST = "mail.postmaster.blacklist"
BLACKLIST_BOUNCES = "mail.postmaster.blacklist.bounces"
BLACKLIST_DAYS = "mail.postmaster.blacklist.days"
BLACKLIST_SPREAD = "mail.postmaster.blacklist.spread"
# Whether the return path of a message identifies it.
# In no preset: a mail server that drops sub-addresses would lose every bounce.
RETURN_PATH = "mail.postmaster.return_path"
# Whether a text attachment keeps its bytes if it is not in the charset that it declares.
ATTACHMENTS = "mail.postmaster.attachments"
# How to handle a reply from a non-participant of a conversation, and a reply in a private
# conversation.
REPLIES = "mail.postmaster.reply"
REPLIES_PRIVATE = "mail.postmaster.reply.private"
# Whether the rules of a record's alias apply only if it is addressed, or to every reply.
REPLY_RULES = "mail.postmaster.reply.rules"
# The possible treatments of such a reply.
REPLY_POLICIES = ACCEPT, NOTE, PARK, NEW
# Domains, besides the known ones, at which anyone can get an address.
PROVIDERS = "mail.postmaster.reply.providers"
# The authserv-ids (RFC 8601) of the servers whose verdict on the sender is trusted.
# In no preset: every installation has different ones.
AUTHSERV = "mail.postmaster.authserv"
# Whether signatures are checked here if no such server has given a verdict: never, where the
# libraries are installed, or always, with a warning if they are missing.
AUTHENTICATION_OWN = "mail.postmaster.authentication.own"
# How to handle messages that fail sender authentication, and those among them that claim to
# come from one of our users.
IDENTITY = "mail.postmaster.identity"
IDENTITY_OWN = "mail.postmaster.identity.own"
# How to handle the latter from outside as long as nothing checks senders.
IDENTITY_UNCHECKED = "mail.postmaster.identity.unchecked"
# Limits on the content of a message; in force under every preset.
LIMITS = {name: f"mail.postmaster.limit.{name}" for name in limits.LIMITS}

RECOMMENDED = {
    ADDRESSING: "True",
    SUBADDRESSING: "+",
    LOCAL_PARTS: "own",
    OTHER_CONTENT: "park",
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
    AUTHENTICATION_OWN: "auto",
    IDENTITY: "withhold",
    IDENTITY_OWN: "park",
    IDENTITY_UNCHECKED: "withhold",
}
PRESET_VALUES = {
    "recommended": RECOMMENDED,
    # No automatic message disturbs a user, and doubtful messages are held for review.
    "strict": {
        **RECOMMENDED,
        AUTOMATIC_MAIL: "silent",
        REPLIES: "park",
        IDENTITY: "park",
    },
    "odoo": dict.fromkeys(RECOMMENDED, False),
}
PRESETS = tuple(PRESET_VALUES)
OURS = ("recommended", "strict")
# Settings that have come to the presets since a database may have chosen one. An upgrade leaves
# them as in core, and offers what the preset says.
ADDED = (LOCAL_PARTS, AUTHENTICATION_OWN, IDENTITY_UNCHECKED)

# key: the allowed values, the default first
CHOICES = {
    ADDRESSING: ("False", "True"),
    LOCAL_PARTS: ("any", "own"),
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
    AUTHENTICATION_OWN: ("off", "auto", "on"),
    IDENTITY: authentication.POLICIES,
    IDENTITY_OWN: authentication.POLICIES,
    IDENTITY_UNCHECKED: (OFF, WITHHOLD),
}

WEEK = 7 * 24 * 60

# Letters and digits occur in names, and "@" ends a local part.
SEPARATORS = "+-=_.~!#$%&*/^|"

# PostgreSQL's integers end at 2147483647, so a number with more digits is not an id.
LONGEST_ID = 9

# No valid number has more digits; Python does not parse a number of thousands of digits.
LONGEST_NUMBER = 18

# key: (default, smallest, largest)
NUMBERS = {
    RAW_DAYS: (7, 1, 3650),
    RAW_MEGABYTES: (2048, 10, 10_000_000),
    HELD_MEGABYTES: (10_000, 100, 10_000_000),
    # At least as much as the largest message.
    HELD_SENDER_MEGABYTES: (500, 10, 10_000_000),
    LOG_DAYS: (180, 7, 36_500),
    LOOP_MINUTES: (120, 1, WEEK),
    LOOP_THRESHOLD: (20, 1, 1_000_000),
    RECORD_MINUTES: (60, 1, WEEK),
    RECORD_LIMIT: (5, 1, 1_000_000),
    MOST_HOPS: (hops.MOST_HOPS, 10, 1000),
    ANSWER_HOURS: (24, 1, 8760),
    ANSWER_LIMIT: (30, 1, 100_000),
    OUTAGE_MINUTES: (60, 5, WEEK),
    BLACKLIST_BOUNCES: (5, 2, 1000),
    BLACKLIST_DAYS: (31, 1, 365),
    BLACKLIST_SPREAD: (7, 0, 365),
    **{key: limits.LIMITS[name] for name, key in LIMITS.items()},
}

# What decides how a message is handled.
KEYS = (
    *CHOICES,
    *NUMBERS,
    ALLOWED_DOMAINS,
    AUTHSERV,
    PROVIDERS,
    RETRY_MINUTES,
    SUBADDRESSING,
)

# Fields of mail.postmaster.scope, and the parameter that applies if no policy record does.
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
    """The value of a policy that is in force.

    :param value: a number, a choice, or None if there is no limit
    :param origin: the level that set it: ``alias``, ``domain`` or ``database``
    """

    value: int | str | None
    origin: str

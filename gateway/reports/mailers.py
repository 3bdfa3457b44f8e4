"""Which messages come from a mail server, and whether they report a failure or a delivery.

Servers use a few names that people do not have, an empty return path, and a few typical subjects.
A vacation notice also has an empty return path, and a postmaster can be a person; so a message
counts as a bounce in unknown wording (``wording``) only with further evidence.
"""

import re

from ..address_list import read_addresses
from .parts import Part

# Fields that only servers write; Exim and Gmail name the recipients in them.
FAILED_RECIPIENTS = "x-failed-recipients"

# Local parts of bounce senders. Exchange appends a number to its name.
_ADDRESS = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_]?daemon|mdaemon|post[-_]?master"
    r"|mail[-_.]delivery[-_.](?:sub)?system|microsoftexchange[0-9a-f]{0,40})\\?(?:@|$)",
    re.IGNORECASE,
)
# Some servers write a name without an address.
_NAME = re.compile(
    r"[\W_]{0,4}(?:mail deliver(?:y|ing)? (?:sub-?)?(?:system|service)|mailer[- ]daemon"
    r"|postmaster\W{0,8}$|delivery subsystem|system administrator\W{1,4}@)",
    re.IGNORECASE,
)
_NULL_PATH = re.compile(r"(?:mailer-daemon(?:@|$)|$)", re.IGNORECASE)
# These senders write only about deliveries.
_DAEMON = re.compile(
    r"\b(?:mailer|mail|m)[-_. ]?daemon\b|microsoftexchange[0-9a-f]{0,40}@"
    r"|\bmail[-_. ]?deliver(?:y|ing)?[-_. ]?(?:sub-?)?(?:system|service)|\bdelivery subsystem",
    re.IGNORECASE,
)
# These senders also write about quarantine and quotas, or are people.
_POSTMASTER = re.compile(r"post[-_]?master|(?:system|mail) administrator", re.IGNORECASE)
# Other names that send bounces; with the subject of a bounce, the sender is a program. Parcel
# services also report failed deliveries, but as "no-reply".
_ROBOT = re.compile(
    r"(?:admin(?:istrator)?|root|system|imss|inetgw\d{0,3}|ndr|bounces?)@"
    r"|[^@]{0,60}(?:smtp|daemon|gateway|mailer|mail[-_.]?delivery|antivirus|mailsystem)[^@]{0,60}@",
    re.IGNORECASE,
)

# Beginnings of bounce subjects; "Re:" and "Fwd:" are written by people.
_SUBJECT = re.compile(
    r"\W*(?:undeliver|unzustellbar|nicht zustellbar|non[- ]?deliver"
    r"|returned (?:mail|e-?mail|message)"
    r"|(?:permanent |mail |message |e-?mail )?deliver(?:y|ing)?(?: status)? (?:fail|problem|error"
    r"|notification|has failed|report|warning|delayed|unsuccessful|incomplete)"
    r"|fail(?:ed|ure) (?:notice|deliver|mail)|failure notification"
    r"|(?:mail|message|e-?mail) (?:system error|error|failure|(?:could )?not (?:be )?deliver"
    r"|deliver(?:y|ing) (?:fail|problem|error|warning|system)|status - undeliver|delayed|failed)"
    r"|(?:your |the )?(?:message|mail|e-?mail)\b.{0,200}(?:could not|couldn't|can ?not|was not"
    r"|wasn't) (?:be )?(?:deliver|sent)"
    r"|(?:there was an )?error (?:sending|delivering|during delivery)"
    r"|warning: (?:message|could not|\S{1,200}@\S)|delayed mail|could ?n[o']t (?:send|deliver)"
    r"|processing error|automatically rejected mail|user unknown|mail delivery"
    r"|notice: mail delivery status|(?:zustellung|auslieferung) (?:fehl|nicht))",
    re.IGNORECASE,
)
_SUBJECT_OF_ARRIVAL = re.compile(
    r"\W*(?:(?:read|gelesen|delivered|relayed|expanded|opened)\s*:|return receipt|successful"
    r"|delivery (?:receipt|confirm)|message status - (?:opened|delivered|read)"
    r"|delivery status notification \((?:success|relay|expan|deliver))",
    re.IGNORECASE,
)
_TELLS_OF_FAILURE = re.compile(
    r"(?:not|n't|unable to|cannot) (?:be )?(?:deliver|reach|sen[dt]|receive|relay)|undeliver"
    r"|(?:invalid|unknown|failed|no such) (?:user|recipient|address|mailbox)|user unknown"
    r"|deliver\w{0,3} (?:has |was )?(?:fail|abort|postpon)|\b5\.\d{1,3}\.\d{1,3}\b",
    re.IGNORECASE,
)
_TELLS_OF_ARRIVAL = re.compile(
    r"successful(?:ly)? (?:deliver|relay)|(?:was|were|has been|have been) (?:delivered|relayed) to",
    re.IGNORECASE,
)
_MAY_TELL_OF_FAILURE = re.compile(
    r"fail|fatal|could not|cannot|can't|couldn't|was not|wasn't|unable|undeliver|reject|error",
    re.IGNORECASE,
)


def is_by_mailer(mail: Part) -> bool:
    """Return whether a mail server, not a person, wrote a message.

    :param mail: the message
    """
    if FAILED_RECIPIENTS in mail.fields or _has_null_return_path(mail):
        return True
    sender = mail.field("from")
    address = next(iter(read_addresses(sender)), "")
    return bool(_ADDRESS.match(address) or _NAME.match(sender) or _is_by_robot(mail, address))


def is_bounce(mail: Part, lines: list[str]) -> bool:
    """Return whether a mail server's message is a bounce, by its sender or by its wording.

    :param mail: the message
    :param lines: its text
    """
    sender = mail.field("from")
    if _DAEMON.search(sender) or _SUBJECT.match(mail.field("subject")):
        return True
    return bool(_POSTMASTER.search(sender)) and any(map(_TELLS_OF_FAILURE.search, lines))


def tells_of_arrival(mail: Part, lines: list[str]) -> bool:
    """Return whether a mail server's message reports a delivery, and no failure.

    :param mail: the message
    :param lines: its text
    """
    if _SUBJECT_OF_ARRIVAL.match(mail.field("subject")):
        return True
    return any(map(_TELLS_OF_ARRIVAL.search, lines)) and not any(
        map(_MAY_TELL_OF_FAILURE.search, lines)
    )


def _has_null_return_path(mail):
    """Return whether bounces of this message go nowhere (RFC 5321 section 4.5.5).

    Sendmail writes the daemon's name for a null path.
    """
    if "return-path" not in mail.fields:
        return False
    return bool(_NULL_PATH.match("".join(mail.field("return-path").split()).strip("<>")))


def _is_by_robot(mail, address):
    """Return whether a program without a mail server's name returns a message."""
    if {"in-reply-to", "references"} & mail.fields.keys():
        return False
    return bool(_ROBOT.match(address) and _SUBJECT.match(mail.field("subject")))

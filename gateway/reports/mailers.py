"""Which mail a mail server wrote, and whether it tells of a failure or of an arrival.

Servers have a few names that no person has, leave the return path empty, and begin the
subject in a few ways. A person on holiday has an empty return path as well, and a postmaster
is a person at times; so that a mail counts as a bounce in unknown words (``wording``), there
must be more.
"""

import re

from ..address_list import read_addresses

# A field that only servers write; Exim and Gmail name the recipients in it.
FAILED_RECIPIENTS = "x-failed-recipients"

# Who writes bounces. A number follows the name that Exchange uses.
_ADDRESS = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_]?daemon|mdaemon|post[-_]?master"
    r"|mail[-_.]delivery[-_.](?:sub)?system|microsoftexchange[0-9a-f]{0,40})\\?(?:@|$)",
    re.IGNORECASE,
)
# Some servers write no address but a name.
_NAME = re.compile(
    r"[\W_]{0,4}(?:mail deliver(?:y|ing)? (?:sub-?)?(?:system|service)|mailer[- ]daemon"
    r"|postmaster\W{0,8}$|delivery subsystem|system administrator\W{1,4}@)",
    re.IGNORECASE,
)
_NULL_PATH = re.compile(r"(?:mailer-daemon(?:@|$)|$)", re.IGNORECASE)
# Such a one writes nothing but of deliveries.
_DAEMON = re.compile(
    r"\b(?:mailer|mail|m)[-_. ]?daemon\b|microsoftexchange[0-9a-f]{0,40}@"
    r"|\bmail[-_. ]?deliver(?:y|ing)?[-_. ]?(?:sub-?)?(?:system|service)|\bdelivery subsystem",
    re.IGNORECASE,
)
# Such a one writes of quarantine and of quotas too, and as a person.
_POSTMASTER = re.compile(r"post[-_]?master|(?:system|mail) administrator", re.IGNORECASE)
# Who writes bounces under a name of its own; with a subject of a bounce, it is a program. Who
# delivers parcels writes of a failed delivery too, but as "no-reply".
_ROBOT = re.compile(
    r"(?:admin(?:istrator)?|root|system|imss|inetgw\d{0,3}|ndr|bounces?)@"
    r"|[^@]{0,60}(?:smtp|daemon|gateway|mailer|mail[-_.]?delivery|antivirus|mailsystem)[^@]{0,60}@",
    re.IGNORECASE,
)

# How subjects of bounces begin; "Re:" and "Fwd:" are written by people.
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


def is_by_mailer(mail):
    """Tell whether a mail server, not a person, wrote a mail.

    :param mail: the mail as a ``Part``
    """
    if FAILED_RECIPIENTS in mail.fields or _has_null_return_path(mail):
        return True
    sender = mail.field("from")
    address = next(iter(read_addresses(sender)), "")
    return bool(_ADDRESS.match(address) or _NAME.match(sender) or _is_by_robot(mail, address))


def is_bounce(mail, lines):
    """Tell whether a mail server's mail is a bounce, by who wrote it or by what it says.

    :param mail: the mail as a ``Part``
    :param lines: its text
    """
    sender = mail.field("from")
    if _DAEMON.search(sender) or _SUBJECT.match(mail.field("subject")):
        return True
    return bool(_POSTMASTER.search(sender)) and any(map(_TELLS_OF_FAILURE.search, lines))


def tells_of_arrival(mail, lines):
    """Tell whether a mail server's mail says that a mail arrived, and of no failure.

    :param mail: the mail as a ``Part``
    :param lines: its text
    """
    if _SUBJECT_OF_ARRIVAL.match(mail.field("subject")):
        return True
    return any(map(_TELLS_OF_ARRIVAL.search, lines)) and not any(
        map(_MAY_TELL_OF_FAILURE.search, lines)
    )


def _has_null_return_path(mail):
    """Tell whether bounces of this mail go nowhere (RFC 5321 section 4.5.5).

    Sendmail writes the name of the daemon where the path is null.
    """
    if "return-path" not in mail.fields:
        return False
    return bool(_NULL_PATH.match("".join(mail.field("return-path").split()).strip("<>")))


def _is_by_robot(mail, address):
    """Tell whether a program that has no mail server's name returns a mail."""
    if {"in-reply-to", "references"} & mail.fields.keys():
        return False
    return bool(_ROBOT.match(address) and _SUBJECT.match(mail.field("subject")))

"""Why a message was not delivered, as a code: RFC 3463 enhanced status codes by name.

The sentence is built when it is displayed. The diagnostic text is kept as it was sent.
"""

import re

from .delivery_status import HARD, SOFT, SUCCESS, RecipientStatus

# "subject.detail" of RFC 3463 section 3, RFC 7372, RFC 7505, and what Exchange means by them.
_BY_STATUS = {
    "1.0": "mailbox_unknown",
    "1.1": "mailbox_unknown",
    "1.2": "domain_unknown",
    "1.3": "bad_address",
    "1.4": "mailbox_ambiguous",
    "1.6": "mailbox_moved",
    "1.7": "sender_rejected",
    "1.8": "sender_rejected",
    # A null MX in RFC 7505; Exchange means an unknown mailbox, and says so in the text.
    "1.10": "domain_takes_no_mail",
    "2.0": "mailbox_unavailable",
    "2.1": "mailbox_disabled",
    "2.2": "mailbox_full",
    "2.3": "message_too_large",
    "2.4": "list_expansion",
    "3.1": "system_full",
    "3.4": "message_too_large",
    "4.1": "server_not_answering",
    "4.2": "server_not_answering",
    "4.3": "name_service",
    "4.4": "domain_unknown",
    "4.5": "server_busy",
    "4.6": "loop",
    "4.7": "expired",
    "5.3": "too_many_recipients",
    "7.1": "policy",
    "7.20": "authentication",
    "7.21": "authentication",
    "7.22": "authentication",
    "7.23": "authentication",
    "7.24": "authentication",
    "7.25": "authentication",
    "7.26": "authentication",
    "7.27": "sender_rejected",
}
_BY_SUBJECT = {
    "1": "bad_address",
    "2": "mailbox_unavailable",
    "3": "system_problem",
    "4": "network_problem",
    "5": "protocol_problem",
    "6": "content_rejected",
    "7": "policy",
}
# If a status is unspecific, servers explain it in the text. The first match is used.
_BY_TEXT = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("greylisted", r"gr[ea]y-?list"),
        ("authentication", r"\b(?:dmarc|spf|dkim)\b|unauthenticated (?:email|mail|sender)"),
        (
            "mailbox_full",
            r"over ?quota|quota exceeded|exceeded (?:storage|quota)|out of storage"
            r"|mailbox (?:is |size )?(?:full|exceed)|insufficient (?:system )?storage"
            r"|mailbox for .{1,80} is full|postfach .{0,40}voll",
        ),
        (
            "message_too_large",
            r"too (?:large|big)|size limit|exceeds? (?:the )?(?:maximum|fixed|size)",
        ),
        (
            "mailbox_disabled",
            r"(?:account|mailbox|user) .{0,60}(?:disabled|inactive|suspended)"
            r"|account that you tried to reach is (?:disabled|inactive)",
        ),
        (
            "mailbox_unknown",
            r"user (?:is )?unknown|unknown (?:user|recipient|address|mailbox)"
            r"|no such (?:user|recipient|mailbox|address|person)"
            r"|no mailbox (?:here|by)|recipient ?(?:not ?found|unknown)"
            r"|recipnotfound|user .{0,80}not found|unrouteable address"
            r"|(?:user|address|account|mailbox|recipient) .{0,80}(?:does ?n[o']t"
            r"|does not) exist|invalid (?:recipient|mailbox|user)"
            r"|mailbox (?:not found|unavailable)|(?:was|could)n['’]t (?:be )?found"
            r"|recipient address rejected|empf.nger unbekannt|unbekannter empf",
        ),
        (
            "domain_unknown",
            r"(?:host|domain)(?: or domain name)? (?:name )?(?:was )?not found"
            r"|unknown (?:host|domain)|unrouteable mail domain|no mx\b|nxdomain"
            r"|name (?:or )?service (?:not known|error)|couldn't find any host"
            r"|all relevant mx records point to non-existent",
        ),
        (
            "blocked_as_spam",
            r"spam|block(?:ed|list)|black-?list|unsolicited|bulk mail|\bjunk\b"
            r"|(?:poor|bad|low|ip) reputation|reputation of|\bdnsbl\b|\brbl\b",
        ),
        (
            "expired",
            r"retry time(?:out)?(?: was)? exceeded|queue\.?expired|message (?:has )?expired"
            r"|could not be delivered for (?:\d|more)",
        ),
        (
            "server_not_answering",
            r"timed? ?out|connection refused|no route to host|unreachable"
            r"|couldn't connect",
        ),
    )
)
# These statuses mean no more than their class, or are used for everything.
_UNSPECIFIC = ("", "0.0", "1.0", "1.10", "2.0", "3.0", "4.0", "5.0", "7.0", "7.1")
_BY_OUTCOME = {HARD: "refused", SOFT: "delayed"}


def explain(recipient: RecipientStatus) -> tuple[str, dict[str, str]]:
    """Return the reason for this outcome, as ``(code, parameters)`` for a sentence.

    :return: the code is ``delivered``, ``relayed`` or ``expanded`` for a success, else for
        example ``mailbox_unknown``, ``mailbox_full`` or ``blocked_as_spam`` (:data:`CODES`); the
        parameters are ``address``, ``server``, ``status`` and ``diagnostic``, truncated texts
    """
    return _code(recipient), {
        "address": next(iter(recipient.candidates), ""),
        "server": recipient.remote_mta,
        "status": recipient.status,
        "diagnostic": recipient.diagnostic,
    }


def _code(recipient):
    if recipient.outcome == SUCCESS:
        return recipient.action if recipient.action in _SUCCESSES else "delivered"
    reason = recipient.status.partition(".")[2]
    if reason in _UNSPECIFIC:
        for code, pattern in _BY_TEXT:
            if pattern.search(recipient.diagnostic):
                return code
    subject = reason.partition(".")[0]
    return (
        _BY_STATUS.get(reason)
        or _BY_SUBJECT.get(subject)
        or _BY_OUTCOME.get(recipient.outcome, "unknown")
    )


_SUCCESSES = ("delivered", "relayed", "expanded")
# All codes, for modules that turn them into sentences.
CODES = tuple(
    dict.fromkeys(
        (
            *_SUCCESSES,
            *_BY_STATUS.values(),
            *_BY_SUBJECT.values(),
            *(code for code, _text in _BY_TEXT),
            *_BY_OUTCOME.values(),
            "unknown",
        )
    )
)

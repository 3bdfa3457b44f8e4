"""What reports say, in words: see ``sentences.py`` for how they are kept and filled in."""

from collections.abc import Iterator

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

RECEIPT, COMPLAINT = "receipt", "complaint"
# A report from a provider that is not a complaint from a recipient.
FEEDBACK = "feedback"

# The length of the outcomes in a reason; parameters are cut at a similar length.
LONGEST_OUTCOMES = 280
_MORE = "more"

# By the code of gateway.reports.enhanced_status, of a receipt or of a complaint.
WHY = {
    "delivered": _lt("it was delivered"),
    "relayed": _lt("it was relayed to a server that does not send reports"),
    "expanded": _lt("it was delivered to a mailing list"),
    "mailbox_unknown": _lt("the mailbox does not exist"),
    "domain_unknown": _lt("the domain does not exist"),
    "bad_address": _lt("the address is not valid"),
    "mailbox_ambiguous": _lt("the address is ambiguous"),
    "mailbox_moved": _lt("the mailbox has moved without a forwarding address"),
    "sender_rejected": _lt("the sender's address is not accepted"),
    "domain_takes_no_mail": _lt("the domain does not accept mail"),
    "mailbox_unavailable": _lt("the mailbox does not accept mail"),
    "mailbox_disabled": _lt("the mailbox is disabled"),
    "mailbox_full": _lt("the mailbox is full"),
    "message_too_large": _lt("the message is too large"),
    "list_expansion": _lt("the mailing list could not be expanded"),
    "system_full": _lt("the recipient's server has no space left"),
    "server_not_answering": _lt("the recipient's server does not respond"),
    "name_service": _lt("the recipient's server cannot be found at the moment"),
    "server_busy": _lt("the recipient's server is busy"),
    "loop": _lt("a mail loop was detected"),
    "expired": _lt("delivery did not succeed in time"),
    "too_many_recipients": _lt("it has too many recipients"),
    "policy": _lt("the recipient's server does not accept it"),
    "authentication": _lt("the sender could not be authenticated (SPF, DKIM or DMARC)"),
    "system_problem": _lt("the recipient's server has a problem"),
    "network_problem": _lt("there is a network problem"),
    "protocol_problem": _lt("a protocol error occurred between the servers"),
    "content_rejected": _lt("its content is not accepted"),
    "greylisted": _lt("the recipient's server delays unknown senders (greylisting)"),
    "blocked_as_spam": _lt("it was classified as spam"),
    "refused": _lt("the recipient's server refused it"),
    "delayed": _lt("delivery is still being attempted"),
    "unknown": _lt("the report does not say why"),
    "receipt_displayed": _lt("read"),
    "receipt_deleted": _lt("deleted without being read"),
    "receipt_dispatched": _lt("forwarded"),
    "receipt_processed": _lt("processed automatically"),
    "receipt_denied": _lt("the recipient does not disclose what was done with it"),
    "receipt_failed": _lt("the recipient's mail program failed"),
    "receipt_unknown": _lt("a receipt without details"),
    "complaint_abuse": _lt("reported as spam"),
    "complaint_fraud": _lt("reported as fraud"),
    "complaint_opt-out": _lt("asked not to receive any more mail"),
    "complaint_opt-out-list": _lt("asked to be removed from this mailing list"),
    FEEDBACK: _lt("reported by the provider; this is not a complaint from the recipient"),
}

# About one recipient, in the log, by the kind of outcome.
OUTCOMES = {
    "hard": _lt("%(address)s did not receive it: %(why)s."),
    "soft": _lt("%(address)s has not received it yet: %(why)s."),
    "success": _lt("%(address)s: %(why)s."),
    "unknown": _lt("%(address)s: the report does not state the outcome."),
    RECEIPT: _lt("%(address)s: %(why)s."),
    COMPLAINT: _lt("%(address)s: %(why)s."),
}
NOBODY = _lt("Unknown recipient")
AND_MORE = _lt("And %(count)s more.")

# About one recipient, in the popover of a message, after the recipient's name.
NOTES = {
    "hard": _lt("Not delivered: %(why)s."),
    "soft": _lt("Not delivered yet: %(why)s."),
    "success": _lt("Delivery report: %(why)s."),
    "unknown": _lt("Delivery report: the outcome is not stated."),
    COMPLAINT: _lt("Complaint: %(why)s."),
}
SAID_BY_SERVER = _lt("%(server)s responded: %(diagnostic)s")
SAID = _lt("The mail server responded: %(diagnostic)s")
DATED = _lt("%(note)s (%(date)s)")


def encode_outcomes(outcomes) -> str:
    """Return outcomes as one short text for the log, one per line.

    :param outcomes: of ``mail.postmaster.report``, in their order
    """
    lines, length = [], 0
    for number, outcome in enumerate(outcomes):
        line = f"{outcome.kind} {outcome.code} {outcome.address}"
        length += len(line) + 1
        if lines and length > LONGEST_OUTCOMES:
            return "\n".join([*lines, f"{_MORE} {len(outcomes) - number}"])
        lines.append(line)
    return "\n".join(lines)


def decode_outcomes(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield ``(kind, code, address)``, and ``("more", count, "")`` where some were left out."""
    for line in text.split("\n"):
        kind, _blank, rest = line.partition(" ")
        code, _blank, address = rest.partition(" ")
        yield kind, code, address


def is_rest(kind: str) -> bool:
    """Return whether an outcome stands for those that were left out."""
    return kind == _MORE

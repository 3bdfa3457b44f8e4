"""What reports say, in words: see ``sentences.py`` for how they are kept and filled in."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

RECEIPT, COMPLAINT = "receipt", "complaint"
# A report of a provider that is no complaint of a recipient.
FEEDBACK = "feedback"

# How much of a reason the outcomes may take; parameters are cut at this length.
LONGEST_OUTCOMES = 280
_MORE = "more"

# Of the codes of gateway.reports.enhanced_status, of receipts and of complaints.
WHY = {
    "delivered": _lt("it was delivered"),
    "relayed": _lt("it was handed to a server that sends no reports"),
    "expanded": _lt("it was delivered to a list"),
    "mailbox_unknown": _lt("there is no such mailbox"),
    "domain_unknown": _lt("there is no such domain"),
    "bad_address": _lt("the address is not valid"),
    "mailbox_ambiguous": _lt("the address may mean several mailboxes"),
    "mailbox_moved": _lt("the mailbox has moved and left no address"),
    "sender_rejected": _lt("the address of the sender is not accepted"),
    "domain_takes_no_mail": _lt("the domain accepts no mail"),
    "mailbox_unavailable": _lt("the mailbox accepts no mail"),
    "mailbox_disabled": _lt("the mailbox is disabled"),
    "mailbox_full": _lt("the mailbox is full"),
    "message_too_large": _lt("the message is too large"),
    "list_expansion": _lt("the mailing list could not be expanded"),
    "system_full": _lt("the server of the recipient has no space left"),
    "server_not_answering": _lt("the server of the recipient does not answer"),
    "name_service": _lt("the server of the recipient cannot be found at the moment"),
    "server_busy": _lt("the server of the recipient is busy"),
    "loop": _lt("the message was in a mail loop"),
    "expired": _lt("it was tried for too long"),
    "too_many_recipients": _lt("it has too many recipients"),
    "policy": _lt("the server of the recipient does not accept it"),
    "authentication": _lt("the sender could not be authenticated (SPF, DKIM or DMARC)"),
    "system_problem": _lt("the server of the recipient has a problem"),
    "network_problem": _lt("the network has a problem"),
    "protocol_problem": _lt("the servers did not understand each other"),
    "content_rejected": _lt("its content is not accepted"),
    "greylisted": _lt("the server of the recipient makes unknown senders wait"),
    "blocked_as_spam": _lt("it was classified as spam"),
    "refused": _lt("the server of the recipient refused it"),
    "delayed": _lt("delivery is still being attempted"),
    "unknown": _lt("the report does not say why"),
    "receipt_displayed": _lt("read"),
    "receipt_deleted": _lt("deleted without being read"),
    "receipt_dispatched": _lt("forwarded"),
    "receipt_processed": _lt("processed by a program"),
    "receipt_denied": _lt("the recipient does not disclose what was done with it"),
    "receipt_failed": _lt("the program of the recipient failed"),
    "receipt_unknown": _lt("a receipt that does not say more"),
    "complaint_abuse": _lt("reported as spam"),
    "complaint_fraud": _lt("reported as fraud"),
    "complaint_opt-out": _lt("wants no more mail"),
    "complaint_opt-out-list": _lt("wants no more mail of this list"),
    FEEDBACK: _lt("reported by the provider; this is not a complaint of the recipient"),
}

# Of one recipient in the log: kind of outcome.
OUTCOMES = {
    "hard": _lt("%(address)s did not get it: %(why)s."),
    "soft": _lt("%(address)s has not got it so far: %(why)s."),
    "success": _lt("%(address)s: %(why)s."),
    "unknown": _lt("%(address)s: the report does not state the outcome."),
    RECEIPT: _lt("%(address)s: %(why)s."),
    COMPLAINT: _lt("%(address)s: %(why)s."),
}
NOBODY = _lt("Somebody")
AND_MORE = _lt("And %(count)s more.")

# Of one recipient below the envelope of a message, where the name stands before it.
NOTES = {
    "hard": _lt("Not delivered: %(why)s."),
    "soft": _lt("Not delivered so far: %(why)s."),
    "success": _lt("Delivery report: %(why)s."),
    "unknown": _lt("A delivery report was received, which does not state the outcome."),
    COMPLAINT: _lt("Complaint: %(why)s."),
}
SAID_BY_SERVER = _lt("%(server)s said: %(diagnostic)s")
SAID = _lt("The mail server said: %(diagnostic)s")
DATED = _lt("%(note)s (%(date)s)")


def encode_outcomes(outcomes):
    """Return outcomes as one short text for the log, a line each.

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


def decode_outcomes(text):
    """Yield ``(kind, code, address)``, and ``("more", count, "")`` where some were left out."""
    for line in text.split("\n"):
        kind, _blank, rest = line.partition(" ")
        code, _blank, address = rest.partition(" ")
        yield kind, code, address


def is_rest(kind):
    """Tell whether an outcome stands for those that were left out."""
    return kind == _MORE

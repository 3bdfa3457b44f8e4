"""The sentences behind the codes of reasons and of steps of the trace.

The log keeps codes and parameters; these texts are translated and filled in when a
person reads them.
"""

import re
from collections.abc import Mapping

from odoo.tools import LazyTranslate

from . import authentication_sentences

_lt = LazyTranslate(__name__)

_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")

# Shown in place of the deliveries of a message if there are none.
NO_DELIVERY = {
    "waiting": _lt("This message has not been processed yet."),
    "unreadable": _lt("This message cannot be read, so no recipient was looked up."),
    **dict.fromkeys(
        ("no_route", "no_route_refused", "no_recipient", "no_recipient_refused"),
        _lt("Neither an alias nor a record was found for this message."),
    ),
}
NO_DELIVERY_OTHERWISE = _lt("There are no deliveries: see the reason above.")
REPEATED = _lt("This message was not delivered because it repeats another one.")
REPEATED_UNKNOWN = _lt(
    "This message was not delivered because it repeats one that is not in the log, or that you "
    "are not allowed to see."
)

# About the mail servers of ``gateway.recipients.PRESETS``.
RECIPIENT_PRESETS = {
    "postfix": _lt(
        "When Postfix delivers a message itself, it writes the original recipient to "
        "X-Original-To and the address of the mailbox to Delivered-To. If Postfix redirects "
        "addresses internally, other than to that of the mailbox, trust Delivered-To only. If it "
        "adds the fields for another server (lmtp with flags=O), clear “Only at the top”."
    ),
    "dovecot": _lt(
        "The LMTP server of Dovecot writes the recipient to Delivered-To, unless a transaction "
        "has several recipients: limit them to one (Postfix: lmtp_destination_recipient_limit = "
        "1). If a server in front of Dovecot rewrites every address to that of the mailbox, trust "
        "a field of that server."
    ),
    "exim": _lt("Exim writes the original recipient to Envelope-To."),
    "gmail": _lt(
        "Google writes the address of the mailbox to Delivered-To. Trust it if the mailbox serves "
        "a single alias; if it collects the mail of several, trust no field."
    ),
    "microsoft": _lt("Microsoft 365 does not write a reliable recipient field; To and Cc decide."),
    "fastmail": _lt("Fastmail writes the original recipient to X-Delivered-To."),
    "kerio": _lt(
        "Kerio Connect, and other servers that collect a domain in one mailbox, write the "
        "original recipient to X-Envelope-To."
    ),
    "qmail": _lt(
        "qmail, also as part of Plesk, writes Delivered-To with the name of the virtual domain "
        "before the local part: enter that name and its hyphen as the prefix."
    ),
    "other": _lt("No field is trusted: To, Cc and Delivered-To decide, as in Odoo."),
}

# Why the sender gets no notice, see ``rules/notice.py``.
NOT_NOTIFIED = {
    "imported": _lt("the message was imported"),
    "unconfirmed_copy": _lt("this database is an unconfirmed copy"),
    "unauthenticated": _lt("the sender is not authenticated"),
    "repeated_text": _lt("the same text was answered before"),
    "automatic": _lt("the message is automatic: %(field)s"),
    "old": _lt("the message is more than %(hours)s hours old"),
    "other_address": _lt("the notice would go to an address other than the sender's"),
    "own_address": _lt("the message comes from an address of this database"),
    "limit_told": _lt("the sender was already notified that the limit is reached"),
    "told": _lt("the sender has already received this notice"),
    "mailbox_limit": _lt("the sender has received %(notices)s notices within a day"),
    "hourly_limit": _lt("%(notices)s notices were sent within an hour, which is the limit"),
    "unsent": _lt("no notice is sent for this reason"),
    "already_sent": _lt("a notice about this message was already sent"),
    "failed": _lt("sending it failed (%(error)s)"),
}

# Follows the reason of a message that is held because its sender does not hear of the refusal.
UNTOLD = _lt("The sender was not notified: %(untold)s.")

STEPS = {
    **authentication_sentences.STEPS,
    "report": {
        True: _lt("This is a delivery report or was sent to the bounce address."),
        False: _lt("Not a delivery report."),
    },
    "report_original": {
        True: _lt("Refers to the message %(reference)s (found in: %(source)s)."),
        False: _lt("Does not refer to a known message (looked for: %(references)s)."),
    },
    "blacklisted": {
        True: _lt("%(address)s was blacklisted after %(count)s hard bounces."),
    },
    "blacklisted_complaint": {
        True: _lt("%(address)s is blacklisted because of a complaint."),
    },
    "report_outcome": {
        True: _lt("The report says: %(outcomes)s"),
        False: _lt(
            "The report is about recipients that this database did not send the message to: "
            "%(outcomes)s"
        ),
    },
    "parent": {
        True: _lt("Replies to the message %(reference)s on %(model)s #%(res_id)s."),
        False: _lt("Does not reply to a known message (references: %(references)s)."),
    },
    "reply_recipient": {True: _lt("%(sender)s received the message being replied to.")},
    "reply_author": {True: _lt("%(sender)s has written in this conversation before.")},
    "reply_follower": {True: _lt("%(sender)s follows the record.")},
    "reply_contact": {True: _lt("%(sender)s is a contact of the record.")},
    "reply_internal_user": {True: _lt("%(sender)s is the address of an internal user.")},
    "reply_organisation": {
        True: _lt(
            "%(sender)s belongs to the same organisation as a participant of this conversation."
        ),
    },
    "reply_no_company": {
        False: _lt(
            "No company contact uses %(domain)s, so it does not count as an organisation whose "
            "members may reply for each other."
        ),
    },
    "reply_unrelated": {
        False: _lt(
            "Contacts that do not belong to the same company use %(domain)s, so it does not count "
            "as an organisation whose members may reply for each other."
        ),
    },
    "reply_stranger": {
        False: _lt(
            "%(sender)s is not a participant of the conversation that the message refers "
            "to: %(policy)s (decided by: %(origin)s)."
        ),
    },
    "reply_unproved": {
        False: _lt(
            "%(sender)s is not authenticated as the author of this reply, which is required"
            " here: %(policy)s (decided by: %(origin)s)."
        ),
    },
    "reply_no_address": {
        False: _lt(
            "The reply has no sender who could be a participant of the conversation: "
            "%(policy)s (decided by: %(origin)s)."
        ),
    },
    "reply_private": {
        True: _lt(
            "It replies to an internal note, or on a record that some employees may not read."
        ),
    },
    "reply_as_new": {True: _lt("It is treated as a new message, not as a reply.")},
    "reply_rules": {
        True: _lt("The rules of %(alias)s, the alias of the record, are applied to this sender."),
    },
    "reply_elsewhere": {
        True: _lt("Its parent message belongs to another conversation and is not used."),
    },
    "evidence": {True: _lt("According to %(source)s, the message is for %(recipients)s.")},
    "sender_restored": {
        True: _lt(
            "%(original)s wrote this message, according to the trusted forwarder "
            "%(forwarder)s (%(sign)s)."
        ),
        False: _lt("The trusted forwarder %(forwarder)s does not name the author of this message."),
    },
    "sender_contradictory": {
        False: _lt(
            "The original sender is not restored: besides the sender %(forwarder)s, the header "
            "names several senders, or one without an address."
        ),
    },
    "forwarder_untrusted": {
        False: _lt(
            "%(forwarder)s may have forwarded this message (%(sign)s) but is not a trusted "
            "forwarder of the alias domain, so it remains the sender."
        ),
    },
    "sender_kept": {
        True: _lt("Forwarded by %(forwarder)s (%(sign)s), which left the sender unchanged."),
    },
    "rejected_address": {False: _lt("%(text)s is not a valid address (%(reason)s).")},
    "match_address": {False: _lt("%(address)s is not a valid address (%(reason)s).")},
    "match_exact": {
        True: _lt("%(address)s is the address of %(found)s."),
        False: _lt("No alias uses the address %(address)s."),
    },
    "match_sub_address": {
        True: _lt("%(address)s is a sub-address of %(found)s, with the detail %(detail)s."),
        False: _lt("%(address)s is not a sub-address of any alias."),
    },
    "match_retired": {
        True: _lt("%(address)s is a former address of %(found)s."),
        False: _lt("%(address)s is not a former address."),
    },
    "match_sender": {False: _lt("%(address)s is the sender's own address.")},
    "match_local_part": {
        True: _lt(
            "%(found)s accepts mail for %(address)s by its local part (allowed by: %(origin)s)."
        ),
        False: _lt("No alias accepts mail for %(address)s by its local part."),
    },
    "match_shared": {
        True: _lt("%(address)s is shared by %(found)s; the oldest of them gets the message."),
    },
    "alias_mode": {False: _lt("%(alias)s does not accept new messages (%(mode)s).")},
    "fallback_takes_catchall": {
        True: _lt(
            "The incoming server also creates records from messages to the catchall address."
        ),
    },
    "match_default_from": {True: _lt("%(address)s is an address that this database sends from.")},
    "recipients": {True: _lt("Addressed to %(recipients)s."), False: _lt("No recipients.")},
    "alias": {
        True: _lt("%(alias)s matches by its address."),
        False: _lt("%(alias)s does not match."),
    },
    "alias_local_part": {
        True: _lt("%(alias)s matches by its local part, in any domain."),
        False: _lt("No match by local part."),
    },
    "alias_unknown": {False: _lt("No alias has the address %(address)s.")},
    "alias_elsewhere": {
        False: _lt("%(address)s: an alias with this name exists in another domain, %(alias)s.")
    },
    "domain_unknown": {False: _lt("%(domain)s is not an alias domain.")},
    "alias_security": {
        True: _lt("%(alias)s accepts this sender."),
        False: _lt("%(alias)s does not accept this sender: %(contact)s."),
    },
    "catchall": {
        True: _lt("Sent to the catchall address and to no other known address."),
        False: _lt("Not sent to the catchall address alone."),
    },
    "loop_sender": {
        True: _lt("The sender has exceeded the rate limit."),
        False: _lt("The sender has not exceeded the rate limit."),
    },
    "sender_limit": {
        True: _lt(
            "%(sender)s has sent more than %(count)s messages within %(minutes)s minutes (decided "
            "by: %(origin)s)."
        ),
        False: _lt("%(sender)s has not exceeded %(count)s messages within %(minutes)s minutes."),
    },
    "loop_allowed": {True: _lt("%(sender)s is exempt from the rate limit.")},
    "record_limit": {
        True: _lt(
            "%(alias)s has created %(count)s records within %(minutes)s minutes (decided by: "
            "%(origin)s)."
        ),
    },
    "limits": {
        True: _lt("At least %(count)s; the limit is %(most)s (%(parameter)s)."),
    },
    "repaired_charset": {
        True: _lt("A text is not in its declared charset, %(named)s; it was decoded as %(read)s."),
    },
    "repaired_octets": {
        True: _lt("The field %(name)s has characters in an unknown charset; they were guessed."),
    },
    "repaired_nul": {True: _lt("NUL bytes were removed from: %(name)s.")},
    "repaired_line": {True: _lt("Line breaks were removed from the field %(name)s.")},
    "repaired_field": {
        True: _lt("The field %(name)s cannot be read; only its addresses were kept."),
    },
    "repaired_content_field": {
        True: _lt("The field %(name)s cannot be read; only the readable part was kept."),
    },
    "repaired_encoding": {
        True: _lt("The content was decoded as %(read)s; the message declares: %(named)s."),
    },
    "repaired_date": {
        True: _lt("The date of the message is not valid: %(date)s. The current time is used.")
    },
    "repaired_boundary": {
        True: _lt(
            "The parts of the message are not separated as it declares. Parts found: %(parts)s; "
            "without any, the whole message is treated as text."
        ),
    },
    "repaired_type": {
        True: _lt(
            "A part has a content type that Odoo cannot read, %(named)s; it is treated as %(read)s."
        ),
    },
    "repaired_sender": {
        True: _lt("From has no readable address; the sender was taken from %(name)s: %(address)s."),
    },
    "repaired_file_name": {
        True: _lt("%(name)s is not a valid file name; the attachment is stored as %(read)s."),
    },
    "kept_signed": {
        True: _lt(
            "The message is signed; the original is attached so that its signature can be verified."
        ),
    },
    "hops": {True: _lt("Counted in the header: %(count)s; the limit is %(most)s.")},
    "own_message": {True: _lt("Sent by this database, according to the field %(proof)s.")},
    "shared_message_id": {
        True: _lt(
            "%(target)s has another message with the same Message-Id, from %(sender)s: sender or "
            "subject differ."
        ),
    },
    "repeated_reply": {
        True: _lt(
            "%(sender)s has sent the same text to %(target)s within the last %(minutes)s minutes."
        ),
    },
    "auto_reply": {
        True: _lt("Auto-reply, according to the field %(proof)s: %(treatment)s at %(target)s."),
    },
    "automatic_mail": {
        True: _lt(
            "Automatic message, according to the field %(proof)s: %(treatment)s at %(target)s."
        ),
    },
    "loop_notice": {
        True: _lt("Replies to a notice from this database."),
        False: _lt("Does not reply to a notice from this database."),
    },
    "route_warning": {False: _lt("Warning from Odoo: %(error)s")},
    "route": {True: _lt("Route: %(target)s."), False: _lt("No route was found.")},
    "served": {
        True: _lt("%(target)s already has a delivery."),
        False: _lt("%(target)s has no delivery yet."),
    },
    "record": {
        True: _lt("Created or updated %(model)s #%(res_id)s."),
        False: _lt("%(target)s failed with %(error)s; its changes were rolled back."),
    },
    "declined": {False: _lt("The addon %(addon)s declined the message at %(target)s.")},
    "kept": {False: _lt("The addon %(addon)s did not pass the message on to Odoo.")},
    "made_nothing": {False: _lt("Neither a record nor a message was created at %(target)s.")},
    "answer": {
        True: _lt("A notice was sent to the sender."),
        False: _lt("No notice was sent to the sender: %(why)s."),
    },
    "alias_bounce": {
        False: _lt(
            "Creating the record failed; the sender is notified only after the last attempt."
        )
    },
}


def fill(template: str, params: Mapping[str, object]) -> str:
    """Return a sentence with its parameters in place.

    A parameter that is missing, or a translation that names another one, must not hide
    the rest; nothing in a parameter is read as a placeholder.
    """

    def value(found):
        return str(params.get(found[1], "?")) if found[1] else "%"

    return _PLACEHOLDER.sub(value, template)


def outline(template: str) -> str:
    """Return a sentence with an ellipsis for each of its parameters."""
    return fill(template, _Ellipses()).replace("….", "…")


class _Ellipses(dict):
    def get(self, key, default=None):
        return "…"

"""The sentences behind the codes of reasons and of steps of the trace.

The log keeps codes and parameters; these texts are translated and filled in when a
person reads them.
"""

import re

from odoo.tools import LazyTranslate

from . import authentication_sentences

_lt = LazyTranslate(__name__)

_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")

# What stands in place of a mail's deliveries when there is none.
NO_DELIVERY = {
    "waiting": _lt("This message has not been processed yet."),
    "unreadable": _lt("This message cannot be read, so no recipient was looked up."),
    **dict.fromkeys(
        ("no_route", "no_route_refused", "no_recipient", "no_recipient_refused"),
        _lt("No alias and no record was found for this mail."),
    ),
}
NO_DELIVERY_OTHERWISE = _lt("There are no deliveries: the reason above says why.")
REPEATED = _lt("This message was not delivered again: it repeats another one.")
REPEATED_UNKNOWN = _lt(
    "This message was not delivered again: it repeats one that is not in the log, "
    "or that you may not see."
)

# What is known of the mail servers of ``gateway.recipients.PRESETS``.
RECIPIENT_PRESETS = {
    "postfix": _lt(
        "Postfix writes the address as it came in X-Original-To, and the mailbox it delivers to "
        "in Delivered-To, when it delivers by itself. Where it redirects one address to another "
        "inside itself, and not to that of the mailbox, trust Delivered-To alone. Where it marks "
        "mail for another server (lmtp with flags=O), untick “Only at the top”."
    ),
    "dovecot": _lt(
        "The LMTP server of Dovecot writes the recipient that it was given in Delivered-To, and "
        "none where it was given several at once: have one handed over at a time (Postfix: "
        "lmtp_destination_recipient_limit = 1). Where a server before it rewrites every address "
        "to that of the mailbox, trust a field of that server."
    ),
    "exim": _lt("Exim writes the address as it came in Envelope-To."),
    "gmail": _lt(
        "Google writes the address of the mailbox in Delivered-To: right for a mailbox of one "
        "alias. For a mailbox that collects many, trust no field."
    ),
    "microsoft": _lt(
        "Microsoft 365 writes no field with the recipient that can be relied on; To and Cc decide."
    ),
    "fastmail": _lt("Fastmail writes the address as it came in X-Delivered-To."),
    "kerio": _lt(
        "Kerio Connect, and others that collect a domain in one mailbox, write the address as it "
        "came in X-Envelope-To."
    ),
    "qmail": _lt(
        "qmail, also as part of Plesk, writes Delivered-To with the name of the virtual domain "
        "before the local part: type that name and its hyphen as the prefix."
    ),
    "other": _lt("No field is trusted: To, Cc and Delivered-To decide, as in Odoo."),
}

STEPS = {
    **authentication_sentences.STEPS,
    "report": {
        True: _lt("This is a delivery report, or written to the bounce address."),
        False: _lt("Not a delivery report."),
    },
    "report_original": {
        True: _lt("It is about the message %(reference)s (found in: %(source)s)."),
        False: _lt("It is about no message known here (looked for: %(references)s)."),
    },
    "blacklisted": {
        True: _lt("%(address)s was put on the blacklist, after %(count)s hard bounces."),
    },
    "blacklisted_complaint": {
        True: _lt("%(address)s is on the blacklist, because of a complaint."),
    },
    "report_outcome": {
        True: _lt("The report says: %(outcomes)s"),
        False: _lt(
            "The report is about recipients to whom the message was not sent from here: "
            "%(outcomes)s"
        ),
    },
    "parent": {
        True: _lt("Answers the message %(reference)s on %(model)s, %(res_id)s."),
        False: _lt("Answers no message known here (references: %(references)s)."),
    },
    "reply_recipient": {True: _lt("%(sender)s got the message that is answered.")},
    "reply_author": {True: _lt("%(sender)s has written in this conversation before.")},
    "reply_follower": {True: _lt("%(sender)s follows the record.")},
    "reply_contact": {True: _lt("%(sender)s is a contact of the record.")},
    "reply_internal_user": {True: _lt("%(sender)s is the address of an internal user.")},
    "reply_organisation": {
        True: _lt(
            "%(sender)s belongs to the same organisation as a participant of this conversation."
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
            "It replies to an internal note, or on a record that not all employees may read."
        ),
    },
    "reply_as_new": {True: _lt("It is treated as a new message that is not a reply.")},
    "reply_rules": {
        True: _lt("%(alias)s, the alias of the record, is asked whether it takes this sender."),
    },
    "reply_elsewhere": {
        True: _lt("The message it hangs on is in another conversation, and is left out."),
    },
    "evidence": {True: _lt("%(source)s says that the message is for %(recipients)s.")},
    "sender_restored": {
        True: _lt(
            "%(original)s wrote this mail, as the trusted forwarder %(forwarder)s says in %(sign)s."
        ),
        False: _lt("The trusted forwarder %(forwarder)s does not say who wrote this mail."),
    },
    "sender_contradictory": {
        False: _lt(
            "The original sender is not restored: the fields besides the sender "
            "%(forwarder)s name several senders, or one without an address."
        ),
    },
    "forwarder_untrusted": {
        False: _lt(
            "The sender %(forwarder)s may have forwarded this mail (%(sign)s); it is no trusted "
            "forwarder of the alias domain, so it stays the sender."
        ),
    },
    "sender_kept": {
        True: _lt("Forwarded by %(forwarder)s (%(sign)s), which left the sender as it was."),
    },
    "rejected_address": {False: _lt("%(text)s is no address (%(reason)s).")},
    "match_address": {False: _lt("%(address)s is no address (%(reason)s).")},
    "match_exact": {
        True: _lt("%(address)s is the address of %(found)s."),
        False: _lt("No alias uses the address %(address)s."),
    },
    "match_sub_address": {
        True: _lt("%(address)s is for %(found)s, with the detail %(detail)s."),
        False: _lt("%(address)s is not a sub-address of any alias."),
    },
    "match_retired": {
        True: _lt("%(address)s is a former address of %(found)s."),
        False: _lt("%(address)s is not a former address."),
    },
    "match_sender": {False: _lt("%(address)s is the sender's own.")},
    "match_local_part": {
        True: _lt(
            "%(found)s takes mail for %(address)s by its local part (allowed by: %(origin)s)."
        ),
        False: _lt("No alias takes mail for %(address)s by its local part."),
    },
    "match_shared": {
        True: _lt("%(address)s is shared by %(found)s; the oldest of them gets the mail."),
    },
    "alias_mode": {False: _lt("%(alias)s takes no mail now (%(mode)s).")},
    "fallback_takes_catchall": {
        True: _lt("The incoming server makes a record of mail to the catchall, too."),
    },
    "match_default_from": {True: _lt("%(address)s is an address this database writes from.")},
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
        False: _lt("%(address)s: an alias of that name exists in another domain, %(alias)s.")
    },
    "domain_unknown": {False: _lt("%(domain)s is not an alias domain.")},
    "alias_security": {
        True: _lt("%(alias)s accepts this sender."),
        False: _lt("%(alias)s does not accept this sender: %(contact)s."),
    },
    "catchall": {
        True: _lt("Written to the catchall address and to no other known address."),
        False: _lt("Not written to the catchall address alone."),
    },
    "loop_sender": {
        True: _lt("The sender has exceeded the rate limit."),
        False: _lt("The sender has not exceeded the rate limit."),
    },
    "sender_limit": {
        True: _lt(
            "%(sender)s has written more than %(count)s times in %(minutes)s minutes "
            "(decided by: %(origin)s)."
        ),
        False: _lt("%(sender)s has not written %(count)s times in %(minutes)s minutes."),
    },
    "loop_allowed": {True: _lt("%(sender)s is exempt from the rate limit.")},
    "record_limit": {
        True: _lt(
            "%(alias)s has made %(count)s records in %(minutes)s minutes (decided by: %(origin)s)."
        ),
    },
    "limits": {
        True: _lt("There is at least %(count)s, and %(most)s is allowed (%(parameter)s)."),
    },
    "repaired_charset": {
        True: _lt("A text is not in the charset it names, %(named)s; it was read as %(read)s."),
    },
    "repaired_octets": {
        True: _lt("The field %(name)s has letters that no charset explains; they were guessed."),
    },
    "repaired_nul": {True: _lt("NUL bytes were left out of: %(name)s.")},
    "repaired_line": {True: _lt("Line ends were taken out of the field %(name)s.")},
    "repaired_field": {
        True: _lt("The field %(name)s cannot be read; only its addresses were kept."),
    },
    "repaired_content_field": {
        True: _lt("The field %(name)s cannot be read; only the readable part was kept."),
    },
    "repaired_encoding": {
        True: _lt("The content was read as %(read)s; the mail calls it: %(named)s."),
    },
    "repaired_date": {
        True: _lt("The date of the message is not valid: %(date)s. The current time is used.")
    },
    "repaired_boundary": {
        True: _lt(
            "The parts of the mail are not divided as it says; %(parts)s were found, and all of "
            "it is text where none was."
        ),
    },
    "repaired_type": {
        True: _lt("A part has a type that Odoo cannot read, %(named)s; it is treated as %(read)s."),
    },
    "repaired_sender": {
        True: _lt("From has no address that can be read; %(name)s names the sender, %(address)s."),
    },
    "repaired_file_name": {
        True: _lt("No file can be called %(name)s; the attachment is %(read)s here."),
    },
    "kept_signed": {
        True: _lt(
            "The message is signed; the original is attached, so that its signature can be checked."
        ),
    },
    "hops": {True: _lt("The header counts %(count)s, and %(most)s are allowed.")},
    "auto_reply": {
        True: _lt("An auto-reply, according to its field %(proof)s: %(treatment)s at %(target)s."),
    },
    "automatic_mail": {
        True: _lt("Automatic mail, by its field %(proof)s: %(treatment)s at %(target)s."),
    },
    "loop_notice": {
        True: _lt("Answers a notice of this database."),
        False: _lt("Does not answer a notice of this database."),
    },
    "route_warning": {False: _lt("Core warns: %(error)s")},
    "route": {True: _lt("Route: %(target)s."), False: _lt("No route was found.")},
    "served": {
        True: _lt("%(target)s already has a delivery."),
        False: _lt("%(target)s has no delivery yet."),
    },
    "record": {
        True: _lt("Created or updated %(model)s, %(res_id)s."),
        False: _lt("%(target)s failed with %(error)s; what it had changed was undone."),
    },
    "made_nothing": {False: _lt("Neither a record nor a message was created at %(target)s.")},
    "answer": {
        True: _lt("A notice was sent to the sender."),
        False: _lt("No notice was sent to the sender: %(why)s."),
    },
    "alias_bounce": {
        False: _lt("Creating the record failed; the sender is told only if the mail is given up.")
    },
}


def fill(template, params):
    """Return a sentence with its parameters in place.

    A parameter that is missing, or a translation that names another one, must not hide
    the rest; nothing in a parameter is read as a placeholder.
    """

    def value(found):
        return str(params.get(found[1], "?")) if found[1] else "%"

    return _PLACEHOLDER.sub(value, template)


def outline(template):
    """Return a sentence with an ellipsis for each of its parameters."""
    return fill(template, _Ellipses()).replace("….", "…")


class _Ellipses(dict):
    def get(self, key, default=None):
        return "…"

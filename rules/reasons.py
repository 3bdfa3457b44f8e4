"""Why a message, or one of its targets, is in its state: every reason, in one table.

A reason has a code, which the log keeps with its parameters. This table alone defines what the code
means: the sentence that is shown, the states it applies to, and what releasing a message with this
reason does. Another addon adds a reason by ``_inherit`` of ``mail.postmaster.reason``.

This module does not decide. Rules and the outcome of an attempt choose the code.
"""

from dataclasses import dataclass, fields

from odoo import api, models
from odoo.tools import LazyTranslate

from ..gateway import states

_lt = LazyTranslate(__name__)

# What a release does: another attempt; a second record of a message that was delivered; another
# attempt, at targets to which a copy was delivered; or nothing, because it is not possible.
AGAIN, REPEAT, COPY, NEVER = "again", "repeat", "copy", "never"
# What a user who releases a message accepts with it, whatever the rules say.
MESSAGE, TARGET, SENDER = "message", "target", "sender"


@dataclass(frozen=True)
class Definition:
    """What a reason means.

    :param sentence: for the reader, with ``%(name)s`` for the parameters; translated when shown
    :param tuple states: the states it applies to; a user is notified of a parked message
    :param str release: :data:`AGAIN`, :data:`REPEAT`, :data:`COPY` or :data:`NEVER`
    :param tuple accepts: of :data:`MESSAGE`, :data:`TARGET` and :data:`SENDER`
    :param bool keeps_content: whether the content of an ignored message is kept until a user has
    processed or ignored it
    :param bool is_unexpected: whether it is caused by an error that an administrator should see
    :param bool stands_untold: whether a message stays refused although this addon does not notify
        its sender: another program has, or an administrator wants no notice. Any other refusal that
        the sender does not hear of is held for review with the same code
    """

    sentence: object
    states: tuple
    release: str = AGAIN
    accepts: tuple = ()
    is_unexpected: bool = False
    keeps_content: bool = False
    stands_untold: bool = False


# The fields that reasons can have in common.
COMMON = {field.name for field in fields(Definition)} - {"sentence", "states"}


def _of(*of_states, **values):
    """Return ``{code: Definition}`` of reasons that differ only in their sentences.

    :param values: the sentences, and fields of :class:`Definition` that all of them have
    """
    common = {name: values.pop(name) for name in COMMON & values.keys()}
    return {code: Definition(sentence, of_states, **common) for code, sentence in values.items()}


DEFINITIONS = {
    # Set by intake, and by a release.
    **_of(
        states.RECEIVED,
        waiting=_lt("Stored, waiting to be processed."),
    ),
    # It was delivered.
    **_of(
        states.DELIVERED,
        record_created=_lt("Created a record through the address %(alias)s."),
        fallback_created=_lt("Created a record of %(model)s because no alias matched."),
        message_posted=_lt("Posted on the record that the address %(alias)s belongs to."),
        reply_posted=_lt("Posted in an existing conversation."),
        made_by_another=_lt("Another addon delivered the message at %(target)s."),
        reply_noted=_lt(
            "Posted as an internal note for review: %(sender)s is not a participant of the "
            "conversation."
        ),
        report_recorded=_lt("Delivery report, recorded on the message it refers to. %(outcomes)s"),
        receipt_recorded=_lt("Read receipt, recorded on the message it refers to. %(outcomes)s"),
        complaint_recorded=_lt("Complaint, recorded on the message it refers to. %(outcomes)s"),
    ),
    # There was nothing to do.
    **_of(
        states.IGNORED,
        report_unmatched=_lt("Report about a message that is not known here. %(outcomes)s"),
        report_unreadable=_lt(
            "Automatic message (%(proof)s) to an address for delivery reports that cannot be read "
            "as a report."
        ),
        report_imported=_lt(
            "Imported report about an earlier message: it has no effect on the address."
        ),
        loop_notice_reply=_lt(
            "Reply to a notice from this database; processing it would start a mail loop."
        ),
        catchall_repeated=_lt(
            "The same sender has already sent the same text to the catchall address."
        ),
        own_notification=_lt(
            "This database sent the message itself, and it came back with another Message-Id "
            "(%(proof)s)."
        ),
        reply_repeated=_lt(
            "%(sender)s has already sent the same text to the same record within %(minutes)s "
            "minutes."
        ),
        auto_reply_ignored=_lt("Auto-reply (%(proof)s), which does not create a record."),
        automatic_mail_ignored=_lt("Automatic message (%(proof)s)."),
        declined=_lt("The addon %(addon)s declined the message at %(target)s."),
        kept_by_addon=_lt("The addon %(addon)s declined the message, or processed it by itself."),
        ignored_by_hand=_lt("Ignored by %(user)s."),
    ),
    # It repeats a message in the log.
    **_of(
        states.IGNORED,
        release=REPEAT,
        duplicate=_lt("The message was already delivered to every recipient."),
        duplicate_message=_lt("A message with this Message-Id already exists."),
        own_message=_lt("This database sent the message itself, from %(model)s #%(res_id)s."),
    ),
    **_of(
        states.IGNORED,
        release=COPY,
        superseded=_lt("A later copy of this message was delivered instead."),
    ),
    **_of(
        states.IGNORED,
        states.PARKED,
        release=REPEAT,
        accepts=(MESSAGE,),
        duplicate_other_content=_lt(
            "Every recipient already has a message with this Message-Id but different content."
        ),
    ),
    # Another message, which the target does not have.
    **_of(
        states.IGNORED,
        states.PARKED,
        accepts=(TARGET,),
        keeps_content=True,
        shared_message_id=_lt(
            "%(target)s already has another message with the same Message-Id, from %(sender)s."
        ),
    ),
    # Its sender was notified; held if that was not possible.
    **_of(
        states.REFUSED,
        states.PARKED,
        catchall=_lt("Sent to the catchall address, which only accepts replies."),
        alias_security=_lt("The address %(alias)s does not accept mail from this sender."),
        alias_misconfigured=_lt("The address %(alias)s is not configured correctly."),
        alias_refuses=_lt("The address %(alias)s does not accept mail."),
        alias_closed=_lt("The address %(alias)s has been closed since %(since)s."),
        sender_limit=_lt(
            "%(sender)s has sent more than %(count)s messages to the same address within "
            "%(minutes)s minutes."
        ),
        loop_limit=_lt("Too many messages from this sender in a short time."),
    ),
    # Its sender was notified by another program.
    **_of(
        states.REFUSED,
        stands_untold=True,
        declined_told=_lt(
            "The addon %(addon)s declined the message at %(target)s, and notified the sender."
        ),
        kept_by_addon_told=_lt(
            "The addon %(addon)s declined the message, and notified the sender."
        ),
        no_route_refused=_lt(
            "No alias accepts mail for %(recipients)s. The sending server was notified."
        ),
        no_recipient_refused=_lt("The message has no recipient. The sending server was notified."),
        route_rejected_refused=_lt(
            "The address cannot be used: %(error)s The sending server was notified."
        ),
    ),
    # The person in From did not write it, and an administrator has chosen not to hold it.
    **_of(
        states.REFUSED,
        accepts=(SENDER,),
        stands_untold=True,
        identity_refused=_lt(
            "%(sender)s does not seem to have written this message: %(finding)s. No notice "
            "was sent."
        ),
    ),
    # A rule about one target: a release accepts the message there.
    **_of(
        states.PARKED,
        accepts=(TARGET,),
        alias_held=_lt("The address %(alias)s holds messages for review."),
        record_limit=_lt(
            "The address %(alias)s has created %(count)s records within %(minutes)s minutes, "
            "which is its limit."
        ),
        auto_reply_parked=_lt("Auto-reply (%(proof)s)."),
        automatic_mail_parked=_lt("Automatic message (%(proof)s)."),
        reply_parked=_lt(
            "%(sender)s replied in a conversation without being a participant, %(target)s."
        ),
        reply_parked_private=_lt(
            "%(sender)s replied in a private conversation without being a participant, %(target)s."
        ),
    ),
    **_of(
        states.PARKED,
        accepts=(TARGET, SENDER),
        identity_parked=_lt("%(sender)s does not seem to have written this message: %(finding)s."),
    ),
    # A rule about the whole message: a release accepts the message.
    **_of(
        states.PARKED,
        accepts=(MESSAGE,),
        bounce_address_person=_lt(
            "Sent to the bounce address, but apparently written by a person."
        ),
        too_many_received=_lt(
            "Mail loop: this message has passed through %(count)s servers; the limit is %(most)s."
        ),
        too_many_delivered_to=_lt(
            "Mail loop: this message was delivered %(count)s times; the limit is %(most)s."
        ),
        own_answers=_lt("Mail loop: this message replies to %(count)s notices from this database."),
        too_large_to_fetch=_lt(
            "The message is too large to be fetched: %(count)s bytes; the limit is %(most)s "
            "(%(parameter)s). It is still in the folder %(folder)s of its mailbox; process it "
            "again to fetch it anyway."
        ),
        no_room=_lt(
            "There is no room for this message (%(count)s bytes): messages that wait or need "
            "attention take up to %(most)s MB (%(parameter)s). It is still in the folder "
            "%(folder)s of its mailbox. Handle other messages, and process it again to fetch it."
        ),
        limit_raw_bytes=_lt(
            "The message is too large: %(count)s bytes; the limit is %(most)s (%(parameter)s)."
        ),
        limit_lines=_lt(
            "The message has too many lines: %(count)s; the limit is %(most)s (%(parameter)s)."
        ),
        limit_header_bytes=_lt(
            "A header of the message is too long: at least %(count)s bytes; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_header_fields=_lt(
            "A header of the message has too many fields: %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_field_bytes=_lt(
            "A header field is too long: %(count)s bytes; the limit is %(most)s (%(parameter)s)."
        ),
        limit_field_effort=_lt(
            "The address and Content fields of the message would take too long to parse: the "
            "squares of their lengths add up to %(count)s; the limit is %(most)s (%(parameter)s)."
        ),
        limit_comment_levels=_lt(
            "Parentheses in a header field are nested too deeply: at least %(count)s levels; the "
            "limit is %(most)s (%(parameter)s)."
        ),
        limit_parameters=_lt(
            "The Content fields of the message have too many parameters: at least %(count)s; the "
            "limit is %(most)s (%(parameter)s)."
        ),
        limit_addresses=_lt(
            "The message has too many addresses: at least %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_references=_lt(
            "The message refers to too many messages: at least %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_parts=_lt(
            "The message has too many parts: at least %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_levels=_lt(
            "The parts of the message are nested too deeply: at least %(count)s levels; the limit "
            "is %(most)s (%(parameter)s)."
        ),
        limit_attachments=_lt(
            "The message has too many attachments: at least %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_text_parts=_lt(
            "The message has too many text parts: at least %(count)s; the limit is %(most)s "
            "(%(parameter)s)."
        ),
        limit_text_bytes=_lt(
            "The text of the message is too long: Odoo would read at least %(count)s bytes; the "
            "limit is %(most)s (%(parameter)s)."
        ),
        limit_decoded_bytes=_lt(
            "The attachments of the message are too large: at least %(count)s bytes; the limit is "
            "%(most)s (%(parameter)s)."
        ),
        limit_nested_bytes=_lt(
            "The messages attached to attached messages are too large: at least %(count)s bytes; "
            "the limit is %(most)s (%(parameter)s)."
        ),
        limit_html_bytes=_lt(
            "The HTML of the message is too long: Odoo would read at least %(count)s bytes; the "
            "limit is %(most)s (%(parameter)s)."
        ),
        limit_html_tags=_lt(
            "The HTML of the message is too long: Odoo would read at least %(count)s tags; the "
            "limit is %(most)s (%(parameter)s)."
        ),
        limit_text_effort=_lt(
            "Odoo would take too long to clean the text of the message: an effort of at least "
            "%(count)s; the limit is %(most)s (%(parameter)s)."
        ),
        limit_html_levels=_lt(
            "The HTML of the message is nested too deeply: at least %(count)s levels; the limit "
            "is %(most)s (%(parameter)s). Odoo would lose its text."
        ),
    ),
    # It could not be delivered.
    **_of(
        states.PARKED,
        no_route=_lt("No alias accepts mail for %(recipients)s."),
        no_recipient=_lt("The message has no recipient."),
        route_rejected=_lt("The address cannot be used: %(error)s"),
        not_fetched=_lt(
            "The server does not return this message (%(count)s bytes). It is still in the folder "
            "%(folder)s of its mailbox."
        ),
        crashed=_lt("Odoo stopped %(count)s times while processing this message."),
    ),
    **_of(
        states.PARKED,
        is_unexpected=True,
        unreadable=_lt("This message cannot be read: %(error)s"),
    ),
    # Unexplained: retried, then held for review.
    **_of(
        states.RETRY,
        states.PARKED,
        left_before_routing=_lt("Odoo stopped before routing this message and gave no reason."),
        made_nothing=_lt(
            "Neither a record nor a message was created at %(target)s, and no reason was given. "
            "Another addon may have declined the message."
        ),
        not_routed=_lt("Odoo did not route this message to any record and gave no reason."),
    ),
    **_of(
        states.RETRY,
        states.PARKED,
        is_unexpected=True,
        conflict=_lt("Another user changed the same data at the same time."),
        failed=_lt("Processing failed with %(error)s."),
        alias_failed=_lt("The address %(alias)s could not create its record: %(error)s."),
    ),
    # Its content was removed.
    **_of(
        states.PARKED,
        release=NEVER,
        raw_missing=_lt("The message cannot be processed again: its content was removed."),
    ),
    **_of(
        states.IGNORED,
        release=NEVER,
        erased=_lt("The sender's data was erased before the message was processed."),
    ),
}


class MailPostmasterReason(models.AbstractModel):
    """The reasons of this database, including those of other addons."""

    _name = "mail.postmaster.reason"
    _description = "Reasons of received messages"

    @api.model
    def _definitions(self):
        """Return ``{code: Definition}``; another addon adds its own to what ``super()`` returns."""
        return DEFINITIONS

    @api.model
    def _codes(self, is_meant):
        """Return the list of codes whose :class:`Definition` satisfies a function."""
        return [code for code, known in self._definitions().items() if is_meant(known)]

    @api.model
    def _release_of(self, code):
        """Return what a release does for a reason; for an unknown one, another attempt."""
        known = self._definitions().get(code)
        return known.release if known else AGAIN

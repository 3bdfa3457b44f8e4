"""Why a message, or one of its targets, is in its state: every reason, in one table.

A reason has a code, which the log keeps with its parameters. What the code means stands here and
nowhere else: the sentence that is shown, the states it goes with, and what it means to release a
message that has it. Another addon adds a reason by ``_inherit`` of ``mail.postmaster.reason``.

What this does not do: decide. Rules and the outcome of an attempt choose the code.
"""

from dataclasses import dataclass

from odoo import api, models
from odoo.tools import LazyTranslate

from ..gateway import states

_lt = LazyTranslate(__name__)

# What a release is: another attempt; a second record of what is here; another attempt, at targets
# where a copy was delivered; or not possible.
AGAIN, REPEAT, COPY, NEVER = "again", "repeat", "copy", "never"
# What the person who releases a message accepts with it, whatever the rules say.
MESSAGE, TARGET, SENDER = "message", "target", "sender"


@dataclass(frozen=True)
class Definition:
    """What a reason means.

    :param sentence: for the reader, with ``%(name)s`` for the parameters; translated when shown
    :param tuple states: the states it goes with; of a parked message a person is told
    :param str release: :data:`AGAIN`, :data:`REPEAT`, :data:`COPY` or :data:`NEVER`
    :param tuple accepts: of :data:`MESSAGE`, :data:`TARGET` and :data:`SENDER`
    :param bool is_unexpected: an error stands behind it that an administrator wants to see
    """

    sentence: object
    states: tuple
    release: str = AGAIN
    accepts: tuple = ()
    is_unexpected: bool = False


def _of(*of_states, release=AGAIN, accepts=(), is_unexpected=False, **sentences):
    """Return ``{code: Definition}`` of reasons that differ in their sentences alone."""
    return {
        code: Definition(sentence, of_states, release, accepts, is_unexpected)
        for code, sentence in sentences.items()
    }


DEFINITIONS = {
    # Set by intake, and by a release.
    **_of(
        states.RECEIVED,
        waiting=_lt("Stored, waiting to be processed."),
    ),
    # Something was made of it.
    **_of(
        states.DELIVERED,
        record_created=_lt("Created a record through the address %(alias)s."),
        fallback_created=_lt("Created a record of %(model)s, for mail no alias takes."),
        message_posted=_lt("Posted on the record that the address %(alias)s belongs to."),
        reply_posted=_lt("Posted in an existing conversation."),
        reply_noted=_lt(
            "Posted as an internal note for review: %(sender)s is not a participant of the "
            "conversation."
        ),
        report_recorded=_lt("A delivery report, recorded on the message it is about. %(outcomes)s"),
        receipt_recorded=_lt("A receipt, recorded on the message it is about. %(outcomes)s"),
        complaint_recorded=_lt("A complaint, recorded on the message it is about. %(outcomes)s"),
    ),
    # There was nothing to do.
    **_of(
        states.IGNORED,
        report_unmatched=_lt("A report about no message that is known here. %(outcomes)s"),
        report_unreadable=_lt(
            "Automatic mail (%(proof)s) at an address for reports, which cannot be read as "
            "a report."
        ),
        report_imported=_lt(
            "A report about an earlier message: nothing was done about the address."
        ),
        loop_notice_reply=_lt(
            "A reply to a notice of this database, which would start a mail loop."
        ),
        catchall_repeated=_lt(
            "The same sender has written the same to the catchall address before."
        ),
        auto_reply_ignored=_lt("An auto-reply (%(proof)s), which creates no record."),
        automatic_mail_ignored=_lt("Automatic mail (%(proof)s)."),
        ignored_by_hand=_lt("Ignored by %(user)s."),
    ),
    # It repeats a message that is here.
    **_of(
        states.IGNORED,
        release=REPEAT,
        duplicate=_lt("The message was already delivered to every recipient."),
        duplicate_message=_lt("A message with this Message-Id is already here."),
        own_message=_lt(
            "A message that this database has sent itself, from %(model)s number %(res_id)s."
        ),
    ),
    **_of(
        states.IGNORED,
        release=COPY,
        superseded=_lt("A later copy of this mail was delivered in its place."),
    ),
    **_of(
        states.IGNORED,
        states.PARKED,
        release=REPEAT,
        accepts=(MESSAGE,),
        duplicate_other_content=_lt(
            "Every recipient already has a message with this Message-Id, but with another content."
        ),
    ),
    # Its sender was told; of forged senders nobody is.
    **_of(
        states.REFUSED,
        catchall=_lt("Written to the catchall address, which only takes replies."),
        alias_security=_lt("The address %(alias)s does not accept mail from this sender."),
        alias_misconfigured=_lt("The address %(alias)s is not set up correctly."),
        alias_refuses=_lt("The address %(alias)s takes no mail."),
        alias_closed=_lt("The address %(alias)s is closed since %(since)s."),
        sender_limit=_lt(
            "%(sender)s has written more than %(count)s times in %(minutes)s minutes to the same "
            "address."
        ),
        loop_limit=_lt("Too many messages from this sender in a short time."),
        no_route_refused=_lt(
            "No alias takes mail for %(recipients)s. The sending server was told."
        ),
        no_recipient_refused=_lt("The message names no recipient. The sending server was told."),
        route_rejected_refused=_lt(
            "The address cannot be used: %(error)s The sending server was told."
        ),
    ),
    **_of(
        states.REFUSED,
        accepts=(SENDER,),
        identity_refused=_lt(
            "%(sender)s seems not to have written this mail: %(finding)s. Nobody was told."
        ),
    ),
    # A rule about one target: who releases it accepts it there.
    **_of(
        states.PARKED,
        accepts=(TARGET,),
        alias_held=_lt("The address %(alias)s holds messages for review."),
        record_limit=_lt(
            "The address %(alias)s has made %(count)s records in %(minutes)s minutes, as many as "
            "it may."
        ),
        auto_reply_parked=_lt("An auto-reply (%(proof)s)."),
        automatic_mail_parked=_lt("Automatic mail (%(proof)s)."),
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
        identity_parked=_lt("%(sender)s seems not to have written this mail: %(finding)s."),
    ),
    # A rule about the whole message: who releases it accepts it.
    **_of(
        states.PARKED,
        accepts=(MESSAGE,),
        bounce_address_person=_lt(
            "A person seems to have written this to the address that delivery reports come to."
        ),
        too_many_received=_lt(
            "Mail loop: this message has passed %(count)s servers, and %(most)s are allowed."
        ),
        too_many_delivered_to=_lt(
            "Mail loop: this message was delivered %(count)s times, and %(most)s are allowed."
        ),
        own_answers=_lt("Mail loop: this message replies to %(count)s notices of this database."),
        too_large_to_fetch=_lt(
            "The mail is too large to be fetched: %(count)s bytes, and %(most)s are allowed "
            "(%(parameter)s). It is still in the folder %(folder)s of its mailbox; process it "
            "again to fetch it all the same."
        ),
        limit_raw_bytes=_lt(
            "The mail is too large: %(count)s bytes, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_lines=_lt("The mail has %(count)s lines, and %(most)s are allowed (%(parameter)s)."),
        limit_header_bytes=_lt(
            "A header in the mail is too long: at least %(count)s bytes, and %(most)s are allowed "
            "(%(parameter)s)."
        ),
        limit_header_fields=_lt(
            "A header in the mail has %(count)s fields, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_field_bytes=_lt(
            "A header field is too long: %(count)s bytes, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_field_effort=_lt(
            "The addresses or the Content fields of the mail are too long to be read in reasonable "
            "time: %(count)s, the sum of the squares of their lengths, and %(most)s is allowed "
            "(%(parameter)s)."
        ),
        limit_comment_levels=_lt(
            "A header field has parentheses within parentheses, at least %(count)s deep, and "
            "%(most)s are allowed (%(parameter)s)."
        ),
        limit_parameters=_lt(
            "The types of the parts of the mail have at least %(count)s parameters, and %(most)s "
            "are allowed (%(parameter)s)."
        ),
        limit_addresses=_lt(
            "The mail names at least %(count)s addresses, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_references=_lt(
            "The mail refers to at least %(count)s messages, and %(most)s are allowed "
            "(%(parameter)s)."
        ),
        limit_parts=_lt(
            "The mail has at least %(count)s parts, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_levels=_lt(
            "The mail has parts within parts, at least %(count)s deep, and %(most)s are allowed "
            "(%(parameter)s)."
        ),
        limit_attachments=_lt(
            "The mail has at least %(count)s attachments, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_text_parts=_lt(
            "The mail has at least %(count)s texts, and %(most)s are allowed (%(parameter)s)."
        ),
        limit_text_bytes=_lt(
            "The texts of the mail are too long: Odoo would read at least %(count)s bytes, and "
            "%(most)s are allowed (%(parameter)s)."
        ),
        limit_decoded_bytes=_lt(
            "The attachments of the mail are too large: at least %(count)s bytes, and %(most)s are "
            "allowed (%(parameter)s)."
        ),
        limit_html_bytes=_lt(
            "The HTML of the mail is too long: Odoo would read at least %(count)s bytes, and "
            "%(most)s are allowed (%(parameter)s)."
        ),
        limit_html_tags=_lt(
            "The HTML of the mail is too long: Odoo would read at least %(count)s tags, and "
            "%(most)s are allowed (%(parameter)s)."
        ),
        limit_html_levels=_lt(
            "The HTML of the mail has elements within elements, at least %(count)s deep, and "
            "%(most)s are allowed (%(parameter)s). Odoo would lose its text."
        ),
    ),
    # It could not be brought anywhere.
    **_of(
        states.PARKED,
        no_route=_lt("No alias takes mail for %(recipients)s."),
        no_recipient=_lt("The message names no recipient."),
        route_rejected=_lt("The address cannot be used: %(error)s"),
        not_fetched=_lt(
            "The server does not hand this mail over (%(count)s bytes). It is still in the folder "
            "%(folder)s of its mailbox."
        ),
        crashed=_lt("Odoo stopped %(count)s times while processing this mail."),
    ),
    **_of(
        states.PARKED,
        is_unexpected=True,
        unreadable=_lt("This message cannot be read: %(error)s"),
    ),
    # Not understood: tried again, then left to a person.
    **_of(
        states.RETRY,
        states.PARKED,
        left_before_routing=_lt("Odoo stopped before routing this message and gave no reason."),
        made_nothing=_lt(
            "Neither a record nor a message was created at %(target)s, and no reason was given. "
            "Another addon may have declined the message."
        ),
        not_routed=_lt("Odoo routed this message to no record and gave no reason."),
    ),
    **_of(
        states.RETRY,
        states.PARKED,
        is_unexpected=True,
        conflict=_lt("Another user changed the same data at that moment."),
        failed=_lt("Processing failed with %(error)s."),
        alias_failed=_lt("The address %(alias)s could not create its record: %(error)s."),
    ),
    # Its content is gone.
    **_of(
        states.PARKED,
        release=NEVER,
        raw_missing=_lt("The message cannot be processed again: its content was removed."),
    ),
    **_of(
        states.IGNORED,
        release=NEVER,
        erased=_lt("The data of its sender was erased before it was processed."),
    ),
}


class MailPostmasterReason(models.AbstractModel):
    """The reasons of this database, those of other addons among them."""

    _name = "mail.postmaster.reason"
    _description = "Reasons of received messages"

    @api.model
    def _definitions(self):
        """Return ``{code: Definition}``; another addon adds its own to what ``super()`` returns."""
        return DEFINITIONS

    @api.model
    def _codes(self, is_meant):
        """Return the codes whose :class:`Definition` a function says yes to, as a list."""
        return [code for code, known in self._definitions().items() if is_meant(known)]

    @api.model
    def _release_of(self, code):
        """Return what a release is for a reason; of one that is unknown here, another attempt."""
        known = self._definitions().get(code)
        return known.release if known else AGAIN

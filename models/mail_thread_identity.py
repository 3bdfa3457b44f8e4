import re

from odoo import api, models
from odoo.tools.mail import (
    decode_message_header,
    email_normalize,
    email_normalize_all,
    email_split_and_format,
    formataddr,
)

from ..gateway.addresses import BadAddress, canonical
from ..gateway.authentication import read_author
from ..gateway.authentication.consequence import PARK, REFUSE
from .attempt import ATTEMPT, target_of

# More would not be shown.
LONGEST_NAME = 200

_ADDRESS = re.compile(r"<[^<>]*>")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\"\\]+")


class MailThread(models.AbstractModel):
    """A mail acts as its sender only where nothing speaks against that.

    Core takes whatever stands in From: as the author, as the user who makes the record, for
    the contact rules of an alias. Where that is withheld, core is told that nobody was found;
    the address stays on the record and in the conversation, as a text.
    """

    _inherit = "mail.thread"

    # --- what core reads ------------------------------------------------------------

    def _take_checked_sender(self, message, attempt):
        """Put the address that was checked into From, in memory, where core reads another.

        Of ``ceo@example.com <a@example.org>`` core reads the first address, and the checks
        are made for the second one.
        """
        is_restored = attempt.addressing and attempt.addressing.sender
        if is_restored or not self.env["mail.postmaster.authentication"]._reads_senders():
            return
        # A mail server refuses by this one, too, where nobody here is told what it found.
        known = attempt.identity or read_author(attempt.header)
        address = known.address
        text = decode_message_header(message, "From", separator=",")
        if not address or not text or _addresses(_first(text)) == {address}:
            return
        name = _NO_NAME.sub(" ", _ADDRESS.sub(" ", text)).strip()[:LONGEST_NAME]
        for sender in (formataddr((name, address)), address):
            del message["From"]
            message["From"] = sender
            if _addresses(_first(decode_message_header(message, "From", separator=","))) == {
                address
            }:
                return

    # --- whom core finds ------------------------------------------------------------

    def _mail_find_user_for_gateway(self, email_value, alias=None):
        """Find nobody who would be the one who makes the record."""
        attempt = self.env.context.get(ATTEMPT)
        if self._withholds_sender(attempt, alias):
            return self.env["res.users"]
        return super()._mail_find_user_for_gateway(email_value, alias=alias)

    def _partner_find_from_emails(self, records_emails, **kwargs):
        """Find nobody by a sender that is withheld, and make no contact of it.

        Applications ask for themselves while they make a record.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.withheld:
            records_emails = {
                record: [email for email in emails if not _is_one_of(email, attempt.withheld)]
                for record, emails in records_emails.items()
            }
        return super()._partner_find_from_emails(records_emails, **kwargs)

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        """Let a withheld sender use no right: neither of contacts, nor of followers."""
        attempt = self.env.context.get(ATTEMPT)
        alias = route[4]
        if not self._withholds_sender(attempt, alias) or self._is_turned_down(attempt, route):
            return super()._routing_check_route(
                message, message_dict, route, raise_exception=raise_exception
            )
        if alias and alias.alias_contact != "everyone" and not self._is_released():
            alias._alias_bounce_incoming_email(message, message_dict, set_invalid=False)
            return False
        # Other models than those with a chatter look for the sender themselves.
        nameless = {**message_dict, "email_from": "", "from": "", "author_id": False}
        return super()._routing_check_route(
            message, nameless, route, raise_exception=raise_exception
        )

    def _is_turned_down(self, attempt, route):
        """Tell whether a rule is still to turn a route down for its sender.

        The contact rules of the alias are not asked before: a mail in the name of somebody
        whom they let in would be refused there, and is to be seen.
        """
        alias, domain = self._scopes_of(attempt, route[4])
        authentication = self.env["mail.postmaster.authentication"]
        is_screened = not attempt.is_released and attempt.addressed_to is None
        return (
            is_screened
            and target_of(route, attempt.server_id) not in attempt.accepted_targets
            and authentication._consequence(attempt, alias, domain).value in (PARK, REFUSE)
        )

    def _message_parse_post_process(self, message, message_dict, routes):
        attempt = self.env.context.get(ATTEMPT)
        if (
            attempt
            and attempt.identity
            and routes
            and all(self._withholds_sender(attempt, route[4]) for route in routes)
        ):
            message_dict = {**message_dict, "email_from": "", "author_id": False}
        return super()._message_parse_post_process(message, message_dict, routes)

    # --- what core makes ------------------------------------------------------------

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Make a record or a message of nobody, where the sender is withheld there.

        Called with one route at a time during an attempt, see the override above this one.
        """
        attempt = self.env.context.get(ATTEMPT)
        if not attempt or attempt.identity is None or len(routes) != 1:
            return super()._message_route_process(message, message_dict, routes)
        alias, domain = self._scopes_of(attempt, routes[0][4])
        authentication = self.env["mail.postmaster.authentication"]
        attempt.mark = authentication._mark(attempt, alias, domain)
        author_id = message_dict.get("author_id")
        if authentication._withholds(attempt, alias, domain):
            attempt.trace.hit(
                "sender_withheld",
                target=target_of(routes[0], attempt.server_id),
                origin=authentication._consequence(attempt, alias, domain).origin,
            )
            attempt.withheld = _texts(message_dict)
            # Not None, for which core looks once more.
            message_dict["author_id"] = False
        try:
            return super()._message_route_process(message, message_dict, routes)
        finally:
            # Of the next route again.
            message_dict["author_id"] = author_id
            attempt.withheld, attempt.mark = frozenset(), None

    def _withholds_sender(self, attempt, alias):
        if not attempt or attempt.identity is None:
            return False
        authentication = self.env["mail.postmaster.authentication"]
        return authentication._withholds(attempt, *self._scopes_of(attempt, alias))

    def _scopes_of(self, attempt, alias):
        """Return ``(alias, alias domain)`` whose policies count, each possibly empty."""
        alias = alias or self.env["mail.alias"]
        return alias, self.env["mail.postmaster.screening"]._domain_of(attempt, alias)


def senders_read(values):
    """Return the canonical addresses that core finds the author of a parsed mail by."""
    return frozenset(_addresses(values.get("email_from") or ""))


def _first(text):
    """Return the sender that core takes from a From with several."""
    return next(iter(email_split_and_format(text)), text)


def _addresses(text):
    """Return the canonical address that core finds a person by, as a set; empty for none."""
    try:
        return {canonical(email_normalize(text, strict=False) or "")}
    except BadAddress:
        return set()


def _texts(message_dict):
    """Return the forms in which an application may ask for a sender."""
    texts = {message_dict.get("email_from") or "", message_dict.get("from") or ""}
    return frozenset(texts.union(*map(email_normalize_all, texts)) - {""})


def _is_one_of(email, texts):
    return email in texts or email_normalize(email or "", strict=False) in texts

"""The recipients a message was sent to by email, and which of them a report is about."""

from collections.abc import Collection, Iterable

from odoo import models
from odoo.tools.mail import email_split

from ..gateway.address_list import first_address
from ..gateway.reports import Report


class SentTo:
    """The recipients of a message, by the addresses that a report may know them by.

    Anyone can write a report, so it counts only for a recipient that the message was sent to.

    :param message: the ``mail.message``, or an empty recordset
    :param message_ids: the Message-Ids by which mass mailings may know it, whose message is
    removed once it is sent
    :param is_proven: whether the report came to the signed return path of the message,
    which only the recipients of the message know
    :param as_core: whether inbox notifications count as sent ones
    """

    def __init__(
        self,
        message: models.BaseModel,
        message_ids: Collection[str],
        is_proven: bool,
        as_core: bool = False,
    ) -> None:
        self._is_proven = is_proven
        # Inbox notifications cannot bounce.
        self._notifications = message.notification_ids.filtered(
            lambda known: as_core or known.notification_type == "email"
        )
        self._nobody = self._notifications.browse()
        # {canonical address: mail.notification, or an empty recordset}
        self._known = {}
        for notification in self._notifications:
            self._add(notification.res_partner_id.email, notification)
            self._add(notification.mail_email_address, notification)
        self._add(message.outgoing_email_to)
        mails = message.env["mail.mail"].sudo()
        mails = mails.search([("mail_message_id", "=", message.id)]) if message else mails
        for mail in mails:
            for text in (mail.email_to, mail.email_cc):
                self._add(text)
            for partner in mail.recipient_ids:
                self._add(partner.email)
        traces = _traces(message.env, message_ids)
        for trace in traces:
            self._add(trace.email)
        self.is_ours = bool(message or traces)

    def _add(self, text, notification=None):
        for part in email_split(text or ""):
            if address := first_address(part):
                self._known.setdefault(
                    address,
                    self._nobody if notification is None else notification,
                )

    def find(self, candidates: Iterable[str], is_alone: bool) -> tuple[str, models.BaseModel, bool]:
        """Return ``(canonical address, mail.notification, is a guess)`` of a recipient.

        If no recipient matches, the address is empty and the notification an empty recordset. If
        the message went to one recipient, a report that names no address is about that recipient. A
        report that names another address, for example one the message was forwarded to, counts only
        if it is proven to come from where the message went.

        :param candidates: addresses the report names, canonical
        :param is_alone: whether the report is about one recipient
        """
        named = [address for address in candidates if address]
        for address in named:
            if address in self._known:
                return address, self._known[address], False
        # A message whose recipients were not recorded may have gone to more of them.
        is_one = len(self._notifications) == 1 and all(self._known.values())
        if is_alone and is_one and (self._is_proven or not named):
            return next(iter(self._known), ""), self._notifications, not self._is_proven
        return "", self._nobody, False


def _traces(env, message_ids):
    if "mailing.trace" not in env or not message_ids:
        return ()
    return env["mailing.trace"].sudo().search([("message_id", "in", list(message_ids))])


def message_ids(report: Report) -> list[str]:
    """Return the Message-Ids by which a report names its message, the best first."""
    return [original.message_id for original in report.original_ids]

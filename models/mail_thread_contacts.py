from odoo import models

from .attempt import ATTEMPT
from .once import has_changed, once

# What decides which of several contacts with one address is found, and whether one is.
ORDERED_BY = ("mail.followers", "mail.alias", "res.users")


class MailThread(models.AbstractModel):
    """The contacts of an address, which core looks for five times in the mail of a stranger."""

    _inherit = "mail.thread"

    def _partner_find_from_emails(
        self, records_emails, avoid_alias=True, ban_emails=None, filter_found=None,
        additional_values=None, no_create=False,
    ):
        """Look for contacts once for a mail, and not at all where nobody is known.

        Whom core has found for no record and without a filter, it finds for no other record.
        """
        ask = super()._partner_find_from_emails

        def find(chosen):
            return ask(
                records_emails, avoid_alias=avoid_alias, ban_emails=ban_emails,
                filter_found=chosen, additional_values=additional_values, no_create=no_create,
            )

        if (
            ATTEMPT not in self.env.context or len(records_emails) != 1
            or ban_emails or not avoid_alias or not no_create
            or has_changed(self.env, "res.partner")
        ):
            return find(filter_found)
        record, emails = next(iter(records_emails.items()))
        emails = tuple(emails)
        partners = self.env["res.partner"]

        def found():
            if any(has_changed(self.env, model) for model in ORDERED_BY):
                return find(None)[record.id].ids
            question = (self._name, tuple(self.ids), record.id, emails)
            return once(self.env, partners._name, question, lambda: find(None)[record.id].ids)

        if not once(self.env, partners._name, emails, lambda: bool(found())):
            return {record.id: partners}
        return find(filter_found) if filter_found else {record.id: partners.browse(found())}

from odoo import models, tools
from odoo.tools.mail import email_normalize, parse_contact_from_email

from .attempt import ATTEMPT
from .once import has_changed, once

# What decides which of several contacts with one address is found, and whether one is.
ORDERED_BY = ("mail.followers", "mail.alias", "res.users")
FIND_OR_CREATE, FIND = "_find_or_create_from_emails", "_partner_find_from_emails"
# Whose ways to find a contact are known here.
KNOWN = ("odoo.addons.mail.", "odoo.addons.mail_postmaster.")


class MailThread(models.AbstractModel):
    """The contacts of an address, which core looks for five times in the mail of a stranger."""

    _inherit = "mail.thread"

    def _partner_find_from_emails(
        self,
        records_emails,
        avoid_alias=True,
        ban_emails=None,
        filter_found=None,
        additional_values=None,
        no_create=False,
    ):
        """Look for contacts once for a mail, and not at all where nobody is known.

        Whom core has found for no record and without a filter, it finds for no other record.
        """
        ask = super()._partner_find_from_emails

        def find(chosen):
            return ask(
                records_emails,
                avoid_alias=avoid_alias,
                ban_emails=ban_emails,
                filter_found=chosen,
                additional_values=additional_values,
                no_create=no_create,
            )

        if (
            ATTEMPT not in self.env.context
            or len(records_emails) != 1
            or ban_emails
            or not avoid_alias
            or not no_create
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

        if not once(self.env, partners._name, emails, lambda: self._is_known(emails, found)):
            return {record.id: partners}
        return find(filter_found) if filter_found else {record.id: partners.browse(found())}

    def _is_known(self, emails, found):
        """Tell whether anybody has one of these addresses, without all that chooses among them.

        :param emails: texts with an address each
        :param found: function that asks core
        """
        addresses = {parse_contact_from_email(email)[1] for email in emails}
        is_plain = addresses == {email_normalize(email or "", strict=False) for email in emails}
        if not is_plain or not self._finds_as_core():
            return bool(found())
        # Whoever hands mail over need not be allowed to read alias domains.
        own = self.env["mail.alias.domain"].sudo()._find_aliases(list(addresses))
        strangers = list(addresses.difference(own))
        # Core's very search, which is remembered (res.partner.search).
        return bool(
            strangers
            and self.env["res.partner"].search(
                [("email_normalized", "in", strangers)],
                order="id ASC",
            )
        )

    @tools.ormcache("self._name")
    def _finds_as_core(self):
        """Tell whether no other addon has a way of its own to find contacts."""
        return all(
            base.__module__.startswith(KNOWN)
            for model, method in ((self, FIND), (self.env["res.partner"], FIND_OR_CREATE))
            for base in type(model).__mro__
            if method in vars(base)
        )

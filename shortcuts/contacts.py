"""The contacts of an address, which core looks up five times for an unknown sender."""

from collections.abc import Callable
from typing import Literal

from odoo import models
from odoo.tools.mail import email_normalize, parse_contact_from_email

from . import is_on
from .memoize import has_changed, memoize_for_attempt

IS_ON = is_on("contacts")
# What determines whether a contact is found, and which of several with one address.
ORDERED_BY = ("mail.followers", "mail.alias", "res.users")


def find(
    thread, records_emails: dict[models.BaseModel, list[str]], ask: Callable, options: dict
) -> dict[int | Literal[False], models.BaseModel]:
    """Look up contacts once for a message, and not at all if none is known.

    An address for which core finds no contact without a filter is not looked up again, for any
    record.

    :param ask: core's ``_partner_find_from_emails``
    :param options: its other arguments
    """
    filter_found = options["filter_found"]

    def find_with(chosen):
        return ask(records_emails, **{**options, "filter_found": chosen})

    if (
        not IS_ON
        or len(records_emails) != 1
        or options["ban_emails"]
        or not options["avoid_alias"]
        or not options["no_create"]
        or has_changed(thread.env, "res.partner")
    ):
        return find_with(filter_found)
    record, emails = next(iter(records_emails.items()))
    emails = tuple(emails)
    partners = thread.env["res.partner"]

    def found():
        if any(has_changed(thread.env, model) for model in ORDERED_BY):
            return find_with(None)[record.id].ids
        question = (thread._name, tuple(thread.ids), record.id, emails)
        return memoize_for_attempt(
            thread.env, partners._name, question, lambda: find_with(None)[record.id].ids
        )

    if not memoize_for_attempt(
        thread.env, partners._name, emails, lambda: _is_known(thread, emails, found)
    ):
        return {record.id: partners}
    return find_with(filter_found) if filter_found else {record.id: partners.browse(found())}


def _is_known(thread, emails, found):
    """Return whether any contact has one of these addresses, without choosing among them.

    :param emails: texts with an address each
    :param found: function that queries core
    """
    addresses = {parse_contact_from_email(email)[1] for email in emails}
    is_plain = addresses == {email_normalize(email or "", strict=False) for email in emails}
    if not is_plain or not thread.env["mail.postmaster.shortcuts"]._finds_as_core(thread._name):
        return bool(found())
    # The submitter of a message may not be allowed to read alias domains.
    own = thread.env["mail.alias.domain"].sudo()._find_aliases(list(addresses))
    others = list(addresses.difference(own))
    # Exactly core's search, whose result is remembered (res.partner.search).
    return bool(
        others
        and thread.env["res.partner"].search([("email_normalized", "in", others)], order="id ASC")
    )

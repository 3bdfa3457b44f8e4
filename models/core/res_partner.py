from odoo import api, models
from odoo.fields import Domain

from ...context_keys import ATTEMPT
from ...shortcuts import change_tracking  # noqa: F401  what is extended here
from ...shortcuts.memoize import memoize_for_attempt

# The fields by which core looks up contacts (res.partner._find_or_create_from_emails of 19.0).
BY_ADDRESS = {"email", "email_normalized"}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "mail.postmaster.watched"]

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """Search the contacts of an address once per message (``_find_or_create_from_emails``)."""
        ask = super().search
        if ATTEMPT not in self.env.context or offset or limit or order != "id ASC":
            return ask(domain, offset=offset, limit=limit, order=order)
        domain = Domain(domain)
        if any(condition.field_expr not in BY_ADDRESS for condition in domain.iter_conditions()):
            return ask(domain, order=order)
        ids = memoize_for_attempt(
            self.env, self._name, repr(domain), lambda: ask(domain, order=order).ids
        )
        return self.browse(ids)

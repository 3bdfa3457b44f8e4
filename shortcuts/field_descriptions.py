from odoo import api, models, tools

from ..context_keys import ATTEMPT
from . import is_on

IS_ON = is_on("field_descriptions")
FIND_OR_CREATE, FIND = "_find_or_create_from_emails", "_partner_find_from_emails"
# The modules whose methods to find a contact are known here.
KNOWN = ("odoo.addons.mail.", "odoo.addons.mail_postmaster.")


class MailPostmasterShortcuts(models.AbstractModel):
    """Values that are the same for many messages, kept until the registry changes."""

    _name = "mail.postmaster.shortcuts"
    _description = "Performance shortcuts"

    @api.model
    @tools.ormcache("model_name")
    def _finds_as_core(self, model_name):
        """Return whether no other addon overrides how to find contacts."""
        return all(
            base.__module__.startswith(KNOWN)
            for model, method in (
                (self.env[model_name], FIND),
                (self.env["res.partner"], FIND_OR_CREATE),
            )
            for base in type(model).__mro__
            if method in vars(base)
        )

    @api.model
    def _fields_of(self, model_name):
        """Describe the fields of a model once for many messages.

        ``message_new`` of 19.0 requests the full description of all fields of a model, and uses
        their names: a tenth of the CPU time of a small message.
        """
        described = self._described_fields(model_name)
        return {name: dict(field) for name, field in described.items()}

    @api.model
    @tools.ormcache("model_name", "self.env.uid", "self.env.su", "self.env.lang")
    def _described_fields(self, model_name):
        return self.env[model_name].with_context(**{ATTEMPT: None}).fields_get()

from odoo import api, models, tools
from odoo.exceptions import ValidationError

from ...gateway.addresses import BadAddress, canonical, canonical_domain


class MailGatewayAllowed(models.Model):
    """Senders without a rate limit: addresses, and whole domains as ``@example.com``."""

    _inherit = "mail.gateway.allowed"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create([self._in_one_form(vals) for vals in vals_list])

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(self._in_one_form(vals))

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    def _in_one_form(self, vals):
        """Return values with the entry in the form that senders are compared with.

        :raises ValidationError: for an entry that cannot match a sender
        """
        entry = (vals.get("email") or "").strip()
        if not entry:
            return vals
        try:
            if entry.startswith("@"):
                return {**vals, "email": f"@{canonical_domain(entry[1:])}"}
            # Accept a display name around the address, as core does.
            canonical(entry.rpartition("<")[2].removesuffix(">"))
        except BadAddress as error:
            raise ValidationError(
                self.env._(
                    "%(entry)s is neither an address nor a domain such as @example.com, so it "
                    "cannot match any sender.",
                    entry=entry,
                )
            ) from error
        return vals

    @api.model
    def _allows(self, sender):
        """Return whether messages of a sender, a canonical address, are not counted."""
        exempt = self._exempt()
        return sender in exempt or f"@{sender.rpartition('@')[2]}" in exempt

    @api.model
    @tools.ormcache()
    def _exempt(self):
        """Return the addresses, and the domains as ``@example.com``, as a frozenset."""
        # The user who submits a message may not be allowed to read the list.
        entries = self.sudo().search([("email", "!=", False)])
        return frozenset(filter(None, map(_as_compared, entries.mapped("email"))))


def _as_compared(entry):
    """Return an entry in the form senders are compared with; an invalid old one never matches."""
    try:
        if entry.startswith("@"):
            return f"@{canonical_domain(entry[1:])}"
        return canonical(entry.rpartition("<")[2].removesuffix(">"))
    except BadAddress:
        return ""

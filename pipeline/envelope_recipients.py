from odoo import api, models, tools

from ..gateway import matching
from ..gateway.addresses import canonical
from ..gateway.trace import Trace
from . import recipients  # noqa: F401  what is extended here


class MailPostmasterRecipient(models.AbstractModel):
    """The recipients that a mail server may accept, before there is a message."""

    _inherit = "mail.postmaster.addressing"

    @api.model
    def _canonical_recipient(self, address):
        """Return the canonical form of an accepted recipient, None for an unknown one.

        Accepted are aliases, with a detail or by their local part, catchall, bounce and the default
        From address of a domain, former addresses of these, and all addresses of a domain with a
        fallback.

        :param str address: as the mail server has it
        :raises BadAddress: for an invalid address
        """
        wanted = canonical(address)
        found = matching.match(wanted, self._look_up([wanted]).book, Trace())
        return wanted if found or self._fallback_model([wanted]) else None

    @api.model
    def _fallback_model(self, addresses):
        """Return the name of the model for records of messages that no alias takes, or None.

        :param addresses: canonical recipients; the first whose domain has a fallback decides
        """
        fallbacks = self._fallbacks()
        homes = (home for address in addresses for home in self._homes([address]))
        return next((fallbacks[home] for home in homes if home in fallbacks), None)

    @tools.ormcache()
    def _fallbacks(self):
        """Return ``{alias domain id: name of the model}`` of the domains with a fallback."""
        domains = self.env["mail.alias.domain"].search([("fallback_model_id", "!=", False)])
        # Models are readable only by administrators; messages are received for all users.
        return {domain.id: domain.sudo().fallback_model_id.model for domain in domains}

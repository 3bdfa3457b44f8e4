"""The return path that identifies its message (VERP, in one number)."""

import re

from odoo import api, models
from odoo.tools.misc import hmac

from ..policy.settings import RETURN_PATH, SUBADDRESSING

SCOPE = "mail_postmaster return path"
# 40 bits: too many to guess one for a message, while the address stays short.
LENGTH_OF_SIGN = 10
# RFC 5321 section 4.5.3.1.1
LONGEST_LOCAL_PART = 64
# A detail in lower case, because servers on the path may not preserve the case.
_TOKEN = re.compile(r"([1-9]\d{0,8})-([0-9a-f]{%d})" % LENGTH_OF_SIGN)


class MailPostmasterReturnPath(models.AbstractModel):
    """Services replace the Message-Id, so their reports name an unknown one.

    The envelope sender comes back with every report (RFC 5321 section 6.1), so it carries the id of
    the message, with a signature that prevents forgery. It is not a header field.
    """

    _name = "mail.postmaster.return_path"
    _description = "Return path of sent messages"

    @api.model
    def _signed(self, message_id, bounce_address):
        """Return the bounce address with the token of a message, or the address itself.

        :param int message_id: of the ``mail.message``
        :param str bounce_address: of an alias domain
        """
        policies = self.env["mail.postmaster.policy"]._in_force()
        separators = policies.text(SUBADDRESSING)
        if policies.choice(RETURN_PATH) == "odoo" or not separators or not message_id:
            return bounce_address
        local_part, _at, domain = bounce_address.rpartition("@")
        signed = f"{local_part}{separators[0]}{message_id}-{self._sign(message_id)}"
        return f"{signed}@{domain}" if len(signed) <= LONGEST_LOCAL_PART else bounce_address

    @api.model
    def _message(self, addresses):
        """Return the ``mail.message`` whose token is in one of these addresses, or none.

        :param addresses: canonical addresses of the report's recipients
        """
        messages = self.env["mail.message"].sudo()
        for token in self._tokens(addresses):
            if token[2].lower() == self._sign(int(token[1])):
                return messages.browse(int(token[1])).exists()
        return messages

    def _tokens(self, addresses):
        # All domains: messages are sent for all companies.
        domains = self.env["mail.alias.domain"].sudo().search([])  # pylint: disable=no-search-all
        known = {(domain.bounce_alias or "", domain.name.lower()) for domain in domains}
        for address in addresses:
            local_part, _at, domain = address.lower().rpartition("@")
            for bounce_alias, name in known:
                # One character separates them, which may have been a different one at that time.
                if domain == name and bounce_alias and local_part.startswith(bounce_alias):
                    if token := _TOKEN.fullmatch(local_part[len(bounce_alias) + 1 :]):
                        yield token

    def _sign(self, message_id):
        return hmac(self.env(su=True), SCOPE, message_id)[:LENGTH_OF_SIGN]

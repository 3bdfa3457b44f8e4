import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

_logger = logging.getLogger(__name__)


class MailPostmasterErase(models.TransientModel):
    """Dialog to erase a sender's data from the log. It shows the number of messages.

    It covers the messages of all companies, because a person writes to a database, not to a
    company. Therefore it is restricted to system administrators.
    """

    _name = "mail.postmaster.erase"
    _description = "Erase a sender's data"

    address = fields.Char("Address of the sender", required=True)
    mail_count = fields.Integer("Messages from this address", compute="_compute_mail_count")

    @api.depends("address")
    def _compute_mail_count(self):
        self._check_system()
        # The messages of all companies, see above.
        messages = self.env["mail.postmaster.message"].sudo()
        for erase in self:
            address = email_normalize(erase.address)
            domain = [("email_normalized", "=", address)]
            erase.mail_count = messages.search_count(domain) if address else 0

    def action_erase(self):
        """Erase the sender's data from the log for good, and show the number of messages."""
        self.ensure_one()
        self._check_system()
        address = email_normalize(self.address)
        if not address:
            raise UserError(
                self.env._("“%(text)s” is not a valid email address.", text=self.address)
            )
        # No user has the right to write the log.
        count = self.env["mail.postmaster.retention"].sudo()._erase_sender(address)
        _logger.info("User %s erased the data of the sender of %s messages", self.env.uid, count)
        # This record would otherwise keep the address.
        self.unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Erased the data of the sender of %s messages.", count),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _check_system(self):
        """Refuse users who are not system administrators.

        :raises AccessError: if the user is not one
        """
        if not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only system administrators are allowed to do this."))

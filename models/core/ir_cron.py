from odoo import api, models

from ...context_keys import CURSOR_SESSION
from ...shortcuts import is_on

WAKE_UPS_ARE_SHARED = is_on("wake_ups")


class IrCron(models.Model):
    _inherit = "ir.cron"

    @api.model
    def _notifydb(self):
        """Wake up the workers once a second for many messages: core reconnects each time."""
        session = self.env.context.get(CURSOR_SESSION)
        if not session or not WAKE_UPS_ARE_SHARED:
            return super()._notifydb()
        return session.wake_up(super()._notifydb)

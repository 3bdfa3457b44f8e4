from odoo import models


class FetchmailServer(models.Model):
    _inherit = "fetchmail.server"

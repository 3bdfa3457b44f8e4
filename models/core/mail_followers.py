from odoo import models

from ...shortcuts import change_tracking  # noqa: F401  what is extended here


class MailFollowers(models.Model):
    _name = "mail.followers"
    _inherit = ["mail.followers", "mail.postmaster.watched"]

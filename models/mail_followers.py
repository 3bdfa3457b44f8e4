from odoo import models

from . import mail_postmaster_watched  # noqa: F401  what is extended here


class MailFollowers(models.Model):
    _name = "mail.followers"
    _inherit = ["mail.followers", "mail.postmaster.watched"]

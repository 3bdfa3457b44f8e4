from odoo import fields, models


class Message(models.Model):
    _inherit = "mail.postmaster.message"

    spam_score = fields.Char("Spam score", readonly=True, help="As the mail server has found it.")
    source = fields.Selection(selection_add=[("example", "Read from a folder")])

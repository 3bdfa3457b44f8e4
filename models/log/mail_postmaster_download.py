from odoo import fields, models

from . import mail_postmaster_exported  # noqa: F401  what is extended here


class MailPostmasterDownload(models.Model):
    """Which user downloaded which received message, and when (``create_uid``, ``create_date``).

    The download itself writes it; no user has the right to write, create or delete. It stays when
    the message it names is removed.
    """

    _name = "mail.postmaster.download"
    _description = "Download of a received message"
    _inherit = ["mail.postmaster.exported"]
    _order = "id desc"
    _rec_name = "message_id"

    mail_id = fields.Many2one(
        "mail.postmaster.message",
        "Received message",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    mail_number = fields.Integer(
        "Number",
        readonly=True,
        aggregator=None,
        help="Of the received message.",
    )
    message_id = fields.Char("Message-Id", readonly=True)
    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    create_uid = fields.Many2one("res.users", "Downloaded by", readonly=True)
    create_date = fields.Datetime("Downloaded", readonly=True)

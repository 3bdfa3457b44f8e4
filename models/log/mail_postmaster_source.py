from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import mail_postmaster_exported  # noqa: F401  what is extended here

PATH = "/postmaster/inbound"
LARGEST_MEGABYTES = 500


class MailPostmasterSource(models.Model):
    """A client that posts messages over HTTP: a mail provider, or the script of a mail server."""

    _name = "mail.postmaster.source"
    _description = "HTTP source of messages"
    _inherit = ["mail.postmaster.exported"]
    _order = "name, id"

    name = fields.Char(required=True, help="The email provider or mail server that posts messages.")
    active = fields.Boolean(
        default=True,
        help="Requests of an archived source are rejected as if they had no token.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company of messages that are not for an address of another company.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Acts as",
        index="btree_not_null",
        ondelete="set null",
        domain=[("share", "=", False)],
        help="Records are created as this user if the sender of a message is not a user. Empty: "
        "OdooBot, as for a mailbox.",
    )
    unknown_recipient = fields.Selection(
        [("park", "Hold for review"), ("refuse", "Refuse (422)")],
        "Messages to unknown addresses",
        required=True,
        default="park",
        help="Refuse them if the source can still notify the sender, such as the script of your "
        "own mail server. Most providers drop refused messages without notifying the sender.",
    )
    most_megabytes = fields.Integer(
        "Largest request (MB)",
        required=True,
        default=50,
        help="Larger requests are rejected with 413 without being read.",
    )
    token_ids = fields.One2many("mail.postmaster.token", "source_id", "Tokens")
    has_token = fields.Boolean("Has a valid token", compute="_compute_has_token")
    last_used = fields.Datetime("Last message", compute="_compute_last_used")
    url = fields.Char("URL to post to", compute="_compute_url")
    mail_count = fields.Integer(compute="_compute_mail_count")

    @api.constrains("most_megabytes")
    def _check_most_megabytes(self):
        for source in self:
            if not 1 <= source.most_megabytes <= LARGEST_MEGABYTES:
                raise ValidationError(
                    self.env._(
                        "The largest request must be between 1 and %(most)s MB.",
                        most=LARGEST_MEGABYTES,
                    )
                )

    @api.depends("token_ids.revoked_at")
    def _compute_has_token(self):
        for source in self:
            source.has_token = not all(source.token_ids.mapped("revoked_at"))

    @api.depends("token_ids.last_used")
    def _compute_last_used(self):
        for source in self:
            source.last_used = max(source.token_ids.mapped("last_used"), default=False)

    @api.depends("name")
    def _compute_url(self):
        base_url = self.env["ir.config_parameter"].get_base_url()
        for source in self:
            source.url = f"{base_url}{PATH}"

    @api.depends_context("uid")
    def _compute_mail_count(self):
        counts = dict(
            self.env["mail.postmaster.message"]._read_group(
                [("source_id", "in", self.ids)],
                ["source_id"],
                ["__count"],
            )
        )
        for source in self:
            source.mail_count = counts.get(source, 0)

    def action_new_token(self):
        """Create a token and show it, only this once."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New token"),
            "res_model": "mail.postmaster.token.show",
            "views": [(False, "form")],
            "target": "new",
            # As core shows an API key: the dialog has no table.
            "context": {
                "default_token": self.env["mail.postmaster.token"]._generate(self),
                "default_url": self.url,
            },
        }

    def action_mails(self):
        """Open the messages that this source has posted."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mail_postmaster.action_mail_postmaster_message"
        )
        return {**action, "domain": [("source_id", "=", self.id)], "context": {}}

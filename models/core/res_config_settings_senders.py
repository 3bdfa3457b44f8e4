"""The authentication of senders on the settings page."""

from odoo import api, fields, models

from ...policy.policy_fields import IDENTITY_POLICIES
from ...policy.settings import (
    AUTHENTICATION_OWN,
    AUTHSERV,
    IDENTITY,
    IDENTITY_OWN,
    IDENTITY_UNCHECKED,
)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    postmaster_authserv = fields.Char("Trusted mail servers", config_parameter=AUTHSERV)
    postmaster_suggested_servers = fields.Char(compute="_compute_postmaster_suggested_servers")
    postmaster_authentication_own = fields.Selection(
        [
            ("off", "Leave it to the mail servers"),
            ("auto", "Check in Odoo, if the Python libraries are installed"),
            ("on", "Check in Odoo"),
        ],
        "Messages they have not checked",
        config_parameter=AUTHENTICATION_OWN,
        default="off",
    )
    postmaster_identity = fields.Selection(
        IDENTITY_POLICIES,
        "Unauthenticated senders",
        config_parameter=IDENTITY,
        default="off",
    )
    postmaster_identity_own = fields.Selection(
        IDENTITY_POLICIES,
        "In the name of your own users",
        config_parameter=IDENTITY_OWN,
        default="off",
    )
    postmaster_checks_senders = fields.Boolean(compute="_compute_postmaster_authentication_note")
    postmaster_identity_unchecked = fields.Selection(
        [("off", "Accept, as Odoo does"), ("withhold", "Accept without its sender")],
        "In the name of your own users, while senders are not checked",
        config_parameter=IDENTITY_UNCHECKED,
        default="off",
    )
    postmaster_authentication_note = fields.Char(
        compute="_compute_postmaster_authentication_note",
    )

    @api.depends("postmaster_authserv", "postmaster_authentication_own")
    def _compute_postmaster_authentication_note(self):
        authentication = self.env["mail.postmaster.authentication"]
        for settings in self:
            missing = authentication._missing_libraries(
                bool(settings.postmaster_authserv),
                settings.postmaster_authentication_own == "on",
            )
            settings.postmaster_authentication_note = " ".join(map(self.env._, missing))
            settings.postmaster_checks_senders = settings.postmaster_authserv or (
                settings.postmaster_authentication_own != "off" and authentication._can_check()
            )

    @api.depends("postmaster_authserv")
    def _compute_postmaster_suggested_servers(self):
        authentication = self.env["mail.postmaster.authentication"]
        for settings in self:
            suggested = () if settings.postmaster_authserv else authentication._suggested_servers()
            settings.postmaster_suggested_servers = ", ".join(suggested)

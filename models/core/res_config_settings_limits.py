"""The limits of a message on the settings page, and the other settings about its content."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...gateway.limits import LIMITS as BOUNDS
from ...gateway.limits import MEGABYTE
from ...policy.settings import ALLOWED_DOMAINS, ATTACHMENTS, LIMITS, LOCAL_PARTS

PREFIX = "postmaster_limit_"
# The unit of a limit on the page, if it exceeds an integer field.
UNITS = {"field_effort": MEGABYTE}
# The limits an administrator may want to change; the others stop only attacks.
COMMON = ("raw_bytes", "attachments", "decoded_bytes", "addresses")
FIELDS = {name: f"{PREFIX}{name}" for name in BOUNDS}


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Not config_parameters: core would write all defaults into the database at each save.
    postmaster_limit_raw_bytes = fields.Integer("Bytes of a message")
    postmaster_limit_attachments = fields.Integer("Attachments")
    postmaster_limit_decoded_bytes = fields.Integer("Bytes of all attachments")
    postmaster_limit_addresses = fields.Integer("Addresses in all fields")
    # Whether the others are shown.
    postmaster_shows_all_limits = fields.Boolean("Show all limits")
    postmaster_limit_header_bytes = fields.Integer("Bytes of a header")
    postmaster_limit_header_fields = fields.Integer("Fields of a header")
    postmaster_limit_field_bytes = fields.Integer("Bytes of a field")
    postmaster_limit_references = fields.Integer("Message-Ids in References")
    postmaster_limit_comment_levels = fields.Integer("Levels of parentheses")
    postmaster_limit_parameters = fields.Integer("Parameters of Content fields")
    postmaster_limit_field_effort = fields.Integer("Effort to parse fields, in millions")
    postmaster_limit_lines = fields.Integer("Lines")
    postmaster_limit_parts = fields.Integer("Parts")
    postmaster_limit_levels = fields.Integer("Levels of parts")
    postmaster_limit_nested_bytes = fields.Integer("Bytes of messages in attached messages")
    postmaster_limit_text_parts = fields.Integer("Text parts")
    postmaster_limit_text_bytes = fields.Integer("Bytes of all text parts")
    postmaster_limit_html_bytes = fields.Integer("Bytes of HTML")
    postmaster_limit_html_tags = fields.Integer("HTML tags")
    postmaster_limit_text_effort = fields.Integer("Effort to clean texts")
    postmaster_limit_html_levels = fields.Integer("Levels of HTML elements")

    postmaster_attachments = fields.Selection(
        [("odoo", "As decoded by Odoo"), ("exact", "As sent, byte for byte")],
        "Attachments as sent",
        config_parameter=ATTACHMENTS,
        default="odoo",
    )
    postmaster_allowed_domains = fields.Char(
        "Allowed domains",
        config_parameter=ALLOWED_DOMAINS,
    )
    postmaster_local_parts = fields.Selection(
        [("any", "Any domain"), ("own", "The alias domains")],
        "If there are none",
        config_parameter=LOCAL_PARTS,
        default="any",
    )

    @api.constrains(*FIELDS.values())
    def _check_postmaster_limits(self):
        for settings in self:
            for name, field in FIELDS.items():
                unit = UNITS.get(name, 1)
                smallest, largest = BOUNDS[name].smallest // unit, BOUNDS[name].largest // unit
                if not smallest <= settings[field] <= largest:
                    raise ValidationError(
                        self.env._(
                            "The limit “%(name)s” (%(key)s) must be between %(smallest)s and "
                            "%(largest)s.",
                            name=self._fields[field]._description_string(self.env),
                            key=LIMITS[name],
                            smallest=f"{smallest:,}",
                            largest=f"{largest:,}",
                        )
                    )

    def _postmaster_limit_in_force(self, name):
        return self.env["mail.postmaster.policy"]._in_force().number(LIMITS[name]) // UNITS.get(
            name, 1
        )

    @api.model
    def _postmaster_limit_values(self):
        """Return the limits in force, whatever was written past the checks."""
        values = {field: self._postmaster_limit_in_force(name) for name, field in FIELDS.items()}
        # A limit that differs from its default is not hidden.
        values["postmaster_shows_all_limits"] = any(
            values[field] != BOUNDS[name].default // UNITS.get(name, 1)
            for name, field in FIELDS.items()
            if name not in COMMON
        )
        return values

    def _postmaster_write_limits(self, parameters):
        """Write the limits that were changed.

        :param parameters: ``ir.config_parameter`` of an administrator
        """
        for name, field in FIELDS.items():
            # A value written in another unit, or a default that an update may change, stays.
            if self[field] != self._postmaster_limit_in_force(name):
                value = self[field] * UNITS.get(name, 1)
                is_default = value == BOUNDS[name].default
                parameters.set_param(LIMITS[name], False if is_default else str(value))

from odoo import api, models
from odoo.exceptions import ValidationError

from ..gateway import authentication, retries
from ..gateway.addresses import BadDomains, parse_domains
from . import lookup  # noqa: F401  what is extended here
from .settings import (
    AUTHSERV,
    CHOICES,
    NUMBERS,
    PRESET,
    PRESETS,
    PROVIDERS,
    RETRY_MINUTES,
    SEPARATORS,
    SUBADDRESSING,
)

# Parameters that are neither a choice nor a number, and the functions that check them.
CHECKS = {
    RETRY_MINUTES: "_check_schedule",
    SUBADDRESSING: "_check_separators",
    PRESET: "_check_preset",
    PROVIDERS: "_check_domains",
    AUTHSERV: "_check_servers",
}


class MailPostmasterPolicy(models.AbstractModel):
    """The checks of values for our System Parameters."""

    _inherit = "mail.postmaster.policy"

    @api.model
    def _check_parameter(self, key, value):
        """Refuse an invalid value for one of our parameters.

        :raises ValidationError: with a sentence that names the parameter and the bounds
        """
        if not value:
            return
        if key in CHECKS:
            getattr(self, CHECKS[key])(key, value)
        if key in CHOICES and str(value) not in CHOICES[key]:
            raise ValidationError(
                self.env._(
                    "%(key)s must be one of: %(choices)s.",
                    key=key,
                    choices=", ".join(CHOICES[key]),
                )
            )
        if key in NUMBERS:
            self._check_number(key, str(value).strip())

    def _check_number(self, key, text):
        _default, smallest, largest = NUMBERS[key]
        # Python does not parse a number of thousands of digits.
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(largest))
        if not is_number or not smallest <= int(text) <= largest:
            raise ValidationError(
                self.env._(
                    "%(key)s must be a whole number between %(smallest)s and %(largest)s.",
                    key=key,
                    smallest=smallest,
                    largest=largest,
                )
            )

    def _check_schedule(self, key, value):
        try:
            retries.parse_schedule(value)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "%(key)s: enter at most %(most)s intervals in minutes, each between 1 and "
                    "%(longest)s, separated by commas, as in: %(example)s",
                    key=key,
                    longest=retries.LONGEST_MINUTES,
                    most=retries.MOST_STEPS,
                    example=retries.DEFAULT_SCHEDULE,
                )
            ) from error

    def _check_separators(self, key, value):
        if set(value) - set(SEPARATORS):
            raise ValidationError(
                self.env._(
                    "%(key)s: the separator of a sub-address must be one of these characters: "
                    "%(characters)s",
                    key=key,
                    characters=SEPARATORS,
                )
            )

    def _check_preset(self, _key, value):
        if value not in PRESETS:
            raise ValidationError(self.env._("The preset %(name)s does not exist.", name=value))

    def _check_domains(self, key, value):
        try:
            parse_domains(value)
        except BadDomains as error:
            raise ValidationError(
                self.env._(
                    "%(key)s: %(entry)s is not a domain name. Domains are separated by commas.",
                    key=key,
                    entry=error.entry,
                )
            ) from error

    def _check_servers(self, _key, value):
        try:
            authentication.parse_trusted_ids(value)
        except authentication.BadServers as error:
            raise ValidationError(
                self.env._(
                    "%(entry)s is not a valid mail server name, as it appears at the start of an "
                    "Authentication-Results field. Names are separated by commas, as in: "
                    "mail.example.com, *.example.org",
                    entry=error.entry,
                )
            ) from error

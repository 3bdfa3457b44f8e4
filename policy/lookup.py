from odoo import api, models, tools
from odoo.exceptions import AccessError, ValidationError

from ..gateway.addresses import domain_or_none
from .settings import (
    ALLOWED_DOMAINS,
    KEYS,
    LONGEST_ID,
    OURS,
    PRESET,
    PRESET_CHOSEN,
    PRESET_DOMAINS,
    PRESET_VALUES,
    PRESETS,
    RESPONSIBLE,
)
from .snapshot import Policies


class MailPostmasterPolicy(models.AbstractModel):
    """The settings of this addon, kept as System Parameters, and their bounds."""

    _name = "mail.postmaster.policy"
    _description = "Postmaster policies"

    @api.model
    def _parameter(self, key):
        """Return the text of a System Parameter, or False.

        The one place that reads them: later versions of Odoo replace ``get_param``.
        """
        # System Parameters are readable only by administrators; messages are processed for all
        # users.
        return self.env["ir.config_parameter"].sudo().get_param(key)

    @api.model
    @tools.ormcache(cache="stable")
    def _in_force(self):
        """Return the :class:`Policies` in force; kept until a System Parameter changes."""
        return Policies({key: self._parameter(key) for key in KEYS})

    @api.model
    def _responsible(self):
        """Return the user whom an administrator chose, or an empty recordset."""
        text = str(self._parameter(RESPONSIBLE) or "")
        # The user who submits a message may not read users; archived users are not notified.
        users = self.env["res.users"].sudo().with_context(active_test=True)
        if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
            return users
        return users.search([("id", "=", int(text))])

    @api.model
    def _preset(self):
        """Return the name of the preset that was applied last, or False."""
        name = self._parameter(PRESET)
        return name if name in PRESETS else False

    # --- presets -----------------------------------------------------------------------

    @api.model
    def apply_preset(self, name):
        """Write the values of a preset into the System Parameters, and nothing else.

        :param str name: ``recommended``, ``strict``, or ``odoo`` to leave the decisions to core
        :raises AccessError: see :meth:`_check_database_administrator`
        :raises ValidationError: for another name
        """
        self._check_database_administrator()
        if name not in PRESETS:
            raise ValidationError(self.env._("The preset %(name)s does not exist.", name=name))
        self._write_preset(name, PRESET_CHOSEN)
        return True

    @api.model
    def _write_preset(self, name, *more, leave=()):
        """Write a preset, and that ``more`` parameters are true; ``leave`` some as they are."""
        # Only system administrators may write System Parameters; the group was checked above.
        parameters = self.env["ir.config_parameter"].sudo()
        for key, value in self._preset_values(name).items():
            if key not in leave:
                parameters.set_param(key, value)
                if key == ALLOWED_DOMAINS:
                    # As it is stored: core's parameter is normalized.
                    parameters.set_param(PRESET_DOMAINS, self._parameter(key))
        parameters.set_param(PRESET, name)
        for key in more:
            parameters.set_param(key, "True")

    @api.model
    def _offers_recommended(self):
        """Return whether core's preset is in force without having been chosen."""
        return self._preset() == "odoo" and not self._parameter(PRESET_CHOSEN)

    @api.model
    def _preset_values(self, name):
        """Return what a preset would write, as ``{key: text or False}``; for a preview too.

        Allowed domains that a user entered stay: ``recommended`` and ``strict`` set them only if
        there are none, and ``odoo`` removes what these have written.
        """
        # Alias domains of all companies belong to this database.
        domains = self.env["mail.alias.domain"].sudo().search([])  # pylint: disable=no-search-all
        names = filter(None, map(domain_or_none, domains.mapped("name")))
        own_domains = ",".join(dict.fromkeys(names))
        allowed = self._parameter(ALLOWED_DOMAINS)
        values = dict(PRESET_VALUES.get(name, {}))
        if name in OURS and not allowed and own_domains:
            values[ALLOWED_DOMAINS] = own_domains
        if name == "odoo" and allowed and allowed == self._parameter(PRESET_DOMAINS):
            values[ALLOWED_DOMAINS] = False
        return {
            key: value for key, value in values.items() if (self._parameter(key) or False) != value
        }

    @api.model
    def _check_administrator(self):
        """Refuse users who are not Postmaster administrators.

        :raises AccessError: naming the group
        """
        if not self.env.su and not self.env.user.has_group("mail_postmaster.group_admin"):
            raise AccessError(self.env._("Only Postmaster administrators are allowed to do this."))

    @api.model
    def _check_database_administrator(self):
        """Refuse users who may not decide for the whole database.

        System administrators may, and Postmaster administrators of all its companies.

        :raises AccessError: naming who may
        """
        if self.env.is_system():
            return
        self._check_administrator()
        # Record rules hide the other companies, which are only counted here.
        companies = self.env["res.company"].sudo().search_count([])
        if len(self.env.user._get_company_ids()) < companies:
            raise AccessError(
                self.env._(
                    "This applies to all companies of the database: only system administrators, "
                    "and Postmaster administrators of all companies, are allowed to do it."
                )
            )

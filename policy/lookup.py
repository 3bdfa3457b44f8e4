from odoo import api, models, tools
from odoo.exceptions import AccessError, ValidationError

from .settings import (
    ADDED,
    ALLOWED_DOMAINS,
    AUTHSERV,
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
        parameters.set_param(PRESET_DOMAINS, False)
        parameters.set_param(PRESET, name)
        for key in more:
            parameters.set_param(key, "True")

    @api.model
    def _offers_recommended(self):
        """Return whether core's preset is in force without having been chosen."""
        return self._preset() == "odoo" and not self._parameter(PRESET_CHOSEN)

    @api.model
    def _offers_added(self):
        """Return whether the preset was chosen before all of its settings existed."""
        return self._preset() in OURS and not all(map(self._parameter, ADDED))

    @api.model
    def complete_preset(self):
        """Write those values of the preset that did not exist when it was chosen.

        :raises AccessError: see :meth:`_check_database_administrator`
        """
        self._check_database_administrator()
        # As for _write_preset.
        parameters = self.env["ir.config_parameter"].sudo()
        for key, value in self._preset_values(self._preset()).items():
            if key == ALLOWED_DOMAINS or key in ADDED and not self._parameter(key):
                parameters.set_param(key, value)
        parameters.set_param(PRESET_DOMAINS, False)
        return True

    @api.model
    def trust_servers(self, names):
        """Trust the results of more mail servers on the senders of messages.

        :param names: list of authserv-ids
        :raises AccessError: see :meth:`_check_database_administrator`
        :raises ValidationError: for a name that is not valid
        """
        self._check_database_administrator()
        known = filter(None, [self._parameter(AUTHSERV), *map(str, names)])
        # As for _write_preset.
        self.env["ir.config_parameter"].sudo().set_param(AUTHSERV, ", ".join(known))
        return True

    @api.model
    def _preset_values(self, name):
        """Return what a preset would write, as ``{key: text or False}``; for a preview too.

        Allowed domains that a user entered stay; those that a preset of an earlier version wrote
        are removed.
        """
        values = dict(PRESET_VALUES.get(name, {}))
        allowed = self._parameter(ALLOWED_DOMAINS)
        if values and allowed and allowed == self._parameter(PRESET_DOMAINS):
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

from odoo import api, models

from ...gateway.addresses import BadDomains, parse_domains
from ...policy.policy_fields import bad_domains
from ...policy.settings import ALLOWED_DOMAINS


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._checked_policy(vals, vals.get("key")) for vals in vals_list])

    def write(self, vals):
        """Check and normalize policies wherever they are written.

        Core normalizes the allowed domains only in ``set_param``, which the System Parameters view,
        RPC and data files do not call.
        """
        for parameter in self:
            checked = self._checked_policy(
                {"value": parameter.value, **vals},
                vals.get("key", parameter.key),
            )
            if checked["value"] != vals.get("value", parameter.value):
                super(IrConfigParameter, parameter).write({**vals, "value": checked["value"]})
            else:
                super(IrConfigParameter, parameter).write(vals)
        return True

    @api.model
    def _checked_policy(self, vals, key):
        value = vals.get("value")
        if not value:
            return vals
        self.env["mail.postmaster.policy"]._check_parameter(key, value)
        if key != ALLOWED_DOMAINS:
            return vals
        try:
            # Without blanks: core compares the text between the commas.
            return {**vals, "value": ",".join(parse_domains(value))}
        except BadDomains as error:
            raise bad_domains(self.env, error) from error

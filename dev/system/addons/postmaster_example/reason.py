from odoo import api, models
from odoo.tools import LazyTranslate

from odoo.addons.mail_postmaster.gateway import states
from odoo.addons.mail_postmaster.rules.reasons import AGAIN, MESSAGE, Definition

_lt = LazyTranslate(__name__)


class Reasons(models.AbstractModel):
    _inherit = "mail.postmaster.reason"

    @api.model
    def _definitions(self):
        return {
            **super()._definitions(),
            "example_invoice_held": Definition(
                _lt("The invoice “%(subject)s” is held for the accountants."),
                (states.PARKED,),
                release=AGAIN,
                accepts=(MESSAGE,),
            ),
        }

from odoo import api, models

from odoo.addons.mail_postmaster.gateway import states
from odoo.addons.mail_postmaster.rules.table import Rule
from odoo.addons.mail_postmaster.rules.verdict import Reason, Step, Verdict


def invoices(message):
    """Hold invoices for review."""
    subject = message.field("Subject")
    if "invoice" not in subject.lower():
        return Verdict(Step("example_invoice", is_hit=False))
    reason = Reason(states.PARKED, "example_invoice_held", {"subject": subject})
    return Verdict(Step("example_invoice"), reason)


class Screening(models.AbstractModel):
    _inherit = "mail.postmaster.screening"

    @api.model
    def _rules_before_routing(self):
        return (*super()._rules_before_routing(), Rule("invoices", invoices))

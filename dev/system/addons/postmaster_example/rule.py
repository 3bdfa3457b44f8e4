from odoo import api, models

from odoo.addons.mail_postmaster.gateway import states
from odoo.addons.mail_postmaster.pipeline.attempt import Reason


class Screening(models.AbstractModel):
    _inherit = "mail.postmaster.screening"

    @api.model
    def _rules_before_routing(self):
        return [*super()._rules_before_routing(), "_screen_invoices"]

    def _screen_invoices(self, attempt):
        """Hold invoices for review. A rule reads and answers; it writes nothing."""
        subject = attempt.field("Subject")
        if "invoice" not in subject.lower():
            attempt.trace.miss("example_invoice")
            return None
        attempt.trace.hit("example_invoice")
        return Reason(states.PARKED, "example_invoice_held", {"subject": subject})

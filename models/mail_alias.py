import ast

from odoo import models

from ..gateway import states
from .attempt import ATTEMPT, Reason, RouteResult


class MailAlias(models.Model):
    _inherit = "mail.alias"

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        """Note a refused sender; hold back the answer for a broken alias.

        Core tells the sender and marks the alias as invalid on any exception, a passing
        conflict included. During an attempt that is only noted, and done once when the
        mail is given up.
        """
        attempt = self.env.context.get(ATTEMPT)
        if attempt and attempt.in_route and not attempt.is_callers:
            # Nothing is read here: core calls this with a cursor of its own, which need not
            # see the alias.
            attempt.alias_failures.append((self.id, message, message_dict))
            attempt.trace.miss("alias_bounce")
            return
        if attempt and not attempt.in_route and not attempt.is_over:
            self._note_refusal(attempt, set_invalid)
        super()._alias_bounce_incoming_email(message, message_dict, set_invalid=set_invalid)

    def _note_refusal(self, attempt, set_invalid):
        contact = dict(self._fields["alias_contact"]._description_selection(self.env))
        attempt.trace.miss(
            "alias_security", alias=self.display_name, contact=contact.get(self.alias_contact),
        )
        code = "alias_misconfigured" if set_invalid else "alias_security"
        reason = Reason(states.REFUSED, code, {"alias": self.display_name})
        attempt.results.append(RouteResult(f"alias:{self.id}", reason, alias_id=self.id))

    def _gateway_company(self):
        """Return the company that mail for this alias belongs to, or an empty recordset."""
        self.ensure_one()
        companies = self.env["res.company"]
        defaults = self._literal_defaults()
        company_id = defaults.get("company_id")
        # True is an int for Python and no id.
        if isinstance(company_id, int) and company_id is not True:
            if company := companies.browse(company_id).exists():
                return company
        owner_model = self.alias_parent_model_id.model
        if owner_model in self.env and self.alias_parent_thread_id:
            owner = self.env[owner_model].browse(self.alias_parent_thread_id).exists()
            if "company_id" in owner._fields and owner.company_id:
                return owner.company_id
        domain_companies = self.alias_domain_id.company_ids
        return domain_companies if len(domain_companies) == 1 else companies

    def _literal_defaults(self):
        try:
            defaults = ast.literal_eval(self.alias_defaults or "{}")
        except (ValueError, SyntaxError):
            return {}
        return defaults if isinstance(defaults, dict) else {}

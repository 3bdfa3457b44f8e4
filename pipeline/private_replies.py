from odoo import api, models, tools
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from . import participants  # noqa: F401  what is extended here


class MailPostmasterReply(models.AbstractModel):
    """Private conversations: those that internal users who take no part in them may not read."""

    _inherit = "mail.postmaster.reply"

    @api.model
    def _is_hidden(self, record):
        """Return whether an internal user who has no part in a record may not read it.

        This applies the record rules for all internal users, for a user who follows nothing and is
        a member of nothing: projects of followers, private tasks, invitation-only channels. Access
        rights on a model as a whole do not count: a user with access to leads reads leads.
        """
        rules = self._reading_rules(record._name)
        if not rules:
            return False
        # Some rules read what is computed for the current user.
        records = record.with_user(self.env.ref("base.public_user")).sudo()
        try:
            return not records.with_context(active_test=False).search_count(
                self._visible_to_outsider(rules) & Domain("id", "=", record.id)
            )
        except ValueError:
            # A rule that can be evaluated only for certain users keeps others out.
            return True

    def _visible_to_outsider(self, rules):
        """Return the domain of a tuple of ``(applies to all users, text of the domain)``."""
        # The rules are evaluated as for a user of every company.
        companies = self.env["res.company"].search([])  # pylint: disable=no-search-all
        context = {
            "user": _Outsider(self.env),
            "company_ids": companies.ids,
            "company_id": companies[:1].id,
        }
        domains = {True: [], False: []}
        for is_global, text in rules:
            domains[is_global].append(Domain(safe_eval(text, context)))
        allowed = Domain.OR(domains[False]) if domains[False] else Domain.TRUE
        return Domain.AND([*domains[True], allowed])

    @tools.ormcache("model")
    def _reading_rules(self, model):
        """Return ``(applies to all users, text of the domain)`` of the rules for internal users."""
        groups = self.env.ref("base.group_user").all_implied_ids
        rules = self.env["ir.rule"].search(
            [
                ("model_id.model", "=", model),
                ("perm_read", "=", True),
                "|",
                ("groups", "=", False),
                ("groups", "in", groups.ids),
            ]
        )
        return tuple((not rule.groups, rule.domain_force or "[]") for rule in rules)


class _Outsider:
    """The ``user`` of record rules, for an internal user who takes part in nothing."""

    def __init__(self, env):
        self._user = env.ref("base.public_user")
        self.all_group_ids = env.ref("base.group_user").all_implied_ids
        self.group_ids = self.all_group_ids

    def has_group(self, name):
        return name in self.all_group_ids.get_external_id().values()

    def __getattr__(self, name):
        return getattr(self._user, name)

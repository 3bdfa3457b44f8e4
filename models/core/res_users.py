from odoo import api, models, tools
from odoo.tools import SQL

from ...shortcuts import change_tracking  # noqa: F401  what is extended here
from ...shortcuts.cache_prefill import columns, put_into_cache
from .mail_alias_domain import VERSION

# What core reads of the user who processes a message.
TABLES = {
    "res.users": "res_users",
    "res.partner": "res_partner",
    "res.company": "res_company",
    "res.currency": "res_currency",
}
FROM_TABLES = """
    FROM res_users
    JOIN res_partner ON res_partner.id = res_users.partner_id
    JOIN res_company ON res_company.id = COALESCE(%(company)s, res_users.company_id)
    JOIN res_currency ON res_currency.id = res_company.currency_id
    WHERE res_users.id = %(user)s
"""


class ResUsers(models.Model):
    _name = "res.users"
    _inherit = ["res.users", "mail.postmaster.watched"]

    @api.model
    def _read_together(self):
        """Read the user, contact, company and currency together; core reads them one by one.

        :return: a text that changes as soon as an alias domain has changed
        """
        statement, names = self._statement_to_read_together()
        companies = self.env.context.get("allowed_company_ids") or [None]
        self.env.cr.execute(statement, {"user": self.env.uid, "company": companies[0]})
        values = iter(self.env.cr.fetchone() or [None])
        version = next(values)
        for model, names_of_model in names.items():
            record = self.env[model].browse(next(values, ()))
            put_into_cache(record, {name: [next(values, None)] for name in names_of_model})
        return version

    @api.model
    @tools.ormcache()
    def _statement_to_read_together(self):
        """Return ``(statement, {model: columns})``.

        The version of the alias domains comes first, and the id of each record before its columns.
        """
        names = {model: columns(self.env[model]) for model in TABLES}
        selected = SQL(", ").join(
            SQL.identifier(TABLES[model], name)
            for model, names_of_model in names.items()
            for name in ("id", *names_of_model)
        )
        return f"SELECT {VERSION}, {selected.code} {FROM_TABLES}", names

    def _readable_mail_models(self):
        """Return the names of the models this user may read, for a record rule.

        The rule's domain is cached until groups or access rights change, so this method is not.
        """
        self.ensure_one()
        return sorted(self.env["ir.model.access"].with_user(self)._get_allowed_models("read"))

    def _init_store_data(self, store):
        result = super()._init_store_data(store)
        store.add_global_values(
            has_access_postmaster=self.env.user.has_group("mail_postmaster.group_user"),
        )
        return result

from odoo import models

from ..gateway.envelope import split_addresses


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    def _gateway_company(self, recipients):
        """Return the company that mail for these addresses belongs to, or an empty recordset.

        :param str recipients: addresses, separated by commas
        """
        names = {address.partition("@")[2] for address in split_addresses(recipients)}
        domains = self.search([]).filtered(lambda domain: domain.name.lower() in names)
        companies = domains.company_ids
        return companies if len(companies) == 1 else companies.browse()

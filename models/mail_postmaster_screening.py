from odoo import api, models

from ..rules import table


class MailPostmasterScreening(models.AbstractModel):
    """The rules for received messages, which another addon can extend.

    Each is a :class:`rules.table.Rule`, a pure function of facts (``pipeline/facts.py``).
    """

    _name = "mail.postmaster.screening"
    _description = "Rules for received messages"

    @api.model
    def _rules_before_routing(self):
        """Return the rules for a message as a whole, in order."""
        return table.BEFORE_ROUTING

    @api.model
    def _rules_after_routing(self):
        """Return the rules for one target of a message, in order."""
        return table.AFTER_ROUTING

    @api.model
    def _rules_before_notice(self, are_ours):
        """Return the rules for a notice to the sender, in order.

        :param bool are_ours: whether notices follow our rules, and not only core's
        """
        return table.BEFORE_OUR_NOTICE if are_ours else table.BEFORE_NOTICE

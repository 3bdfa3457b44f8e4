from odoo import api, models

from ...gateway import states
from ...policy import guard
from . import mail_postmaster_message  # noqa: F401  what is extended here


class MailPostmasterMessage(models.Model):
    """What the list of received messages warns of."""

    _inherit = "mail.postmaster.message"

    @api.model
    def read_warnings(self):
        """Return what stops messages, or awaits a choice, for the banners above the list.

        :return: dict with ``is_copy``, ``is_passed_through``, ``waiting``: the number of messages
        that wait because of these, ``offers_recommended``, ``offers_added``,
        ``unchecked_senders`` (``withheld``, ``accepted``, or False), ``suggested_servers``,
        ``may_confirm`` and ``stored_otherwise``: ``[(id, name, name in messages)]`` of the alias
        domains whose names the user may repair
        """
        self.check_access("read")
        policy = self.env["mail.postmaster.policy"]
        authentication = self.env["mail.postmaster.authentication"]
        hold = policy._on_hold()
        may_confirm = self.env.user.has_group("mail_postmaster.group_admin")
        is_unsettled = authentication._is_unsettled()
        return {
            "is_copy": hold == guard.COPY,
            "is_passed_through": hold == guard.OFF,
            "waiting": hold and self.search_count([("state", "in", states.WAITING)]) or 0,
            "offers_recommended": policy._offers_recommended(),
            "offers_added": policy._offers_added(),
            "unchecked_senders": is_unsettled and authentication._unchecked_outcome(),
            "suggested_servers": (
                authentication._suggested_servers() if is_unsettled and may_confirm else ()
            ),
            "may_confirm": may_confirm,
            "stored_otherwise": [
                (domain.id, domain.name, domain.name_in_messages)
                for domain in self.env["mail.alias.domain"]._stored_otherwise()
            ],
        }

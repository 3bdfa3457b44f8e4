from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models, tools
from odoo.tools import SQL, format_date

from ...policy.settings import BLACKLIST_BOUNCES, BLACKLIST_DAYS, BLACKLIST_SPREAD, BOUNCE_BLACKLIST
from . import mail_postmaster_exported  # noqa: F401  what is extended here


class MailPostmasterBounce(models.Model):
    """The recent hard bounces of each address, and the rule that blacklists it.

    Odoo documents this rule, and implements it only for mass mailings: five within a month, with a
    week between the first and the last, so that a server that is broken for some days does not
    blacklist its users. A report counts once, and only if it is about a message of ours, because
    anyone can write a report.
    """

    _name = "mail.postmaster.bounce"
    _description = "Hard bounces"
    _inherit = ["mail.postmaster.exported"]
    _log_access = False
    _order = "at, id"

    address = fields.Char(required=True, readonly=True)
    at = fields.Datetime(required=True, readonly=True, index=True)
    code = fields.Char(readonly=True)
    mail_key = fields.Char(required=True, readonly=True)
    mail_id = fields.Many2one(
        "mail.postmaster.message",
        "Report",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _report_unique = models.UniqueIndex("(address, mail_key)")

    @api.model
    def _count(self, attempt, address, code):
        """Count a hard bounce of an address, and blacklist it when there were too many.

        :param attempt: the :class:`Attempt` at the report
        :param str address: normalized
        :param str code: why, of :mod:`gateway.reports.enhanced_status`
        """
        if self.env["mail.postmaster.policy"]._in_force().choice(BOUNCE_BLACKLIST) == "off":
            return
        self.env.cr.execute(
            """
            INSERT INTO mail_postmaster_bounce (address, at, code, mail_key, mail_id)
            VALUES (%s, %s, %s, %s, %s) ON CONFLICT (address, mail_key) DO NOTHING
            """,
            [address, self.env.cr.now(), code, attempt.mail.key, attempt.mail.id],
        )
        bounces = self._recent(address)
        if self._is_too_many(bounces) and self._blacklist(address, bounces):
            attempt.ledger.hit("blacklisted", address=address, count=len(bounces))

    def _recent(self, address):
        """Return the hard bounces of an address that count, the oldest first."""
        days = self.env["mail.postmaster.policy"]._in_force().number(BLACKLIST_DAYS)
        since = self.env.cr.now() - timedelta(days=days)
        return self.search([("address", "=", address), ("at", ">=", since)])

    def _is_too_many(self, bounces):
        policies = self.env["mail.postmaster.policy"]._in_force()
        if len(bounces) < policies.number(BLACKLIST_BOUNCES):
            return False
        return bounces[-1].at - bounces[0].at >= timedelta(days=policies.number(BLACKLIST_SPREAD))

    def _blacklist(self, address, bounces):
        """Blacklist an address and notify its contacts; return False if it already was."""
        # Core's list is for administrators; the gateway works for all users.
        blacklist = self.env["mail.blacklist"].sudo()
        if blacklist.search_count([("email", "=", address)], limit=1):
            return False
        note = bounces._note(address)
        blacklist._add(address, message=note)
        for contact in self.env["res.partner"].sudo().search([("email_normalized", "=", address)]):
            contact._message_log(body=note)
        return True

    def _note(self, address):
        """Return the note that names the reports, as HTML."""
        log = self.env["mail.postmaster.message"]
        said = self.env._(
            "Messages to %(address)s bounced %(count)s times. No mailings are sent to this "
            "address until it is removed from the blacklist.",
            address=address,
            count=len(self),
        )
        lines = Markup().join(
            Markup("<li>%s</li>")
            % self.env._(
                "%(date)s: %(why)s (received message #%(number)s)",
                date=format_date(self.env, bounce.at),
                why=log._why(bounce.code),
                number=bounce.mail_id.id or "?",
            )
            for bounce in self
        )
        return Markup("<p>%s</p><ul>%s</ul>") % (said, lines)

    @api.model
    def _forget(self, address):
        """Reset the count of an address: a message has arrived from it.

        :param str address: normalized
        :return: whether core has counted bounces of it, which core resets: it queries the models,
        and each of them, with separate statements
        """
        counts = []
        for name in self._bounce_counters():
            model = self.env[name]
            model.flush_model(["email_normalized", "message_bounce"])
            counts.append(
                SQL(
                    "EXISTS (SELECT FROM %s WHERE email_normalized = %s AND message_bounce > 0)",
                    SQL.identifier(model._table),
                    address,
                )
            )
        self.env.cr.execute(
            SQL(
                "WITH forgotten AS (DELETE FROM mail_postmaster_bounce WHERE address = %s)"
                " SELECT %s",
                address,
                SQL(" OR ").join(counts),
            )
        )
        return self.env.cr.fetchone()[0]

    @tools.ormcache()
    def _bounce_counters(self):
        """Return the names of the models in which core counts bounces (``is_mail_blacklist``)."""
        counter = self.env.registry["mail.thread.blacklist"]
        return [
            name
            for name, model in self.env.registry.items()
            if issubclass(model, counter) and not model._abstract
        ]

    @api.autovacuum
    def _gc_bounces(self):
        days = self.env["mail.postmaster.policy"]._in_force().number(BLACKLIST_DAYS)
        self.env.cr.execute(
            "DELETE FROM mail_postmaster_bounce WHERE at < %s",
            [self.env.cr.now() - timedelta(days=days)],
        )

from datetime import datetime, timedelta

from markupsafe import Markup

from odoo import api, fields, models

from ..gateway.mailbox.outage import FAILING, UNASKED, outage
from ..models.log import mail_postmaster_exported  # noqa: F401  what is extended here
from ..policy.settings import OUTAGE_MINUTES
from .server_run import BY_NUMBER

OVER = "over"
ACTIVITY = "mail_postmaster.mail_activity_outage"
# Servers that core's scheduled action fetches from.
FETCHED = [("state", "=", "done"), ("server_type", "!=", "local")]


class FetchmailServer(models.Model):
    """Whether messages still come from a mailbox."""

    _inherit = "fetchmail.server"

    def _outage(self):
        """Return why nothing comes from this server, see :func:`gateway.mailbox.outage.outage`."""
        self.ensure_one()
        if not self.active or not self.filtered_domain(FETCHED):
            return None
        minutes = self.env["mail.postmaster.policy"]._in_force().number(OUTAGE_MINUTES)
        return outage(
            self.env.cr.now(),
            timedelta(minutes=minutes),
            self.failing_since or None,
            self._asked_at(),
        )

    def _asked_at(self) -> datetime | None:
        """Return when this server was last contacted or changed; None for one that is not saved."""
        # Users who can see a server may lack access to its folders.
        moments = [self.date, self.write_date, *self.sudo().folder_ids.mapped("asked_at")]
        return max(filter(None, moments), default=None)


class MailPostmasterOutage(models.Model):
    """Times in which nothing came from a mailbox, and who was told.

    Core tells its administrators after days, by the date of an error that this addon resets.
    Servers that fetch unread messages, as in core, are left to core.
    """

    _name = "mail.postmaster.outage"
    _description = "Outages of mailboxes"
    _inherit = ["mail.postmaster.exported"]
    _order = "id desc"
    _rec_name = "server_id"

    server_id = fields.Many2one(
        "fetchmail.server", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [(FAILING, "Fetching fails"), (UNASKED, "Not fetched")], required=True, readonly=True
    )
    since = fields.Datetime(required=True, readonly=True)
    ended_at = fields.Datetime("Until", readonly=True)
    activity_id = fields.Many2one("mail.activity", readonly=True, ondelete="set null")

    _open_unique = models.UniqueIndex("(server_id) WHERE ended_at IS NULL")

    @api.model
    def _cron_tell(self):
        """Tell the responsible user about each outage once, and about its end."""
        if self.env["mail.postmaster.policy"]._on_hold():
            return
        servers = self.env["fetchmail.server"].search([*FETCHED, ("new_mail", "=", BY_NUMBER)])
        # A server that is being read is not dead, however slow it is.
        idle = servers.try_lock_for_update(allow_referencing=True)
        begun = self.search([("ended_at", "=", False)])
        for server in idle - begun.server_id:
            if kind := server._outage():
                self._begin(server, kind)
        for found in begun.filtered(lambda found: found.server_id in idle):
            if not found.server_id._outage() and found._is_over():
                found._tell(OVER)
                found._end()
        # A server that is no longer fetched from needs no attention.
        begun.filtered(lambda found: found.server_id not in servers)._end()

    def _begin(self, server, kind):
        since = server.failing_since if kind == FAILING else server._asked_at()
        found = self.create({"server_id": server.id, "kind": kind, "since": since})
        found._tell(kind)

    def _is_over(self):
        """Return whether a fetch has ended without an error since the outage was recorded."""
        success = self.server_id.last_success
        return bool(success and not self.server_id.failing_since and success > self.create_date)

    def _end(self):
        # Closed, unless its user has closed it.
        self.activity_id.filtered("active").action_feedback()
        self.write({"ended_at": self.env.cr.now()})

    # --- words ------------------------------------------------------------------------

    def _tell(self, what):
        """Tell the responsible user about a kind of outage, or about its end (:data:`OVER`)."""
        responsible = self.env["mail.postmaster.message"]._responsible_user()
        if not responsible:
            return
        told = self.with_context(lang=responsible.lang, tz=responsible.tz)
        subject, text = told._texts(what)
        body = Markup("<p>%s</p><p>%s</p>") % (text, told.server_id._get_html_link())
        if what != OVER:
            self.activity_id = told._schedule(responsible, subject, body)
        responsible.partner_id.message_notify(
            partner_ids=responsible.partner_id.ids, subject=subject, body=body
        )

    def _texts(self, what):
        """Return ``(subject, text)`` in the language of the context."""
        server = self.server_id
        none_come = self.env._("No messages come from %s", server.name)
        if what == FAILING:
            return none_come, self.env._(
                "Fetching has been failing since %(since)s. The last error: %(error)s",
                since=server._readable(self.since),
                error=server.error_message or self.env._("none was recorded"),
            )
        if what == UNASKED:
            return none_come, self.env._(
                "No fetch has been started since %(since)s. Check that the scheduled action that "
                "fetches messages is active, or that the mail daemon is running.",
                since=server._readable(self.since),
            )
        return (
            self.env._("Messages come from %s again", server.name),
            self.env._(
                "The last fetch without an error was at %s.", server._readable(server.last_success)
            ),
        )

    def _schedule(self, responsible, subject, body):
        """Return a new activity without a document: core's servers have no activities."""
        activity_type = self.env["ir.model.data"]._xmlid_to_res_id(
            ACTIVITY, raise_if_not_found=False
        )
        # The message about it is enough: no second one about the activity.
        activities = self.env["mail.activity"].with_context(mail_activity_quick_update=True)
        return activities.create(
            {
                "activity_type_id": activity_type,
                "user_id": responsible.id,
                "summary": subject,
                "note": body,
                "date_deadline": fields.Date.context_today(self),
                "automated": True,
            }
        )

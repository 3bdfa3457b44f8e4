"""Who is told that a mail needs a person, and when that is over."""

import logging

from odoo import api, fields, models

from ..gateway import states
from .mail_postmaster_policy import RESPONSIBLE

_logger = logging.getLogger(__name__)

ACTIVITY = "mail_postmaster.mail_activity_attention"
NOTIFICATION = "mail_postmaster/attention"


class MailPostmasterMessage(models.Model):
    _inherit = "mail.postmaster.message"

    def _call_for_attention(self):
        """Give the responsible person one activity a day, at the first parked mail.

        Called in the transaction that parks the mail; that it can not be told is no
        reason to lose what was found out about the mail.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._tell_administrators()
                self._schedule_attention()
        except Exception:  # noqa: BLE001  another addon's or the database's, and the mail comes first
            _logger.exception("Mail %s needs attention, and nobody could be told", self.id)

    def _schedule_attention(self):
        activity_type = self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY)
        responsible = self._responsible_user()
        if not activity_type or not responsible:
            return
        today = fields.Date.context_today(self.with_context(tz=responsible.tz))
        # In sudo as its caller is: mail is processed for users who may not plan for others.
        activities = self.env["mail.activity"].sudo()
        if activities.search_count([
            ("activity_type_id", "=", activity_type), ("user_id", "=", responsible.id),
            ("date_deadline", "=", today),
        ], limit=1):
            return
        # Not sent by mail: a problem with mail must not cause more of it.
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY, date_deadline=today, user_id=responsible.id,
            summary=self.with_context(lang=responsible.lang).reason,
        )

    def _responsible_user(self):
        """Return the user of the setting, else the first administrator of the mail's company."""
        users = self.env["res.users"].sudo()  # Whoever hands mail over may not read users.
        chosen = str(self.env["mail.postmaster.policy"]._parameter(RESPONSIBLE) or "")
        if chosen.isdigit():
            user = users.browse(int(chosen)).exists()
            if user.active:
                return user
        administrators = [("all_group_ids", "in", self.env.ref("mail_postmaster.group_admin").ids)]
        if self.company_id:
            administrators.append(("company_ids", "in", self.company_id.ids))
        return users.search(administrators, order="id", limit=1)

    def _call_off_attention(self):
        """Close the activities of those of these mails that need nobody any more."""
        settled = self.sudo().filtered(lambda mail: mail.state != states.PARKED)
        settled.activity_feedback([ACTIVITY])
        self._tell_administrators()

    @api.model
    def _tell_administrators(self):
        """Make the counters on the administrators' screens count again."""
        # Group and channel are read for users who may see neither.
        self.env.ref("mail_postmaster.group_admin").sudo()._bus_send(NOTIFICATION, {})

    # --- what mail.activity asks of a document --------------------------------------------

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Follow nothing: the log is no conversation.

        An activity subscribes its user to its document. A ``mail.thread`` would be a
        target for mail itself, and answers to a notification would be written into the log.
        """
        return True

    def message_post_with_source(self, source_ref, **kwargs):
        """Post nothing when an activity is done; its feedback stays on the activity."""
        return self.env["mail.message"]

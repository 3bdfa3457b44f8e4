"""Who is told that a mail needs a person, and when that is over."""

import logging

from odoo import api, fields, models

from ..gateway import states
from . import mail_postmaster_message  # noqa: F401  what is extended here
from .log_without_values import frames

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
        except Exception as error:  # noqa: BLE001  another addon's or the database's, and the mail comes first
            _logger.error(
                "Mail %s needs attention, and nobody could be told\n%s",
                self.id,
                frames(error),
            )

    def _schedule_attention(self):
        responsible = self._responsible_user()
        activity_type = self.env["ir.model.data"]._xmlid_to_res_id(
            ACTIVITY, raise_if_not_found=False
        )
        if not activity_type or not responsible:
            return
        if self._has_activity_of_today(activity_type, responsible):
            return
        if not self._is_first_to_tell(activity_type, responsible):
            return
        # Not sent by mail: a problem with mail must not cause more of it.
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY,
            user_id=responsible.id,
            date_deadline=fields.Date.context_today(self.with_context(tz=responsible.tz)),
            summary=self.with_context(lang=responsible.lang).reason,
        )

    @api.model
    def _has_activity_of_today(self, activity_type, responsible):
        # In sudo as its caller is: mail is processed for users who may not plan for others.
        return bool(
            self.env["mail.activity"]
            .sudo()
            .search_count(
                [
                    ("activity_type_id", "=", activity_type),
                    ("user_id", "=", responsible.id),
                    ("create_date", ">=", fields.Date.today()),
                ],
                limit=1,
            )
        )

    @api.model
    def _is_first_to_tell(self, activity_type, responsible):
        """Tell whether no other transaction makes, or has just made, the activity of today.

        Mails are parked side by side. Whoever does not get the lock leaves it to the one
        who has it, and waits for nobody. That one has to look again, from a transaction of
        its own: another may have committed after this one's snapshot was taken.
        """
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
            [ACTIVITY, responsible.id],
        )
        if not self.env.cr.fetchone()[0]:
            return False
        with self.env.registry.cursor() as cr:
            latest = self.with_env(self.env(cr=cr))
            return not latest._has_activity_of_today(activity_type, responsible)

    def _responsible_user(self):
        """Return the user of the setting, else the first administrator of the mail's company."""
        if chosen := self.env["mail.postmaster.policy"]._responsible():
            return chosen
        domain = [("all_group_ids", "in", self._administrators().ids)]
        if self.company_id:
            domain.append(("company_ids", "in", self.company_id.ids))
        # Whoever hands mail over may not read users; those who left are not asked.
        users = self.env["res.users"].sudo().with_context(active_test=True)
        return users.search(domain, order="id", limit=1)

    def _call_off_attention(self):
        """Close the activities of those of these mails that need nobody any more."""
        settled = self.sudo().filtered(lambda mail: mail.state != states.PARKED)
        settled.activity_feedback([ACTIVITY])
        self._tell_administrators()

    @api.model
    def _tell_administrators(self):
        """Make the counters on the administrators' screens count again."""
        self._administrators()._bus_send(NOTIFICATION, {})

    @api.model
    def _administrators(self):
        group_id = self.env["ir.model.data"]._xmlid_to_res_id("mail_postmaster.group_admin")
        # For users who may not read groups.
        return self.env["res.groups"].sudo().browse(group_id)

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

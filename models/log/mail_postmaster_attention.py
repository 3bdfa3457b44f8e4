"""Who is notified that a message needs attention, and when that ends."""

import logging

from odoo import api, fields, models

from ...gateway import states
from ...pipeline.log_without_values import frames
from . import mail_postmaster_message  # noqa: F401  what is extended here

_logger = logging.getLogger(__name__)

ACTIVITY = "mail_postmaster.mail_activity_attention"
NOTIFICATION = "mail_postmaster/attention"


class MailPostmasterMessage(models.Model):
    _inherit = "mail.postmaster.message"

    def _call_for_attention(self):
        """Schedule one activity a day for the responsible user, at the first held message.

        Called in the transaction that holds the message. A failed notification must not cause
        the outcome of the message to be lost.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._tell_administrators()
                self._schedule_attention()
        except Exception as error:  # noqa: BLE001  another addon's or the database's; the message comes first
            _logger.error(
                "Message %s needs attention, but no notification could be sent\n%s",
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
        # Not sent by email: a problem with messages must not cause more of them.
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY,
            user_id=responsible.id,
            date_deadline=fields.Date.context_today(self.with_context(tz=responsible.tz)),
            summary=self.with_context(lang=responsible.lang).reason,
        )

    @api.model
    def _has_activity_of_today(self, activity_type, responsible):
        # In superuser mode like its caller: the user may not schedule activities for others.
        return bool(
            self.env["mail.activity"]
            .sudo()
            .search_count(
                [
                    ("activity_type_id", "=", activity_type),
                    ("user_id", "=", responsible.id),
                    ("create_date", ">=", self.env.cr.now().date()),
                ],
                limit=1,
            )
        )

    @api.model
    def _is_first_to_tell(self, activity_type, responsible):
        """Return whether no other transaction creates, or has just created, today's activity.

        Messages are held in parallel. A transaction that does not get the lock leaves the activity
        to the one that has it, without waiting. The latter has to check again, in a separate
        transaction: another may have committed after its snapshot was taken.
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
        """Return the user of the setting, else the first administrator of the message's company."""
        if chosen := self.env["mail.postmaster.policy"]._responsible():
            return chosen
        domain = [("all_group_ids", "in", self._administrators().ids)]
        if self.company_id:
            domain.append(("company_ids", "in", self.company_id.ids))
        # The user who submits a message may not read users; archived users are not notified.
        users = self.env["res.users"].sudo().with_context(active_test=True)
        return users.search(domain, order="id", limit=1)

    def _call_off_attention(self):
        """Close the activities of those of these messages that no longer need attention."""
        settled = self.sudo().filtered(lambda mail: mail.state != states.PARKED)
        settled.activity_feedback([ACTIVITY])
        self._tell_administrators()

    @api.model
    def _tell_administrators(self):
        """Make the counters in the administrators' views count again."""
        self._administrators()._bus_send(NOTIFICATION, {})

    @api.model
    def _administrators(self):
        group_id = self.env["ir.model.data"]._xmlid_to_res_id("mail_postmaster.group_admin")
        # For users who may not read groups.
        return self.env["res.groups"].sudo().browse(group_id)

    # --- what mail.activity asks of a document --------------------------------------------

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Follow nothing: the log is not a conversation.

        An activity subscribes its user to its document. A ``mail.thread`` would itself be a target
        for messages, and replies to a notification would be written into the log.
        """
        return True

    def message_post_with_source(self, source_ref, **kwargs):
        """Post nothing when an activity is done; its feedback stays on the activity."""
        return self.env["mail.message"]

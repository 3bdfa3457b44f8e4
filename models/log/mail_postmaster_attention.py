"""Who is notified that a message needs attention, and when that ends."""

import logging
from operator import attrgetter

from odoo import api, fields, models

from ...gateway import states
from ...pipeline.log_without_values import frames
from ...rules.notice import UNTOLD
from . import mail_postmaster_message  # noqa: F401  what is extended here

_logger = logging.getLogger(__name__)

ACTIVITY = "mail_postmaster.mail_activity_attention"
# In place of a group, for activities that are about all messages.
ALL = "all"
ROOM_ACTIVITY = "mail_postmaster.mail_activity_room"
NOTIFICATION = "mail_postmaster/attention"
# The activities that refusals can cause for a user within a day: outsiders choose how many aliases
# they address.
MOST_ALARMS = 10


class MailPostmasterMessage(models.Model):
    _inherit = "mail.postmaster.message"

    def _call_for_attention(self):
        """Schedule one activity a day for the responsible user, at the first held message.

        Refusals that the sender does not hear of have activities of their own: one a day for each
        reason and alias, up to :data:`MOST_ALARMS`. So they neither hide other messages nor fill
        the user's list.

        Called in the transaction that holds the message. A failed notification must not cause
        the outcome of the message to be lost.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._tell_administrators()
                self._schedule_attention()
                self._warn_of_scarce_room()
        except Exception as error:  # noqa: BLE001  another addon's or the database's; the message comes first
            _logger.error(
                "Message %s needs attention, but no notification could be sent\n%s",
                self.id,
                frames(error),
            )

    def _warn_of_scarce_room(self):
        """Tell the responsible user before there is no more room for such messages."""
        scarce = self.env["mail.postmaster.pipeline"]._scarce_room(self.email_normalized, self.size)
        if not scarce:
            return
        parameter, percent = scarce
        self._schedule_attention(
            ROOM_ACTIVITY,
            lambda mail: mail.env._(
                "Messages that wait or need attention take %(percent)s%% of the limit "
                "%(parameter)s. Above it, further messages are not accepted.",
                percent=percent,
                parameter=parameter,
            ),
        )

    def _schedule_attention(self, activity=ACTIVITY, summary_of=attrgetter("reason")):
        """Schedule an activity of a type, unless there is one of today.

        :param activity: external id of the type
        :param summary_of: function of this message, in the language of the user
        """
        responsible = self._responsible_user()
        activity_type = self.env["ir.model.data"]._xmlid_to_res_id(
            activity, raise_if_not_found=False
        )
        if not activity_type or not responsible:
            return
        group = self._attention_group() if activity == ACTIVITY else ALL
        if self._is_announced(group, activity_type, responsible):
            return
        if not self._is_first_to_tell(group, activity_type, responsible):
            return
        # Not sent by email: a problem with messages must not cause more of them.
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            activity,
            user_id=responsible.id,
            date_deadline=fields.Date.context_today(self.with_context(tz=responsible.tz)),
            summary=summary_of(self.with_context(lang=responsible.lang)),
        )

    def _attention_group(self):
        """Return ``(reason, alias id)`` of a refusal that the sender does not hear of, else None.

        The sender does not belong to it: an outsider has any number of addresses.
        """
        if UNTOLD not in (self.reason_params or {}):
            return None
        return self.reason_code, self.delivery_ids.alias_id[:1].id

    @api.model
    def _is_announced(self, group, activity_type, responsible):
        """Return whether a user has an activity of today about a group of messages."""
        # In superuser mode like its caller: the user may not read the activities of others.
        announced = self.sudo().search_fetch(
            [
                (
                    "activity_ids",
                    "any",
                    [
                        ("activity_type_id", "=", activity_type),
                        ("user_id", "=", responsible.id),
                        ("create_date", ">=", self.env.cr.now().date()),
                    ],
                )
            ],
            ["reason_code", "reason_params"],
        )
        if group == ALL:
            return bool(announced)
        groups = [message._attention_group() for message in announced]
        refusals = sum(one is not None for one in groups)
        return group in groups or group is not None and refusals >= MOST_ALARMS

    @api.model
    def _is_first_to_tell(self, group, activity_type, responsible):
        """Return whether no other transaction creates, or has just created, today's activity.

        Messages are held in parallel. A transaction that does not get the lock leaves the activity
        to the one that has it, without waiting. The latter has to check again, in a separate
        transaction: another may have committed after its snapshot was taken.
        """
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
            [f"{ACTIVITY} {activity_type} {group or ''}", responsible.id],
        )
        if not self.env.cr.fetchone()[0]:
            return False
        with self.env.registry.cursor() as cr:
            latest = self.with_env(self.env(cr=cr))
            return not latest._is_announced(group, activity_type, responsible)

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

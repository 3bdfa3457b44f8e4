from psycopg2.extras import Json

from odoo import api, models

from ..gateway import states
from ..rules.reasons import MESSAGE, REPEAT, SENDER, TARGET
from . import work  # noqa: F401  what is extended here
from .work import LEASE


class MailPostmasterRelease(models.AbstractModel):
    """How a settled message is processed again: offered again, or released by a user."""

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _offer_again(self, mail_id, joins):
        """Reset a refused message, under the same rules; return False if it is not refused."""
        with self._transaction(joins) as env:
            env.cr.execute(
                """
                UPDATE mail_postmaster_message SET
                    state = 'received', reason_code = 'waiting', reason_params = NULL,
                    attempts = 1, failures = 0,
                    next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                WHERE id = %(id)s AND state = 'refused'
                """,
                {"id": mail_id, "lease": LEASE},
            )
            return bool(env.cr.rowcount)

    @api.model
    def _release(self, mail_id, joins, changes):
        """Reset a settled message on request; return False if it is not settled.

        A refused or ignored message is then accepted, whatever core's checks say, and so is one
        that would have been refused if its sender had been told. If a message
        waits at some of its targets, these are accepted, and the decisions about the others stay. A
        repeated message gets a new key: releasing it means that it is wanted a second time.

        :param changes: dict of options that a user changed, in place of those changed at an earlier
        release; None to keep them
        """
        codes = self.env["mail.postmaster.reason"]._codes
        with self._transaction(joins) as env:
            env.cr.execute(
                """
                UPDATE mail_postmaster_message SET
                    state = 'received', reason_code = 'waiting', reason_params = NULL,
                    attempts = 1, failures = 0,
                    options = options || %(changes)s::jsonb || jsonb_build_object(
                        'accepted_targets', (
                            SELECT COALESCE(jsonb_agg(target), '[]') FROM mail_postmaster_delivery
                            WHERE (
                                    mail_key = mail_postmaster_message.mail_key
                                    -- With another key: it shares its Message-Id with another one.
                                    OR mail_id = mail_postmaster_message.id
                                )
                                AND (
                                    reason_code = ANY(%(accepts_target)s)
                                    OR state = 'parked' AND reason_params->'untold' IS NOT NULL
                                )
                        ),
                        'sender_accepted',
                        COALESCE((options->'sender_accepted')::boolean, false) OR EXISTS (
                            SELECT 1 FROM mail_postmaster_delivery
                            WHERE mail_id = mail_postmaster_message.id
                                AND reason_code = ANY(%(accepts_sender)s)
                        )
                    ),
                    released = COALESCE(released, false) OR state = ANY(%(turned_down)s)
                        OR reason_code = ANY(%(accepts_message)s)
                        OR reason_params->'untold' IS NOT NULL,
                    mail_key = CASE WHEN reason_code = ANY(%(repeats)s)
                        THEN mail_key || '#' || id ELSE mail_key END,
                    next_attempt = now() AT TIME ZONE 'UTC' + %(lease)s
                WHERE id = %(id)s AND state = ANY(%(states)s)
                """,
                {
                    "id": mail_id,
                    "states": list(states.RELEASABLE),
                    "lease": LEASE,
                    "repeats": codes(lambda known: known.release == REPEAT),
                    "accepts_message": codes(lambda known: MESSAGE in known.accepts),
                    "accepts_target": codes(lambda known: TARGET in known.accepts),
                    "accepts_sender": codes(lambda known: SENDER in known.accepts),
                    "turned_down": [states.REFUSED, states.IGNORED],
                    "changes": Json({"release": changes} if changes else {}),
                },
            )
            return bool(env.cr.rowcount)

    @api.model
    def _process_again(self, mail_id, changes=None):
        """Release a message and make an attempt at once, for a user who waits for it.

        If the attempt fails, the message is held again, where the user finds it, and not retried
        hours later.

        :param dict changes: ``addressed_to``: list of addresses in place of those of the header,
        empty to use ``model`` and ``thread_id`` (and ``custom_values``)
        """
        joins = self._has_written()
        if self._release(mail_id, joins, changes):
            self._process_stored(mail_id, joins, is_last=True)

from odoo import api, models
from odoo.tools import SQL

from ...gateway import states
from ...policy.settings import LOG_DAYS, RAW_DAYS, RAW_MEGABYTES

# A batch is one short transaction of the nightly clean-up.
BATCH = 1000
MEGABYTE = 1 << 20
# Content that no longer needs review; held and waiting messages are kept.
HANDLED = (states.DELIVERED, states.IGNORED, states.REFUSED)


class MailPostmasterRetention(models.AbstractModel):
    """How long received messages are kept, and how the data of a person is erased."""

    _name = "mail.postmaster.retention"
    _description = "Retention of received messages"

    @api.autovacuum
    def _gc_raw(self):
        """Remove the content of handled messages after some days."""
        days = self.env["mail.postmaster.policy"]._in_force().number(RAW_DAYS)
        return self._remove_raw(
            """
            SELECT id FROM mail_postmaster_message
            WHERE raw_kept AND state = ANY(%(handled)s) AND NOT %(kept)s
                AND settled_at < (now() AT TIME ZONE 'UTC') - %(days)s * interval '1 day'
            ORDER BY id LIMIT %(batch)s
            """,
            days=days,
        )

    @api.autovacuum
    def _gc_raw_above_cap(self):
        """Remove the oldest content of handled messages while the total exceeds the cap.

        Also that of messages whose senders could not be told of a refusal: an outsider can send any
        number of them, and the cap would apply if they were refused.
        """
        cap = self.env["mail.postmaster.policy"]._in_force().number(RAW_MEGABYTES) * MEGABYTE
        return self._remove_raw(
            """
            SELECT id FROM (
                SELECT id, state, raw_kept, reason_code,
                    state = 'parked' AND reason_params->'untold' IS NOT NULL AS is_untold,
                    sum(size::bigint) OVER (ORDER BY id DESC) AS newer
                FROM mail_postmaster_message WHERE raw_kept
            ) AS kept
            WHERE newer > %(cap)s AND NOT %(kept)s AND (state = ANY(%(handled)s) OR is_untold)
            ORDER BY id LIMIT %(batch)s
            """,
            cap=cap,
        )

    def _remove_raw(self, selection, **params):
        """Remove the content of the selected messages.

        :return: ``(removed, remaining)`` as ``ir.autovacuum`` expects
        """
        self.env.cr.execute(
            SQL(
                """
            WITH chosen AS (%s), gone AS (
                DELETE FROM mail_postmaster_raw WHERE message_id IN (SELECT id FROM chosen)
            )
            UPDATE mail_postmaster_message SET raw_kept = false
            WHERE id IN (SELECT id FROM chosen)
            """,
                SQL(
                    selection,
                    **params,
                    handled=list(HANDLED),
                    kept=self._is_kept(),
                    batch=BATCH,
                ),
            )
        )
        removed = self.env.cr.rowcount
        self.env["mail.postmaster.message"].invalidate_model(["raw_kept"])
        return removed, BATCH if removed == BATCH else 0

    def _is_kept(self):
        """Return SQL: a user still has to look at an ignored message."""
        codes = self.env["mail.postmaster.reason"]._codes(lambda known: known.keeps_content)
        return SQL(
            "(raw_kept AND state = 'ignored' AND COALESCE(reason_code, '') = ANY(%s))", codes
        )

    @api.autovacuum
    def _gc_log(self):
        """Remove old rows of handled messages from the log; core knows their Message-Ids.

        Also those of messages whose senders could not be told, as above.
        """
        days = self.env["mail.postmaster.policy"]._in_force().number(LOG_DAYS)
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM mail_postmaster_message
                WHERE (
                    state = ANY(%(handled)s)
                    OR state = 'parked' AND reason_params->'untold' IS NOT NULL
                ) AND NOT %(kept)s
                    AND create_date < (now() AT TIME ZONE 'UTC') - %(days)s * interval '1 day'
                ORDER BY id LIMIT %(batch)s
                """,
                handled=list(HANDLED),
                kept=self._is_kept(),
                days=days,
                batch=BATCH,
            )
        )
        ids = [mail_id for (mail_id,) in self.env.cr.fetchall()]
        # No user has the right to remove rows manually; the clean-up is not a user.
        self.env["mail.postmaster.message"].sudo().browse(ids).unlink()
        return len(ids), BATCH if len(ids) == BATCH else 0

    @api.model
    def _erase_sender(self, address):
        """Erase what the log knows of a sender: content, names, subjects, ids.

        Also erase the reports that counted as bounces of that address, which quote what was sent
        there.

        That a message arrived, when, and its outcome stay. The records it created are not part of
        the log, so they are not erased. A waiting message is ignored.

        :param str address: the sender's address
        :return: number of messages
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH bounces AS (
                DELETE FROM mail_postmaster_bounce WHERE address = %(address)s RETURNING mail_id
            )
            SELECT id FROM mail_postmaster_message
            WHERE email_normalized = %(address)s OR id IN (SELECT mail_id FROM bounces)
            FOR UPDATE
            """,
            {"address": address.strip().lower()},
        )
        ids = [mail_id for (mail_id,) in self.env.cr.fetchall()]
        # Activities and the log of downloads quote the message; no user has the right to change
        # them.
        self.env["mail.activity"].sudo().search(
            [
                ("res_model", "=", "mail.postmaster.message"),
                ("res_id", "in", ids),
            ]
        ).unlink()
        self.env["mail.postmaster.download"].sudo().search(
            [
                ("mail_number", "in", ids),
            ]
        ).write({"message_id": False})
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH chosen AS (
                SELECT unnest(%(ids)s) AS id
            ), gone AS (
                DELETE FROM mail_postmaster_raw WHERE message_id IN (SELECT id FROM chosen)
            ), deliveries AS (
                UPDATE mail_postmaster_delivery SET
                    reason_params = NULL, mail_key = 'erased:' || mail_id
                WHERE mail_id IN (SELECT id FROM chosen)
            )
            UPDATE mail_postmaster_message SET
                raw_kept = false, message_id = NULL, message_number = NULL,
                conversation_key = NULL, mail_key = 'erased:' || id,
                email_from = NULL, email_normalized = NULL, subject = NULL,
                recipients = NULL, trace = NULL, error = NULL, reason_params = NULL,
                options = NULL, authentication_results = NULL, next_attempt = NULL,
                reason_code = CASE WHEN state = ANY(%(open)s) THEN 'erased' ELSE reason_code END,
                state = CASE WHEN state = ANY(%(open)s) THEN 'ignored' ELSE state END
            WHERE id IN (SELECT id FROM chosen)
            """,
            {"ids": ids, "open": [states.RECEIVED, states.RETRY, states.PARKED]},
        )
        count = self.env.cr.rowcount
        self.env["mail.postmaster.message"].invalidate_model()
        return count

"""Which of the waiting messages is processed next.

A message that may be processed has no time of a next attempt, and an index of its own: the claim
takes the first by its *turn*, however many wait. A turn is given when a message is stored, and
again when it has failed: one after the last claimed one, and after the last of its sender and of
its conversation (start-time fair queuing). So senders and conversations take turns, however many
messages one of them has sent.

A message that must not be processed yet has a time: of a back-off, of a lease, or because an
earlier message of its conversation waits. Such a message is looked at again when the earlier one
was processed, when nothing else is ready, and at that time at the latest, a second for each place
in the conversation, so that nothing is lost with a process that dies in between.
"""

from datetime import timedelta

from odoo import api, models

from .mail_postmaster_authentication import LONGEST_CHECK
from .waiting import HOLDING_BACK, LONGEST_HOLD, NOW, PATIENCE, TURNS, WAITS

# How long a message belongs to the process that has claimed it, until the lock on its row
# protects the work. If that process dies, the message is taken over after this time.
CLAIM_LEASE = timedelta(seconds=5)
# Each claim looks at so many messages whose time has come.
MOST_NOTICED = 20

# Statistics may be from before a burst of messages: only indexes that stay fast are allowed. The
# commit of a claim need not survive the database server, which stops the work as well.
PREPARE = """
    SELECT set_config(name, 'off', true) FROM unnest(ARRAY[
        'synchronous_commit', 'enable_sort', 'enable_seqscan', 'enable_bitmapscan',
        'enable_hashjoin', 'enable_mergejoin'
    ]) AS name;
"""
# The next of the conversation of a message that was just processed.
CALL_NEXT = f"""
    UPDATE mail_postmaster_message SET next_attempt = NULL
    WHERE next_attempt IS NOT NULL AND attempts = 0 AND failures = 0 AND id = (
        SELECT id FROM mail_postmaster_message
        WHERE {WAITS} AND failures < {PATIENCE} AND conversation_key = (
            SELECT conversation_key FROM mail_postmaster_message WHERE id = %(after)s
        )
        ORDER BY id::bigint LIMIT 1
    );
"""
# Messages whose time has come are ready, or held back for longer.
NOTICE_DUE = f"""
    UPDATE mail_postmaster_message AS mail SET next_attempt =
        CASE WHEN holding.id IS NOT NULL THEN LEAST(
            GREATEST(holding.next_attempt, {NOW}) + interval '1 second', {NOW} + {LONGEST_HOLD}
        ) END
    FROM (
        SELECT id, conversation_key FROM mail_postmaster_message
        WHERE {WAITS} AND next_attempt <= {NOW}
        ORDER BY next_attempt LIMIT {MOST_NOTICED} FOR UPDATE SKIP LOCKED
    ) AS due LEFT JOIN LATERAL {HOLDING_BACK.format(mail="due")} AS holding ON true
    WHERE mail.id = due.id;
"""
# The first messages that were held back, where nothing holds them back any more.
NOTICE_FREE = f"""
    UPDATE mail_postmaster_message AS mail SET next_attempt = NULL
    FROM (
        SELECT id, conversation_key, attempts + failures AS tries FROM mail_postmaster_message
        WHERE {WAITS} AND next_attempt IS NOT NULL
        ORDER BY next_attempt LIMIT {MOST_NOTICED} FOR UPDATE SKIP LOCKED
    ) AS held
    WHERE mail.id = held.id AND held.tries = 0
        AND NOT EXISTS {HOLDING_BACK.format(mail="held")};
"""
CLAIM = f"""
    UPDATE mail_postmaster_message
    SET attempts = attempts + 1, next_attempt = {NOW} + %(lease)s
    WHERE id = (
        SELECT id FROM mail_postmaster_message AS mail
        WHERE {WAITS} AND next_attempt IS NULL
            AND NOT EXISTS {HOLDING_BACK.format(mail="mail")}
        ORDER BY turn, id LIMIT 1 FOR UPDATE OF mail SKIP LOCKED
    )
    RETURNING id, setval('{TURNS}', GREATEST(turn, (SELECT last_value FROM {TURNS})))
"""


class MailPostmasterClaim(models.AbstractModel):
    """How workers share the waiting messages, see the text above."""

    _inherit = "mail.postmaster.pipeline"

    @api.model
    def _claim_next(self, after=None):
        """Count an attempt for the next message that is due and return its id, or None.

        Counted in a commit before the work: a message that stops its process is known by it.

        :param int after: id of the message that the caller has just processed, or None
        """
        with self._short_transaction(joins=False) as cr:
            # Not by the caller's cursor, whose snapshot would be from before the claim.
            lease = self.with_env(self.env(cr=cr))._claim_lease()
            values = {"lease": lease, "after": after}
            cr.execute(PREPARE + (CALL_NEXT if after else "") + NOTICE_DUE + CLAIM, values)
            row = cr.fetchone()
            if not row:
                cr.execute(NOTICE_FREE + CLAIM, values)
                row = cr.fetchone()
            return row[0] if row else None

    def _claim_lease(self):
        """Return how long a claim lasts: DNS is asked before there is a lock."""
        is_asking = self.env["mail.postmaster.authentication"]._checks_itself()
        return CLAIM_LEASE + timedelta(seconds=LONGEST_CHECK if is_asking else 0)

    @api.model
    def _seconds_until_due(self):
        """Return the time until the next message of the log is due, None when none waits."""
        self.env.cr.execute(f"""
            SELECT CASE
                WHEN EXISTS (
                    SELECT FROM mail_postmaster_message WHERE {WAITS} AND next_attempt IS NULL
                ) THEN 0
                ELSE (
                    SELECT extract(epoch FROM min(next_attempt) - {NOW})
                    FROM mail_postmaster_message WHERE {WAITS} AND next_attempt IS NOT NULL
                )
            END::float
        """)
        return self.env.cr.fetchone()[0]

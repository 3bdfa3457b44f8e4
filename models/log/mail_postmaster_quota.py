from datetime import timedelta

from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from odoo import api, fields, models

from . import mail_postmaster_exported  # noqa: F401  what is extended here

# Longer than the longest window that can be set.
KEEP = timedelta(days=8)

# One at a time per sender and target; others do not wait. In one order, so that two messages with
# several limits do not wait for each other. The statement after it sees what was committed while
# this one waited.
LOCK = """
    SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(target || ' ' || sender, 0) AS key
        FROM unnest(%(targets)s::text[], %(senders)s::text[]) AS slot (target, sender)
        ORDER BY key
    ) AS ordered;
"""
# All slots or none. A message has one rate slot in a limit, however often it asks.
PLACE = """
    WITH missing AS (
        SELECT * FROM unnest(
            %(targets)s::text[], %(senders)s::text[], %(limits)s::int[], %(minutes)s::int[]
        ) WITH ORDINALITY AS slot (target, sender, most, minutes, position)
        WHERE NOT EXISTS (
            SELECT FROM mail_postmaster_quota AS taken WHERE taken.target = slot.target
                AND taken.sender = slot.sender AND taken.mail_key = %(key)s
        )
    ), full_limit AS (
        SELECT position FROM missing WHERE most <= (
            SELECT count(*) FROM (
                SELECT FROM mail_postmaster_quota AS taken
                WHERE taken.target = missing.target AND taken.sender = missing.sender
                    AND taken.at > %(now)s - missing.minutes * interval '1 minute'
                -- The order of the index: the planner's estimate for a sender
                -- must not lead to a scan of the table.
                ORDER BY taken.at DESC LIMIT missing.most
            ) AS recent
        ) ORDER BY position LIMIT 1
    ), reserved AS (
        INSERT INTO mail_postmaster_quota (sender, target, mail_key, at)
        SELECT sender, target, %(key)s, %(now)s FROM missing
        WHERE NOT EXISTS (SELECT FROM full_limit)
    )
    SELECT (SELECT position FROM full_limit)
"""
# Statements in one string are one transaction and one round trip (PostgreSQL manual, "Multiple
# Statements in a Simple Query"). The commit does not wait for the disk. The commit that creates the
# record comes later and does wait: it flushes all earlier commits, so that no record outlives its
# rate slot in a crash.
ALONE = """
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET LOCAL synchronous_commit = off;
"""


class MailPostmasterQuota(models.Model):
    """What the gateway has recently accepted, by sender and target: the memory of its rate limits.

    A message, or a part of it that is counted separately, has one rate slot at each target, however
    many attempts it takes.
    """

    _name = "mail.postmaster.quota"
    _description = "Rate limit slots"
    _inherit = ["mail.postmaster.exported"]
    _log_access = False
    _order = "id"

    sender = fields.Char(readonly=True)
    target = fields.Char(required=True, readonly=True)
    mail_key = fields.Char(required=True, readonly=True)
    # Without a separate index: PostgreSQL would use it to count the slots of a sender who has many
    # old ones, and read those of all others. Old rows are deleted once a day.
    at = fields.Datetime(required=True, readonly=True)

    # The key comes first: with the sender first, PostgreSQL takes either index for the slot of one
    # message, and reads all slots of a sender who has many.
    _place_unique = models.UniqueIndex("(mail_key, target, sender)")
    _window = models.Index("(target, sender, at)")

    @api.model
    def _reserve(self, attempt, slots, part=""):
        """Reserve rate slots for a message, all of them or none.

        This uses a short separate transaction. Counting and reserving inside the transaction that
        creates the record would miss what others are about to commit: at a limit of 3, eight
        parallel deliveries created eight records.

        :param attempt: the :class:`Attempt`; if it is joined to its caller's transaction, so is the
        reservation
        :param slots: list of :class:`rules.verdict.Slot`
        :param str part: what of the message is counted separately; empty for the whole
        :return: the first slot that is not available, None if all are reserved
        """
        values = {
            "targets": [slot.target for slot in slots],
            "senders": [slot.sender for slot in slots],
            "limits": [slot.limit for slot in slots],
            "minutes": [slot.minutes for slot in slots],
            "key": f"{attempt.mail.key} {part}" if part else attempt.mail.key,
            "now": self.env.cr.now(),
        }
        if attempt.mail.is_joined:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(LOCK + PLACE, values)
                position = self.env.cr.fetchone()[0]
        else:
            with self.env.registry.cursor() as cr:
                cr.connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
                cr.execute(ALONE + LOCK + PLACE, values)
                position = cr.fetchone()[0]
        return slots[position - 1] if position else None

    @api.model
    def _is_reserved(self, target, minutes, sender):
        """Return whether a rate slot of a sender is taken, as this transaction sees it.

        :param str target: what is limited
        :param int minutes: length of the window
        :param str sender: canonical address
        """
        since = self.env.cr.now() - timedelta(minutes=minutes)
        return bool(
            self.search_count(
                [("target", "=", target), ("sender", "=", sender), ("at", ">", since)],
                limit=1,
            )
        )

    @api.autovacuum
    def _gc_quota(self):
        self.env.cr.execute(
            "DELETE FROM mail_postmaster_quota WHERE at < %s",
            [self.env.cr.now() - KEEP],
        )

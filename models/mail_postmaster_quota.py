from datetime import timedelta

from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from odoo import api, fields, models

# Longer than the longest window that can be set.
KEEP = timedelta(days=8)

# One at a time per sender and target; others do not wait. The statement after it sees what was
# committed while this one waited.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(target)s || ' ' || %(sender)s, 0));"
# A message has one rate slot, however often it asks.
PLACE = """
    WITH known AS (
        SELECT FROM mail_postmaster_quota
        WHERE target = %(target)s AND sender = %(sender)s AND mail_key = %(key)s
    ), reserved AS (
        INSERT INTO mail_postmaster_quota (sender, target, mail_key, at)
        SELECT %(sender)s, %(target)s, %(key)s, %(now)s
        WHERE NOT EXISTS (SELECT FROM known) AND %(limit)s > (
            SELECT count(*) FROM (
                SELECT FROM mail_postmaster_quota
                WHERE target = %(target)s AND sender = %(sender)s AND at > %(since)s
                -- The order of the index: the planner's estimate for a sender
                -- must not lead to a scan of the table.
                ORDER BY at DESC LIMIT %(limit)s
            ) AS recent
        )
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM known) OR EXISTS (SELECT FROM reserved)
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

    A message has one rate slot at each target, however many attempts it takes.
    """

    _name = "mail.postmaster.quota"
    _description = "Rate limit slots"
    _log_access = False
    _order = "id"

    sender = fields.Char(readonly=True)
    target = fields.Char(required=True, readonly=True)
    mail_key = fields.Char(required=True, readonly=True)
    # Without a separate index: PostgreSQL would use it to count the slots of a sender who has many
    # old ones, and read those of all others. Old rows are deleted once a day.
    at = fields.Datetime(required=True, readonly=True)

    _place_unique = models.UniqueIndex("(target, sender, mail_key)")
    _window = models.Index("(target, sender, at)")

    @api.model
    def _reserve(self, attempt, target, limit, minutes, sender=""):
        """Reserve a rate slot for a message and return whether there was one.

        This uses a short separate transaction. Counting and reserving inside the transaction that
        creates the record would miss what others are about to commit: at a limit of 3, eight
        parallel deliveries created eight records.

        :param attempt: the :class:`Attempt`; if it is joined to its caller's transaction, so is the
        reservation
        :param str target: what is limited
        :param int limit: slots in the window
        :param int minutes: length of the window
        :param str sender: whose slots are counted, canonical; empty for those of all senders
        """
        now = fields.Datetime.now()
        values = {
            "sender": sender,
            "target": target,
            "key": attempt.mail_key,
            "limit": limit,
            "now": now,
            "since": now - timedelta(minutes=minutes),
        }
        if attempt.joined:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(LOCK + PLACE, values)
                return self.env.cr.fetchone()[0]
        with self.env.registry.cursor() as cr:
            cr.connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            cr.execute(ALONE + LOCK + PLACE, values)
            return cr.fetchone()[0]

    @api.model
    def _give_back(self, attempt, target, sender):
        """Release the rate slot that a message has reserved and does not use."""
        with self.env["mail.postmaster.pipeline"]._short_transaction(attempt.joined) as cr:
            cr.execute(
                "DELETE FROM mail_postmaster_quota "
                "WHERE target = %s AND sender = %s AND mail_key = %s",
                [target, sender, attempt.mail_key],
            )

    @api.model
    def _is_reserved(self, target, minutes, sender):
        """Return whether a rate slot of a sender is taken, as this transaction sees it.

        :param str target: what is limited
        :param int minutes: length of the window
        :param str sender: canonical address
        """
        since = fields.Datetime.now() - timedelta(minutes=minutes)
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
            [fields.Datetime.now() - KEEP],
        )

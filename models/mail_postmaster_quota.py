from datetime import timedelta

from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from odoo import api, fields, models

# Longer than the longest window that can be set.
KEEP = timedelta(days=8)

# One at a time for a sender and target; others do not wait. The statement after it sees what
# was committed while this one waited.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(target)s || ' ' || %(sender)s, 0));"
# A mail has one place, however often it asks.
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
                -- The order of the index: what PostgreSQL guesses of a sender is
                -- no reason to read the table.
                ORDER BY at DESC LIMIT %(limit)s
            ) AS recent
        )
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM known) OR EXISTS (SELECT FROM reserved)
"""
# Statements of one text are one transaction and one way to the server (PostgreSQL manual,
# "Multiple Statements in a Simple Query"). Its commit does not wait for the disk. The one that
# makes the record comes later and does: it writes all that was committed before, so that no
# record outlives its place in a crash.
ALONE = """
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET LOCAL synchronous_commit = off;
"""


class MailPostmasterQuota(models.Model):
    """What the gateway has accepted lately, from whom and for what: the memory of its limits.

    A mail has one place at each target, however often it is tried.
    """

    _name = "mail.postmaster.quota"
    _description = "Accepted mail, for limits"
    _log_access = False
    _order = "id"

    sender = fields.Char(readonly=True)
    target = fields.Char(required=True, readonly=True)
    mail_key = fields.Char(required=True, readonly=True)
    # Without an index of its own: PostgreSQL would use it to count the places of a sender who
    # has many old ones, and read those of all others. Old rows are deleted once a day.
    at = fields.Datetime(required=True, readonly=True)

    _place_unique = models.UniqueIndex("(target, sender, mail_key)")
    _window = models.Index("(target, sender, at)")

    @api.model
    def _reserve(self, attempt, target, limit, minutes, sender=""):
        """Reserve a place for a mail and tell whether there was one.

        In a short transaction of its own, because counting and reserving inside the one that
        makes the record would count neither what others are about to commit nor what this
        one has: at a limit of 3, eight parallel deliveries made eight records.

        :param attempt: the :class:`Attempt`; where it is joined to its caller's transaction, so
            is the reservation
        :param str target: what is limited
        :param int limit: places in the window
        :param int minutes: length of the window
        :param str sender: whose places are counted, canonical; empty for everybody's
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
        """Give back the place that a mail has reserved and does not take."""
        with self.env["mail.postmaster.pipeline"]._short_transaction(attempt.joined) as cr:
            cr.execute(
                "DELETE FROM mail_postmaster_quota "
                "WHERE target = %s AND sender = %s AND mail_key = %s",
                [target, sender, attempt.mail_key],
            )

    @api.model
    def _is_reserved(self, target, minutes, sender):
        """Tell whether a place of a sender is taken, as this transaction sees it.

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

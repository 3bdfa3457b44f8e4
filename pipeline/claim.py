"""Which of the waiting messages is processed next.

A message that may be processed has no time of a next attempt, and an index of its own: the claim
takes the first by its *turn*, however many wait. Turns are those of start-time fair queuing: a
message gets one after the last claimed one and after the last of its sender. One that was held
back behind others of its conversation gets another when it is ready, so that a conversation, which
is processed one message at a time, has one turn in each round; and so does one that has failed.
So senders and conversations take turns, however many messages one of them has sent.

A message that must not be processed yet has a time: of a back-off, of a lease, or because an
earlier message of its conversation waits. Such a message is looked at again when the earlier one
was processed, when nothing else is ready, and at that time at the latest, a second for each message
before it, so that nothing is lost with a process that dies in between.

A claim counts an attempt. If the outcome cannot be recorded, because the database is away or its
disk is full, the claim is given back: otherwise the attempt would count as a crash of the message.
A process claims nothing until it has given back what it could not process.

The statements of a claim stand in a function of the database, which plans them once for each
connection: planning took five times as long as the work.
"""

import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, models

from ..gateway import states
from .authentication import LONGEST_CHECK
from .waiting import (
    CURRENT_TURN,
    HELD,
    HOLDING_BACK,
    LAST_TURN,
    LONGEST_HOLD,
    NOW,
    PATIENCE,
    PLAN_BY_ORDER,
    SCHEDULED,
    SORTING,
    TURNS,
    WAITS,
)
from .work import AWAY

_logger = logging.getLogger(__name__)

# The ids of the messages whose claims this process has to give back, by the name of the database.
_unreturned = {}
# How long a message belongs to the process that has claimed it, until the lock on its row
# protects the work. If that process dies, the message is taken over after this time.
CLAIM_LEASE = timedelta(seconds=5)
# The number of due messages of each kind that a claim looks at.
MOST_NOTICED = 2

# The next message in the conversation of the one that was just processed.
CALL_NEXT = f"""
    UPDATE mail_postmaster_message
    SET next_attempt = NULL, turn = GREATEST(turn, {CURRENT_TURN} + 1)
    WHERE id = (
        SELECT id FROM mail_postmaster_message WHERE {HELD} AND id = (
            SELECT id FROM mail_postmaster_message
            WHERE {WAITS} AND failures < {PATIENCE} AND conversation_key = (
                SELECT conversation_key FROM mail_postmaster_message WHERE id = processed_id
            )
            ORDER BY id::bigint LIMIT 1
        ) FOR UPDATE SKIP LOCKED
    );
"""  # noqa: S608  made of constants
# The first messages whose waiting time is over. Those that are held back have a list of their own,
# so that retries do not wait behind them.
DUE = f"""
    SELECT id, conversation_key FROM mail_postmaster_message
    WHERE {WAITS} AND {{which}} AND next_attempt <= {NOW}
    ORDER BY next_attempt LIMIT {MOST_NOTICED} FOR UPDATE SKIP LOCKED
"""  # noqa: S608  made of constants
# They become ready, or are held back longer. A failed one comes after all others of its sender.
NOTICE_DUE = f"""
    UPDATE mail_postmaster_message AS mail SET
        next_attempt = CASE WHEN holding.id IS NOT NULL THEN LEAST(
            GREATEST(holding.next_attempt, {NOW}) + interval '1 second', {NOW} + {LONGEST_HOLD}
        ) END,
        turn = CASE
            WHEN holding.id IS NOT NULL THEN turn
            WHEN failures > 0 THEN {LAST_TURN.format(mail="mail")} + due.position
            ELSE GREATEST(turn, {CURRENT_TURN} + 1)
        END
    FROM (
        SELECT id, conversation_key, row_number() OVER () AS position FROM (
            SELECT * FROM ({DUE.format(which=SCHEDULED)}) AS scheduled
            UNION ALL SELECT * FROM ({DUE.format(which=HELD)}) AS held
        ) AS come
    ) AS due LEFT JOIN LATERAL {HOLDING_BACK.format(mail="due")} AS holding ON true
    WHERE mail.id = due.id;
"""  # noqa: S608  made of constants
# The first messages that were held back and that nothing holds back any more.
NOTICE_FREE = f"""
    UPDATE mail_postmaster_message AS mail
    SET next_attempt = NULL, turn = GREATEST(turn, {CURRENT_TURN} + 1)
    FROM (
        SELECT id, conversation_key FROM mail_postmaster_message
        WHERE {WAITS} AND {HELD}
        ORDER BY next_attempt LIMIT {MOST_NOTICED} FOR UPDATE SKIP LOCKED
    ) AS held
    WHERE mail.id = held.id
        AND (SELECT id FROM {HOLDING_BACK.format(mail="held")} AS holding) IS NULL;
"""  # noqa: S608  made of constants
CLAIM = f"""
    UPDATE mail_postmaster_message
    SET attempts = attempts + 1, next_attempt = {NOW} + lease
    WHERE id = (
        SELECT id FROM mail_postmaster_message AS mail
        WHERE {WAITS} AND next_attempt IS NULL
            AND (SELECT id FROM {HOLDING_BACK.format(mail="mail")} AS holding) IS NULL
        ORDER BY turn, id LIMIT 1 FOR UPDATE OF mail SKIP LOCKED
    )
    RETURNING id, setval('{TURNS}', GREATEST(turn, {CURRENT_TURN}))
    INTO claimed_id, claimed_turn;
"""  # noqa: S608  made of constants
# Planned once for each connection, when the log may be empty: by the indexes and their order.
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION mail_postmaster_claim_next(processed_id integer, lease interval)
    RETURNS integer LANGUAGE plpgsql
    {" ".join(f"SET {name} = off" for name in SORTING)}
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
    AS $$
    DECLARE
        claimed_id integer;
        claimed_turn bigint;
    BEGIN
        IF processed_id IS NOT NULL THEN {CALL_NEXT} END IF;
        {NOTICE_DUE}
        {CLAIM}
        IF claimed_id IS NULL THEN
            {NOTICE_FREE}
            IF FOUND THEN {CLAIM} END IF;
        END IF;
        RETURN claimed_id;
    END $$
"""
DROP_FUNCTION = "DROP FUNCTION IF EXISTS mail_postmaster_claim_next"
# The commit of a claim need not survive the database server, which stops the work as well.
CLAIM_NEXT = """
    SELECT set_config('synchronous_commit', 'off', true),
        mail_postmaster_claim_next(%(after)s, %(lease)s)
"""
# Counts only down to the failures: one of these attempts may have been recorded after all.
GIVE_BACK = """
    UPDATE mail_postmaster_message SET attempts = attempts - 1
    WHERE id IN (
        SELECT id FROM mail_postmaster_message
        WHERE id = ANY(%s) AND state = ANY(%s) AND attempts > failures FOR UPDATE SKIP LOCKED
    )
"""
UNTIL_DUE = f"""
    {PLAN_BY_ORDER}
    SELECT CASE WHEN (
        SELECT id FROM mail_postmaster_message WHERE {WAITS} AND next_attempt IS NULL
        ORDER BY turn, id LIMIT 1
    ) IS NULL THEN (
        SELECT extract(epoch FROM min(next_attempt) - {NOW}) FROM (
            (
                SELECT next_attempt FROM mail_postmaster_message WHERE {WAITS} AND {SCHEDULED}
                ORDER BY next_attempt LIMIT 1
            ) UNION ALL (
                SELECT next_attempt FROM mail_postmaster_message WHERE {WAITS} AND {HELD}
                ORDER BY next_attempt LIMIT 1
            )
        ) AS first_of_both
    ) ELSE 0 END::float
"""  # noqa: S608  made of constants


class MailPostmasterClaim(models.AbstractModel):
    """How workers share the waiting messages, see the text above."""

    _inherit = "mail.postmaster.pipeline"

    def init(self):
        super().init()
        self.env.cr.execute(FUNCTION)

    @api.model
    def _claim_next(self, after=None):
        """Count an attempt for the next message that is due and return its id, or None.

        While the database is on hold, none is due.

        Counted in a commit before the work: a message that stops its process is known by it.

        :param int after: id of the message that the caller has just processed, or None
        """
        with self._gives_back() as cr:
            # Not by the caller's cursor, whose snapshot would be from before the claim.
            pipeline = self.with_env(self.env(cr=cr))
            if pipeline.env["mail.postmaster.policy"]._on_hold():
                return None
            lease = pipeline._claim_lease()
            cr.execute(CLAIM_NEXT, {"lease": lease, "after": after})
            _setting, mail_id = cr.fetchone()
            return mail_id

    @api.model
    def _give_back(self, mail_id):
        """Do not count an attempt whose outcome the database could not record.

        If it cannot record this either, the next claim of this process does.
        """
        _unreturned.setdefault(self.env.cr.dbname, []).append(mail_id)
        try:
            with self._gives_back():
                pass
        except AWAY as error:
            _logger.warning(
                "Message %s: the attempt remains counted (%s)", mail_id, type(error).__name__
            )

    @contextmanager
    def _gives_back(self):
        """Yield the cursor of a short transaction that gives back what this process owes."""
        database = self.env.cr.dbname
        # Taken out, so that no other thread gives back the same.
        mail_ids = _unreturned.pop(database, [])
        try:
            with self._short_transaction(joins=False) as cr:
                if mail_ids:
                    cr.execute(GIVE_BACK, [mail_ids, list(states.WAITING)], log_exceptions=False)
                yield cr
        except BaseException:
            _unreturned.setdefault(database, []).extend(mail_ids)
            raise

    def _claim_lease(self):
        """Return how long a claim lasts: DNS is queried before there is a lock."""
        is_asking = self.env["mail.postmaster.authentication"]._checks_itself()
        return CLAIM_LEASE + timedelta(seconds=LONGEST_CHECK if is_asking else 0)

    @api.model
    def _seconds_until_due(self):
        """Return the time until the next message of the log is due, None when none waits for it."""
        with self._short_transaction(joins=False) as cr:
            if self.with_env(self.env(cr=cr)).env["mail.postmaster.policy"]._on_hold():
                return None
            cr.execute(UNTIL_DUE)
            return cr.fetchone()[0]

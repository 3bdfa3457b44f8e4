import json
import logging
import uuid
from collections import Counter
from functools import partial

import psycopg2
from psycopg2.extras import Json

from odoo import api, models

from ..context_keys import FETCH_RUN, STORE_ONLY
from ..gateway import envelope, fingerprint, states
from ..gateway.conversation import Thread, link
from .log_without_values import without_values
from .waiting import (
    LAST_OF_CONVERSATION,
    LAST_TURN,
    LONGEST_HOLD,
    NOW,
    PATIENCE,
    PLAN_BY_ORDER,
    WAITS,
)
from .work import LEASE

_logger = logging.getLogger(__name__)

# The channel that wakes up the workers of ``odoo-bin postmaster serve``, on every host.
CHANNEL = "mail_postmaster"

# Committed before the transport is notified, whatever the server's setting: ``off`` and
# ``local`` would let an acknowledged message be lost in a crash.
STORE = f"""
    WITH durable AS (
        SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' WHEN 'local' THEN 'on'
            ELSE current_setting('synchronous_commit') END, true)
    ), mail AS (
        SELECT * FROM jsonb_to_recordset(%(mails)s) AS mail (
            position integer, intake_key text, message_id text, mail_key text,
            digest text, email_from text, email_normalized text, recipients text, subject text,
            date timestamp, size integer, source text, server_id integer,
            http_source_id integer, uid integer, options jsonb, message_number bigint,
            conversation_key bigint, of_sender integer, of_conversation integer,
            raw_kept boolean, attempts integer, lease integer
        )
    ), queued AS (
        SELECT mail.*, last.id AS last_id, last.next_attempt AS last_attempt,
            {LAST_TURN.format(mail="mail")} AS last_turn
        FROM mail
        LEFT JOIN LATERAL {LAST_OF_CONVERSATION.format(mail="mail")} AS last ON true
    )
    INSERT INTO mail_postmaster_message (
        create_date, intake_key, message_id, mail_key,
        digest, email_from, email_normalized, recipients, subject, date, size, source,
        fetchmail_server_id, source_id, user_id, options, message_number, conversation_key,
        state, reason_code, attempts, failures, received_count, raw_kept, turn, next_attempt
    )
    SELECT
        {NOW}, intake_key, message_id,
        -- The same content is the same mail, also after it was released with a key of its own.
        COALESCE(
            (
                SELECT mail_key FROM mail_postmaster_message AS other
                WHERE other.message_id = NULLIF(mail.message_id, '')
                    AND other.digest = mail.digest
                ORDER BY id::bigint LIMIT 1
            ),
            mail_key
        ),
        digest, email_from, email_normalized, recipients, subject, date, size, source,
        (SELECT id FROM fetchmail_server WHERE id = server_id),
        (SELECT id FROM mail_postmaster_source WHERE id = http_source_id), uid,
        options, message_number, conversation_key, 'received', 'waiting', attempts, 0, 1, raw_kept,
        last_turn + of_sender,
        CASE
            WHEN lease > 0 THEN {NOW} + lease * interval '1 second'
            -- Behind others of its conversation, see pipeline/claim.py.
            WHEN last_id IS NOT NULL OR of_conversation > 1 THEN LEAST(
                GREATEST(last_attempt, {NOW})
                    + of_conversation * interval '1 second',
                {NOW} + {LONGEST_HOLD}
            )
        END
    FROM durable, queued AS mail ORDER BY position
    ON CONFLICT (intake_key) DO NOTHING
    RETURNING id, intake_key, mail_key, digest, recipients, state, true AS is_new
"""  # noqa: S608  made of constants

# In place of what cannot be read from a message.
NO_HEADER = {
    "message_id": None,
    "email_from": None,
    "email_normalized": None,
    "recipients": None,
    "subject": None,
    "date": None,
    "thread": Thread(),
}
# The conversations that waiting messages with these numbers belong to.
KNOWN_CONVERSATIONS = f"""
    SELECT number, COALESCE(
        (
            SELECT conversation_key FROM mail_postmaster_message
            WHERE message_number = number AND {WAITS} ORDER BY id::bigint LIMIT 1
        ),
        (
            SELECT conversation_key FROM mail_postmaster_message
            WHERE conversation_key = number AND {WAITS} AND failures < {PATIENCE}
            ORDER BY id::bigint LIMIT 1
        )
    ) FROM unnest(%s) AS number
"""  # noqa: S608  made of constants

# Other addons may pass any options.
_dumps = partial(json.dumps, default=str, skipkeys=True)


class MailPostmasterIntake(models.AbstractModel):
    """How messages are stored, before any decision about them."""

    _inherit = "mail.postmaster.pipeline"

    def _take_in(self, submission, joins):
        """Store a message, once for the same bytes from the same source.

        :return: dict with id, mail_key, digest, recipients, state, is_new
        """
        # A caller in the middle of its transaction submits on purpose, not after a crash.
        occasion = uuid.uuid4().hex if joins else ""
        values = self._intake_values(submission, occasion)
        try:
            return self._insert([(submission, values)], joins)[0]
        except (psycopg2.DataError, ValueError) as error:
            _logger.warning("A message is stored without its header (%s)", type(error).__name__)
        # PostgreSQL cannot store something in its header or options as text. The bytes are kept.
        values |= {**NO_HEADER, "options": submission.barest_options}
        return self._insert([(submission, values)], joins)[0]

    @api.model
    def _take_in_batch(self, submissions):
        """Store messages for the workers, all in one commit; each is safe when this returns.

        :param submissions: the :class:`Submission` of each message
        :return: the row of each, as from :meth:`_take_in`, in the same order; or the
            :class:`~.room.NoRoom` because of which it is not stored
        :raises psycopg2.OperationalError: if none of them is stored
        :raises OnHold: likewise, because this database may not receive messages now
        """
        self.env["mail.postmaster.policy"]._check_not_on_hold()
        without_room = self._without_room(submissions)
        stored = [
            submission
            for position, submission in enumerate(submissions)
            if position not in without_room
        ]
        pipeline = self.with_context(**{STORE_ONLY: True})
        rows = iter(pipeline._take_in_all(stored) if stored else ())
        return [
            self._no_room(without_room[position]) if position in without_room else next(rows)
            for position in range(len(submissions))
        ]

    @without_values
    def _take_in_all(self, submissions, note=None):
        """Store messages in one commit, or one by one if one of them cannot be stored that way.

        :param note: function of ``(cursor, rows)``, called in the transaction that stores
        :return: rows as of :meth:`_take_in`
        """
        try:
            mails = [
                (submission, self._intake_values(submission, "")) for submission in submissions
            ]
            rows = self._insert(mails, joins=False, note=note)
        except (psycopg2.DataError, ValueError) as error:
            _logger.info("The messages of a batch are stored one by one (%s)", type(error).__name__)
            rows = [self._take_in(submission, joins=False) for submission in submissions]
            if note:
                with self._short_transaction(joins=False) as cr:
                    note(cr, rows)
        if note and self._is_for_workers(joins=False):
            self._call_workers()
        return rows

    def _row_in_hand(self, joins):
        """Return the row of a message that the connection has stored with others, or None."""
        run = None if joins else self._fetch_run()
        return run.row_in_hand if run else None

    def _fetch_run(self):
        """Return the :class:`ServerRun` of the mailbox that is being read, or None."""
        fetch = self.env.context.get(FETCH_RUN)
        return fetch.run if fetch else None

    def _insert(self, mails, joins, note=None):
        """Store messages in the caller's transaction, or in a separate one that is durable.

        :param mails: a list of ``(submission, values)``
        :param note: see :meth:`_take_in_all`
        """
        if self._is_for_workers(joins):
            mails = [(mail, {**values, **_for_workers(mail)}) for mail, values in mails]
        stored = {}
        with self._short_transaction(joins) as cr:
            for wave in _waves(mails):
                stored |= self._store(cr, wave)
            rows = [
                stored.pop(values["intake_key"], None)
                or self._count_again(cr, values["intake_key"])
                for _submission, values in mails
            ]
            if note:
                note(cr, rows)
        return rows

    def _store(self, cr, mails):
        """Store messages with one statement; return ``{intake key: row}`` of those that are new."""
        # Failures are not logged: the parameters contain the content of messages.
        rows = self._rows_to_store(cr, mails)
        cr.execute(
            self._planning(cr) + STORE,
            {"mails": Json(rows, dumps=_dumps)},
            log_exceptions=False,
        )
        stored = {row.pop("intake_key"): row for row in cr.dictfetchall()}
        raws = {values["intake_key"]: mail.raw for mail, values in mails if values["raw_kept"]}
        self.env["mail.postmaster.raw"]._write_contents(
            cr,
            [(row["id"], raws[key]) for key, row in stored.items() if key in raws],
        )
        return stored

    def _planning(self, cr):
        """Return the planner settings to apply first, unless in the caller's transaction."""
        return "" if cr is self.env.cr else PLAN_BY_ORDER

    def _rows_to_store(self, cr, mails):
        """Return the columns of each message, with its position in the batch."""
        rows = [dict(values) for _mail, values in mails]
        threads = [row.pop("thread") for row in rows]
        of_sender, of_conversation = Counter(), Counter()
        keys = self._conversation_keys(cr, threads)
        for position, (row, thread, key) in enumerate(zip(rows, threads, keys, strict=True)):
            of_sender[row["email_normalized"]] += 1
            of_conversation[key] += key is not None
            row |= {
                "position": position,
                "message_number": thread.own,
                "conversation_key": key,
                "of_sender": of_sender[row["email_normalized"]],
                "of_conversation": of_conversation[key],
            }
        return rows

    def _conversation_keys(self, cr, threads):
        """Return the key of the conversation of each of some messages, see :func:`link`."""
        named = sorted({number for thread in threads for number in thread.ancestors})
        known = {}
        if named:
            cr.execute(self._planning(cr) + KNOWN_CONVERSATIONS, [named])
            known = {number: key for number, key in cr.fetchall() if key is not None}
        return link(threads, known)

    def _intake_values(self, submission, occasion):
        """Return the columns of a new row; ``occasion`` makes equal bytes a separate delivery."""
        raw = submission.raw
        head = envelope.read_envelope(raw)
        mail_digest = fingerprint.digest(raw)
        return {
            "uid": self.env.uid,
            "intake_key": fingerprint.intake_key(raw, submission.transport_key + occasion),
            "message_id": head.message_id[: envelope.LONGEST_TEXT],
            "mail_key": fingerprint.mail_key(head.message_id, mail_digest),
            "digest": mail_digest,
            "email_from": head.sender,
            "email_normalized": head.sender_address,
            "recipients": ", ".join(submission.recipients or head.recipients),
            "subject": head.subject,
            "date": head.date and head.date.isoformat(),
            "thread": head.thread,
            "size": len(raw) if submission.whole_size is None else submission.whole_size,
            "raw_kept": submission.whole_size is None,
            "source": submission.source,
            "server_id": submission.server_id,
            "http_source_id": submission.source_id,
            "options": submission.stored_options,
            "attempts": 1,
            "lease": int(LEASE.total_seconds()),
        }

    def _count_again(self, cr, intake_key):
        """Return the row of a message that was stored before, and count the new submission.

        A message that is being processed is not updated: its worker would get a conflict.
        """
        cr.execute(
            """
            UPDATE mail_postmaster_message SET received_count = received_count + 1
            WHERE intake_key = %(key)s AND state = ANY(%(settled)s);
            SELECT id, mail_key, digest, recipients, state, false AS is_new
            FROM mail_postmaster_message WHERE intake_key = %(key)s
            """,
            {"key": intake_key, "settled": list(states.SETTLED)},
        )
        return cr.dictfetchone()

    # --- who makes the first attempt --------------------------------------------------

    def _is_for_workers(self, joins):
        return not joins and bool(self.env.context.get(STORE_ONLY))

    @api.model
    def _call_workers(self):
        """Notify the workers of all hosts that messages are stored.

        Called after the commit of the intake, and not as a part of it: PostgreSQL lets only one
        transaction at a time commit that notifies. A lost notification costs a moment, because
        workers also check for themselves.
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, '')",
                [CHANNEL],
            )


def _for_workers(submission):
    """Return the columns of a message whose first attempt another process makes, at once."""
    if submission.whole_size is not None:
        # The code that stores only the header decides how to handle the message.
        return {}
    return {"attempts": 0, "lease": 0}


def _waves(mails):
    """Split messages into lists in which no Message-Id occurs twice.

    A statement does not see its own rows, and equal messages are found by Message-Id.
    """
    waves = []
    seen = {}
    for mail in mails:
        message_id = mail[1]["message_id"]
        number = seen.get(message_id, 0) if message_id else 0
        if message_id:
            seen[message_id] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(mail)
    return waves

"""What the database keeps of waiting messages: columns, indexes, and the conditions to use them.

The index on open content, of held messages as well, is for their sums (``pipeline/room.py``).

Statistics of the database are older than the burst of messages that makes the choice of an index
matter: a full scan of an index that was empty then looks free. So each query has an order that only
one index provides, and runs while the planner may not sort (``PLAN_BY_ORDER``). ``IS TRUE`` rules
out the index on states, ``COALESCE`` the one on senders, and ``::bigint`` the primary key.
"""

from ..gateway import states

SORTING = ["enable_sort", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "jit"]
# For the rest of a transaction, which should be short and separate.
PLAN_BY_ORDER = f"""
    SELECT set_config(name, 'off', true) FROM unnest(ARRAY{SORTING}) AS name;
"""  # noqa: S608  made of constants

WAITS = "(state IN ('received', 'retry')) IS TRUE"
# Content that nothing removes: there is no decision about the message.
OPEN_CONTENT = f"raw_kept AND state IN {states.OPEN}"
# Waiting for a time, of a back-off or a lease, or for an earlier message of its conversation.
SCHEDULED = "next_attempt IS NOT NULL AND attempts + failures > 0"
HELD = "next_attempt IS NOT NULL AND attempts + failures = 0"
# After so many failures, some minutes later, a message no longer holds back its conversation.
PATIENCE = 3
NOW = "now() AT TIME ZONE 'UTC'"
# The longest time until a message that is held back is checked again.
LONGEST_HOLD = "interval '5 minutes'"
TURNS = "mail_postmaster_message_turn_seq"

COLUMNS = {
    "message_number": "bigint",
    "conversation_key": "bigint",
    "turn": "bigint NOT NULL DEFAULT 0",
}
SEQUENCE = "MINVALUE 0 START 0 OWNED BY mail_postmaster_message.turn"
INDEXES = {
    "mail_postmaster_message__ready_index": f"(turn, id) WHERE {WAITS} AND next_attempt IS NULL",
    "mail_postmaster_message__scheduled_index": f"(next_attempt) WHERE {WAITS} AND {SCHEDULED}",
    "mail_postmaster_message__held_index": f"(next_attempt) WHERE {WAITS} AND {HELD}",
    "mail_postmaster_message__sender_turn_index": (
        f"((COALESCE(email_normalized, '')), turn) WHERE {WAITS}"
    ),
    "mail_postmaster_message__conversation_key_index": (
        f"(conversation_key, (id::bigint)) WHERE {WAITS} AND failures < {PATIENCE}"
    ),
    "mail_postmaster_message__message_number_index": (
        f"(message_number, (id::bigint)) WHERE {WAITS}"
    ),
    "mail_postmaster_message__open_content_index": (
        f"(email_normalized, size) WHERE {OPEN_CONTENT}"
    ),
    "mail_postmaster_message__same_content_index": "(message_id, digest, (id::bigint))",
}

# Subqueries about one message of a statement; its name there replaces {mail}.

# The last waiting message of the same conversation.
LAST_OF_CONVERSATION = f"""(
    SELECT id, next_attempt FROM mail_postmaster_message
    WHERE conversation_key = {{mail}}.conversation_key AND {WAITS} AND failures < {PATIENCE}
    ORDER BY id::bigint DESC LIMIT 1
)"""  # noqa: S608  made of constants
# The last waiting message of the same conversation that arrived before this one.
HOLDING_BACK = f"""(
    SELECT id, next_attempt FROM mail_postmaster_message
    WHERE conversation_key = {{mail}}.conversation_key AND id::bigint < {{mail}}.id
        AND {WAITS} AND failures < {PATIENCE}
    ORDER BY id::bigint DESC LIMIT 1
)"""  # noqa: S608  made of constants
# The turn of the last claimed message.
CURRENT_TURN = f"(SELECT last_value FROM {TURNS})"  # noqa: S608  made of constants
# The turn after which the next message of the same sender gets its turn.
LAST_TURN = f"""GREATEST(
    {CURRENT_TURN},
    (
        SELECT turn FROM mail_postmaster_message
        WHERE COALESCE(email_normalized, '') = COALESCE({{mail}}.email_normalized, '')
            AND {WAITS}
        ORDER BY turn DESC LIMIT 1
    )
)"""  # noqa: S608  made of constants

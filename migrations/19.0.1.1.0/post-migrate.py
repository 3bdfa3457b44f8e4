"""Give waiting messages a conversation key, and their sender a turn.

Previously they had a list of Message-Ids as numbers: their own, their References from the root
on, and the one they reply to.
"""

from odoo.addons.mail_postmaster.gateway.conversation import Thread, link


def migrate(cr, version):
    cr.execute("""
        SELECT FROM information_schema.columns
        WHERE table_name = 'mail_postmaster_message' AND column_name = 'conversation'
            AND table_schema = current_schema
    """)
    if not cr.rowcount:
        return
    cr.execute("""
        SELECT id, COALESCE(message_id, '') <> '', COALESCE(conversation, '{}')
        FROM mail_postmaster_message WHERE state IN ('received', 'retry') ORDER BY id
    """)
    rows = cr.fetchall()
    if rows:
        _write_keys(cr, rows)
    cr.execute("""
        UPDATE mail_postmaster_message AS mail SET turn = new.turn
        FROM (
            SELECT id, row_number() OVER (PARTITION BY email_normalized ORDER BY id) AS turn
            FROM mail_postmaster_message WHERE state IN ('received', 'retry')
        ) AS new WHERE mail.id = new.id;
        DROP INDEX IF EXISTS mail_postmaster_message__conversation_index;
        DROP INDEX IF EXISTS mail_postmaster_message__waiting;
        DROP INDEX IF EXISTS mail_postmaster_message__due;
        DROP INDEX IF EXISTS mail_postmaster_message__message_id_index;
        ALTER TABLE mail_postmaster_message DROP COLUMN conversation
    """)


def _write_keys(cr, rows):
    threads = [_thread(has_own, numbers) for _id, has_own, numbers in rows]
    ids = [mail_id for mail_id, _has_own, _numbers in rows]
    cr.execute(
        """
        UPDATE mail_postmaster_message AS mail
        SET message_number = new.number, conversation_key = new.key
        FROM unnest(%s, %s::bigint[], %s::bigint[]) AS new (id, number, key)
        WHERE mail.id = new.id
        """,
        [ids, [thread.own for thread in threads], link(threads, {})],
    )


def _thread(has_own, numbers):
    own, named = (numbers[0], numbers[1:]) if has_own and numbers else (None, numbers)
    return Thread(own, tuple(reversed(named)), next(iter(named), own))

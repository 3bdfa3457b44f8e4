"""Messages that wait have a key of their conversation in place of a list of Message-Ids."""


def migrate(cr, version):
    cr.execute("""
        SELECT FROM information_schema.columns
        WHERE table_name = 'mail_postmaster_message' AND column_name = 'conversation'
            AND table_schema = current_schema
    """)
    if not cr.rowcount:
        return
    # The list began with the message's own id, then its References from the root on.
    cr.execute("""
        UPDATE mail_postmaster_message SET
            message_number = conversation[1],
            conversation_key = COALESCE(conversation[2], conversation[1])
        WHERE state IN ('received', 'retry');
        DROP INDEX IF EXISTS mail_postmaster_message__conversation_index;
        DROP INDEX IF EXISTS mail_postmaster_message__waiting;
        DROP INDEX IF EXISTS mail_postmaster_message__due;
        DROP INDEX IF EXISTS mail_postmaster_message__message_id_index;
        ALTER TABLE mail_postmaster_message DROP COLUMN conversation
    """)

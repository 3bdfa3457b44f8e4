"""Keys of Odoo's context: what belongs to one message or one connection is found there."""

# The pipeline.attempt.Attempt that core processes a message in.
ATTEMPT = "mail_postmaster_attempt"
# The pipeline.cursor_session.CursorSession that consecutive messages share.
CURSOR_SESSION = "mail_postmaster_cursor_session"
# The mailbox that is being fetched.
FETCH_RUN = "mail_postmaster_fetch_run"
# Files of the filestore are to be written whole or not at all, as in an attempt.
WHOLE_FILES = "mail_postmaster_whole_files"
# The temporary path of such a file.
UNFINISHED = "mail_postmaster_unfinished"
# A transport that only needs to know that a message is safe sets this: the message is stored, and
# the workers or the scheduled action make the first attempt.
STORE_ONLY = "mail_postmaster_store_only"

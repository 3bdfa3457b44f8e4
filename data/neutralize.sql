-- A neutralized copy neither fetches nor answers mail until somebody confirms it.
DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.database';
-- Nobody posts to it with a token of the original.
DELETE FROM mail_postmaster_token;

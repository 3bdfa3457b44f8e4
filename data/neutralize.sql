-- A neutralized copy neither fetches messages nor sends notices until it is confirmed.
DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.database';
-- Tokens of the original must not work for the copy.
DELETE FROM mail_postmaster_token;

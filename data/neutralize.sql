-- A neutralized copy neither fetches nor answers mail until somebody confirms it.
DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.database';

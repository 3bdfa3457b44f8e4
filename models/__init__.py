from . import (
    fetchmail_server,
    mail_alias,
    mail_alias_domain,
    mail_mail,
    mail_message,
    mail_postmaster_delivery,
    mail_postmaster_message,
    mail_postmaster_pipeline,
    mail_postmaster_policy,
    mail_postmaster_raw,
    mail_postmaster_retention,
    mail_thread,
)

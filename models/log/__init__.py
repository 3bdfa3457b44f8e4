"""The models of this addon: the log of received messages, and what belongs to it."""

from . import (
    big_integer,
    mail_postmaster_attention,
    mail_postmaster_bounce,
    mail_postmaster_delivery,
    mail_postmaster_download,
    mail_postmaster_exported,
    mail_postmaster_fetch,
    mail_postmaster_folder,
    mail_postmaster_message,
    mail_postmaster_place,
    mail_postmaster_quota,
    mail_postmaster_raw,
    mail_postmaster_retention,
    mail_postmaster_retired_address,
    mail_postmaster_sentences,
    mail_postmaster_source,
    mail_postmaster_token,
    mail_postmaster_warnings,
    schema,
)

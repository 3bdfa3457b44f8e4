from . import (
    mail_postmaster_assign,
    mail_postmaster_erase,
    mail_postmaster_redirect,
    mail_postmaster_release,
)

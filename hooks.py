"""The hooks that run when the addon is installed or removed."""

import base64
import logging

from .context_keys import WHOLE_FILES
from .controllers.inbound import answer_without_database
from .gateway import states
from .pipeline.claim import DROP_FUNCTION
from .pipeline.log_without_values import install_filters
from .policy.settings import ALLOWED_DOMAINS

_logger = logging.getLogger(__name__)

OPEN = (states.RECEIVED, states.RETRY, states.PARKED)


def post_load():
    """Patch Odoo for the whole process, independently of the database.

    Odoo calls this when it first loads the addon. A program that loads the addon earlier, such as
    ``odoo-bin postmaster``, calls it itself.
    """
    install_filters()
    answer_without_database()


def post_init_hook(env):
    """Confirm the database and choose the policies it starts with.

    A database that already receives email keeps core's decisions; any other starts with the
    preset *Recommended*. No record of core is written: no action, server, domain or parameter.
    """
    policy = env["mail.postmaster.policy"]
    policy.confirm_database()
    # The settings show which domains the preset would write to core's parameter.
    policy._write_preset(
        "odoo" if _receives_mail(env) else "recommended",
        leave=(ALLOWED_DOMAINS,),
    )


def _receives_mail(env):
    servers = env["fetchmail.server"].with_context(active_test=False)
    return bool(
        servers.search_count([], limit=1)
        or env["mail.message"].search_count(
            # Message-Ids that Odoo generates have this form; those of received messages do not.
            [("message_type", "=", "email"), ("message_id", "not like", "-openerp-")],
            limit=1,
        )
    )


def uninstall_hook(env):
    """Save the messages that are in no record as attachments, and notify the administrator.

    What a preset has written is removed, so core's decisions are as before the installation.
    """
    env.cr.execute(DROP_FUNCTION)
    env["mail.postmaster.policy"]._write_preset("odoo")
    env["ir.config_parameter"].search([("key", "=like", "mail.postmaster.%")]).unlink()
    mails = env["mail.postmaster.message"].search([("state", "in", OPEN), ("raw_kept", "=", True)])
    if not mails:
        return
    administrators = env.ref("base.group_system").all_user_ids.sorted("id")
    partner = administrators[:1].partner_id
    # If the disk is full, the removal is rolled back, and must work when there is room.
    attachments = env["ir.attachment"].with_context(**{WHOLE_FILES: True})
    for mail in mails:
        content = env["mail.postmaster.raw"]._read_content(mail.id)
        attachments.create(
            {
                "name": f"received-mail-{mail.id}.eml",
                "mimetype": "message/rfc822",
                "datas": base64.b64encode(content or b""),
                # Without a document: all users who can read a linked contact could read them too.
                "res_model": False,
                "res_id": False,
            }
        )
    _logger.warning(
        "Postmaster was removed: %s messages that are not in any record were saved as attachments.",
        len(mails),
    )
    partner.message_notify(
        partner_ids=partner.ids,
        subject=env._("Unprocessed received messages"),
        body=env._(
            "Postmaster was removed while %s received messages were not in any record. They were "
            "saved as attachments (.eml) without a document, which system administrators find "
            "under Settings, Technical, Attachments.",
            len(mails),
        ),
    )

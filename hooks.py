"""The hooks that run when the addon is installed or removed."""

import logging
from collections import Counter

from .context_keys import WHOLE_FILES
from .controllers.inbound import answer_without_database
from .gateway import states
from .pipeline.claim import DROP_FUNCTION
from .pipeline.log_without_values import install_filters

_logger = logging.getLogger(__name__)

# A refused sender may not have sent the message again, and a rule may have been wrong.
IN_NO_RECORD = (*states.OPEN, states.REFUSED, states.IGNORED)


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
    policy._write_preset("odoo" if _receives_mail(env) else "recommended")


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
    count = _save_content(env)
    if not count:
        return
    total = sum(count.values())
    _logger.warning(
        "Postmaster was removed: %s messages that are not in any record were saved as attachments "
        "(%s).",
        total,
        ", ".join(f"{state}: {number}" for state, number in sorted(count.items())),
    )
    partner = env.ref("base.group_system").all_user_ids.sorted("id")[:1].partner_id
    partner.message_notify(
        partner_ids=partner.ids,
        subject=env._("Unprocessed received messages"),
        body=env._(
            "Postmaster was removed while %(count)s received messages were not in any record: "
            "%(waiting)s waiting or held for review, %(refused)s refused and %(ignored)s ignored. "
            "They were saved as attachments (.eml) without a document, which system "
            "administrators find under Settings, Technical, Attachments.",
            count=total,
            waiting=total - count[states.REFUSED] - count[states.IGNORED],
            refused=count[states.REFUSED],
            ignored=count[states.IGNORED],
        ),
    )


def _save_content(env):
    """Save the messages that are in no record and still have their content, one after another.

    :return: ``{state: number of messages}``
    """
    mails = env["mail.postmaster.message"].search(
        [("state", "in", IN_NO_RECORD), ("raw_kept", "=", True)]
    )
    # If the disk is full, the removal is rolled back, and must work when there is room.
    attachments = env["ir.attachment"].with_context(**{WHOLE_FILES: True})
    count = Counter()
    for mail in mails:
        content = env["mail.postmaster.raw"]._read_content(mail.id)
        attachment = attachments.create(
            {
                "name": f"received-mail-{mail.id}.eml",
                "mimetype": "message/rfc822",
                "raw": content or b"",
                # Without a document: all users who can read a linked contact could read them too.
                "res_model": False,
                "res_id": False,
            }
        )
        # There may be gigabytes of them.
        attachment.invalidate_recordset()
        count[mail.state] += 1
    return count

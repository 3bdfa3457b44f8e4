"""Checks whether this host has the same filestore as the other hosts.

A worker with a different filestore would write attachments that other hosts cannot read, and
this would go unnoticed. So each start leaves a file with a random name in the filestore and
records the name in the database. A host that does not find the file recorded last has a different
filestore, or an older copy of it.
"""

import secrets
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.tools import config

PARAMETER = "mail.postmaster.filestore"
FOLDER = "postmaster"
_LOCK = "mail_postmaster filestore"


def problem(registry, adopts=False):
    """Return a sentence that says why this host must not serve, or None if it may.

    :param bool adopts: accept the filestore without checking it
    """
    folder = Path(config.filestore(registry.db_name)) / FOLDER
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if env["ir.attachment"]._storage() != "file":
            return None
        cr.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_LOCK])
        cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [PARAMETER])
        noted = cr.fetchone()
        if noted and not adopts and not (folder / _name(noted[0])).is_file():
            return other_filestore(registry)
        name = secrets.token_hex(16)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        # The recorded file stays until this start is committed, and until the next start.
        for former in folder.iterdir():
            if former.name not in (name, noted and noted[0]):
                former.unlink(missing_ok=True)
        env["ir.config_parameter"].set_param(PARAMETER, name)
    return None


def other_filestore(registry):
    """Return the sentence about a host with another filestore than the others."""
    return (
        f"The filestore {config.filestore(registry.db_name)} is not the one that the other hosts "
        f"of the database {registry.db_name} use: share it among them. If it is the right one "
        "and was moved, start once with --adopt-filestore."
    )


def _name(text):
    """Return the recorded name as a safe file name, whatever the parameter contains."""
    return Path(text or "-").name

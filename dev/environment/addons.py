"""The folder through which Odoo sees this checkout as the addon ``mail_postmaster``.

A folder's name is the addon's name for Odoo, and a checkout may be called anything.
The folder is real and holds one link per top-level entry: a link to the whole
checkout would let Odoo's term export walk into the downloaded Odoo below it.
"""

import shutil

from .places import ADDON, ADDONS, ROOT, WORK

NOT_THE_ADDON = {".git", WORK.name}


def link():
    """Make the folder anew and return the addons path."""
    folder = ADDONS / ADDON
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in NOT_THE_ADDON:
            (folder / entry.name).symlink_to(entry)
    return ADDONS

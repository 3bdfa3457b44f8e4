"""The folder through which Odoo sees this checkout as the addon ``mail_postmaster``.

For Odoo a folder's name is the addon's name, and a checkout may have any name. The folder is real
and contains one link per top-level entry: through a link to the whole checkout, Odoo's term
export would walk into the downloaded Odoo below it.
"""

from pathlib import Path

from .places import ADDON, ADDONS, ROOT, WORK

NOT_THE_ADDON = {".git", "__pycache__", WORK.name}


def link():
    """Update the folder and return the addons path.

    Only differences are written: another Odoo may be reading the folder.
    """
    folder = ADDONS / ADDON
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {entry.name: entry for entry in ROOT.iterdir() if entry.name not in NOT_THE_ADDON}
    # Python keeps its own folder of compiled modules beside the links.
    for found in filter(Path.is_symlink, folder.iterdir()):
        if found.name not in wanted or found.resolve() != wanted[found.name].resolve():
            found.unlink(missing_ok=True)
    for name, entry in wanted.items():
        try:
            (folder / name).symlink_to(entry)
        except FileExistsError:
            continue
    return ADDONS

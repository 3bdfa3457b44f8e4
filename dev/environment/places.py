"""Folders of the development environment.

Everything that is downloaded, built or written at run time is below ``WORK``, which git ignores
and ``make clean`` removes.
"""

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = Path(os.environ.get("POSTMASTER_WORK") or ROOT / ".odoo")
VENV = WORK / "venv"
PYTHON = VENV / "bin" / "python"
DOWNLOADED_ODOO = WORK / "odoo"
ADDONS = WORK / "addons"
REQUIREMENTS = ROOT / "dev" / "requirements.txt"
ODOO_REQUIREMENTS = ROOT / "dev" / "requirements-odoo.txt"

ADDON = "mail_postmaster"


def short_folder(name):
    """Return a folder whose path fits into a UNIX socket address (107 bytes).

    The checkout can be anywhere, so sockets are in the system's temporary folder, under a name
    derived from the checkout.
    """
    digest = hashlib.sha256(str(WORK).encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"postmaster-{os.getuid()}-{digest}" / name
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    return folder

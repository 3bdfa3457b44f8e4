"""Addons of others that are tested together with this one, from the Python package index."""

import hashlib
import os
import shutil

from .odoo import locate
from .places import PYTHON, ROOT, WORK
from .progress import run, step

PINS = ROOT / "dev" / "requirements-neighbours.txt"
FOLDER = WORK / "neighbours"
ADDONS = FOLDER / "odoo" / "addons"
MODULES = ("auditlog", "mail_tracking", "queue_job", "server_environment")


def install():
    """Download them, unless they are there.

    They require a distribution ``odoo``, which the index does not have, so nothing that they
    require is installed with them.
    """
    stamp = FOLDER / "requirements.sha256"
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    with step("Downloading addons of others"):
        run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--no-deps", "--target", FOLDER, "-r", PINS]
        )
    stamp.write_text(digest)


def environment():
    """Return the environment of an Odoo process that finds their Python packages."""
    variables = locate().environment()
    paths = (variables.get("PYTHONPATH"), str(FOLDER))
    return {**variables, "PYTHONPATH": os.pathsep.join(filter(None, paths))}

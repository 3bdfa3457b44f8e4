"""A real folder ``mail_postmaster`` with the tracked files of this checkout.

Linters and packagers take the addon's name from its folder, and some of them check nothing at the
root of a repository.
"""

import shutil

from .places import ADDON, ROOT, WORK
from .progress import Stop, run


def make(parent=WORK / "stage"):
    """Create the folder anew and return its path."""
    folder = parent / ADDON
    shutil.rmtree(folder, ignore_errors=True)
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


def tracked():
    """Return the names of the tracked files that exist, relative to the checkout."""
    # Another user may own the checkout, which git considers unsafe.
    listing = run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"])
    names = [name for name in listing.split("\0") if name and (ROOT / name).is_file()]
    if not names:
        raise Stop(f"Git tracks no file in {ROOT}.")
    return names

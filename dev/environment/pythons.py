"""The Python versions on this machine on which Odoo 19 can run."""

import glob
import os
import re
import shutil
from pathlib import Path

from . import odoo as odoo_source
from . import virtual
from .places import PYTHON
from .progress import Stop


def others():
    """Return ``(Pythons, sentences)``: what to test on besides the usual one, and what is missing.

    All other suites use the usual one. The system's own matters because Debian changes it; the
    newest because Odoo may run on it next.

    :return: a dict of programs by full version, and a list
    """
    oldest, newest = supported()
    found, missing = {}, []
    if not virtual.SYSTEM_PYTHON.exists():
        missing.append(f"There is no {virtual.SYSTEM_PYTHON}.")
    elif oldest <= release(virtual.SYSTEM_PYTHON) <= newest:
        _add(found, missing, virtual.SYSTEM_PYTHON)
    else:
        missing.append(f"Odoo does not support {virtual.SYSTEM_PYTHON}.")
    python = _newest(oldest, newest)
    if python is None or release(python) != newest:
        missing.append(f"There is no Python {'.'.join(map(str, newest))}, the newest for Odoo 19.")
    if python and not virtual.is_of_the_system(python):
        _add(found, missing, python)
    return found, missing


def _add(found, missing, python):
    full = virtual.version(python)
    if full == virtual.version(PYTHON):
        missing.append(f"{python} is the Python of the suite gateway.")
    else:
        found.setdefault(full, python)


def supported():
    """Return the oldest and the newest Python named in Odoo's own release file."""
    text = (odoo_source.locate().python_path / "odoo" / "release.py").read_text()
    bounds = re.findall(r"^(?:MIN|MAX)_PY_VERSION = \((\d+), (\d+)\)", text, re.MULTILINE)
    return tuple(tuple(map(int, bound)) for bound in bounds)


def release(python):
    """Return the version of a Python as ``(3, 11)``, or None if it does not start."""
    try:
        return tuple(map(int, re.findall(r"\d+", virtual.version(python))[:2]))
    except Stop:
        return None


def _newest(oldest, newest):
    for minor in range(newest[1], oldest[1] - 1, -1):
        for candidate in _candidates(f"{newest[0]}.{minor}"):
            if release(candidate) == (newest[0], minor) and virtual.is_complete(candidate):
                return candidate
    return None


def _candidates(name):
    """Yield paths where a Python may be: in PATH, and where version managers put it."""
    if in_path := shutil.which(f"python{name}"):
        yield in_path
    home = os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"
    yield from sorted(glob.glob(f"{home}/versions/{name}.*/bin/python{name}"), reverse=True)

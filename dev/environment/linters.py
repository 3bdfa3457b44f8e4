"""The linters, in a virtual environment of their own."""

import hashlib
import shutil
import sys

from .places import ROOT, WORK
from .progress import run, step

VENV = WORK / "venv-lint"
PINS = ROOT / "dev" / "requirements-lint.txt"


def program(name):
    """Return the path of a linter."""
    return VENV / "bin" / name


def install():
    """Install the linters, once per change of the pins."""
    stamp = VENV / "requirements.sha256"
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    with step("Installing the linters"):
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", VENV])
        run([VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", PINS])
    stamp.write_text(digest)

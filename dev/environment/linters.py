"""The linters, in a virtual environment of their own."""

from .places import ROOT, WORK
from .virtual import VirtualEnvironment

ENVIRONMENT = VirtualEnvironment(WORK / "venv-lint", ROOT / "dev" / "requirements-lint.txt")


def program(name):
    """Return the path of a linter."""
    return ENVIRONMENT.folder / "bin" / name


def install():
    """Install the linters, once per change of the pins."""
    ENVIRONMENT.install("Installing the linters")

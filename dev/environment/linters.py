"""The linters, in a separate virtual environment."""

from .places import ROOT, WORK
from .virtual import VirtualEnvironment

ENVIRONMENT = VirtualEnvironment(WORK / "venv-lint", ROOT / "dev" / "requirements-lint.txt")


def program(name):
    """Return the path of a linter."""
    return ENVIRONMENT.folder / "bin" / name


def install():
    """Install the linters again whenever the pins change."""
    ENVIRONMENT.install("Installing the linters")

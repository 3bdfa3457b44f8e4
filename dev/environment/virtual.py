"""Virtual environments of pinned packages, each recreated when the pins or the Python change."""

import hashlib
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .progress import Stop, run, step

SYSTEM_PYTHON = Path("/usr/bin/python3")
# Debian packages that Python needs to create a virtual environment.
PACKAGE = "python3-venv"
_INCLUDED = re.compile(rb"^-r (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment.

    :param folder: its location
    :param pins: the file with its packages
    :param interpreter: the Python that creates it
    """

    folder: Path
    pins: Path
    interpreter: str = sys.executable

    @property
    def python(self):
        return self.folder / "bin" / "python"

    def install(self, text):
        """Create it, unless it is up to date; the text names its purpose."""
        stamp = self.folder / "requirements.sha256"
        digest = self._digest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        self._make()
        with step(text):
            run(
                [
                    self.python,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "-r",
                    self.pins,
                ]
            )
        stamp.write_text(digest)

    def _digest(self):
        return hashlib.sha256(content(self.pins) + version(self.interpreter).encode()).hexdigest()

    def _make(self):
        if not is_complete(self.interpreter):
            if not is_of_the_system(self.interpreter):
                raise Stop(f"{self.interpreter} lacks the modules venv and ensurepip.")
            debian.install(PACKAGE)
        shutil.rmtree(self.folder, ignore_errors=True)
        run([self.interpreter, "-m", "venv", self.folder])


def content(pins):
    """Return the text of a file of pins, and of those it includes, as bytes."""
    own = pins.read_bytes()
    included = (pins.parent / name.decode() for name in _INCLUDED.findall(own))
    return b"".join((own, *map(content, included)))


def version(interpreter):
    """Return the full version text of a Python: builds of one version differ.

    :raises Stop: if it does not start
    """
    return run([interpreter, "-c", "import sys; print(sys.version)"]).strip()


def is_complete(interpreter):
    """Return whether a Python can create a virtual environment."""
    try:
        run([interpreter, "-c", "import ensurepip, venv"])
    except Stop:
        return False
    return True


def is_of_the_system(interpreter):
    """Return whether a program is the system's own Python, under any name."""
    return SYSTEM_PYTHON.exists() and SYSTEM_PYTHON.samefile(interpreter)

"""System packages, through the machine's own package manager."""

import functools
import os
import shutil
import subprocess
import sys

from .progress import Stop, run, step


def find_program(name, *folders):
    """Return the path of a program, looked up in PATH, the system folders and ``folders``."""
    search = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *map(str, folders)]
    return shutil.which(name, path=os.pathsep.join(search))


def as_root(command):
    """Return the command with the prefix that runs it as root.

    :raises Stop: if this user cannot become root
    """
    if os.getuid() == 0:
        return command
    sudo = shutil.which("sudo")
    if not sudo:
        raise Stop(f"Please run as root: {' '.join(command)}")
    return [sudo, *([] if sys.stdin.isatty() else ["-n"]), *command]


@functools.cache
def _refresh_lists():
    with step("Refreshing the list of Debian packages"):
        run(as_root(["apt-get", "update"]))


def install(*packages):
    """Install Debian packages without starting their services.

    :raises Stop: if that is impossible here, with the command to type
    """
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise Stop(f"This is not a Debian system: please install {names} yourself.")
    _refresh_lists()
    with step(f"Installing {names}"):
        run(
            as_root(
                [
                    "env",
                    "DEBIAN_FRONTEND=noninteractive",
                    "RUNLEVEL=1",
                    "apt-get",
                    "install",
                    "-y",
                    "--no-install-recommends",
                    *packages,
                ]
            ),
            hint=f"Please install {names} yourself and start again.",
            stdin=subprocess.DEVNULL if os.getuid() == 0 else None,
        )


def require(program, *packages, folders=()):
    """Return the path of a program, installing its packages if it is missing."""
    path = find_program(program, *folders)
    if path:
        return path
    install(*packages)
    path = find_program(program, *folders)
    if not path:
        raise Stop(f"{program} is still missing after installing {' '.join(packages)}.")
    return path

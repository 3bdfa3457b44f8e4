"""Where Odoo 19 comes from and how to start it.

In this order: the checkout named by ``ODOO_HOME``; what is already downloaded; a folder of Debian
packages named by ``ODOO_DEB_DIR``; Debian's own package of Odoo 19; the official repository.
Nothing is installed on the system.
"""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import addons, postgresql
from .places import DOWNLOADED_ODOO, PYTHON, REQUIREMENTS, VENV, WORK
from .progress import Stop, run, say, step
from .virtual import VirtualEnvironment

RELEASE = "19.0"
REPOSITORY = "https://github.com/odoo/odoo"
PACKAGE = "odoo-19"
# The package links to files of these others; sid's font-awesome lacks the required ones.
COMPANIONS = {
    "sid": [PACKAGE, "fonts-montserrat"],
    "bookworm": [
        "libjs-jquery",
        "libjs-jquery-form",
        "libjs-underscore",
        "fonts-roboto-unhinted",
        "fonts-font-awesome",
    ],
}
# Debian removed this file; without it the assets of every page fail to compile.
REMOVED_FILE = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19 on disk.

    :param home: its folder
    :param python_path: the folder that contains the Python package ``odoo``
    :param program: the command to start it
    """

    home: Path
    python_path: Path
    program: Path

    @property
    def core_addons(self):
        """Folder of the addons mail, crm, test_mail ..."""
        for folder in (self.home / "addons", self.python_path / "odoo" / "addons"):
            if (folder / "mail").is_dir():
                return folder
        raise Stop(f"{self.home} holds no Odoo addons.")

    def environment(self, **more):
        return {**os.environ, "PYTHONPATH": str(self.python_path), "PYTHONUNBUFFERED": "1", **more}

    def command(self, *arguments, python=PYTHON):
        return [str(python), str(self.program), *map(str, arguments)]


def find(home):
    """Return the Odoo in a folder, or None.

    A source checkout has ``odoo-bin``, the unpacked package ``usr/bin/odoo``.
    """
    home = Path(home)
    if (home / "odoo-bin").exists():
        return Odoo(home, home, home / "odoo-bin")
    packaged = home / "usr" / "lib" / "python3" / "dist-packages"
    if (packaged / "odoo" / "release.py").exists():
        return Odoo(home, packaged, home / "usr" / "bin" / "odoo")
    return None


def locate():
    """Return the Odoo to use.

    :raises Stop: if there is none yet
    """
    if os.environ.get("ODOO_HOME"):
        found = find(os.environ["ODOO_HOME"])
        if not found:
            home = os.environ["ODOO_HOME"]
            raise Stop(f"ODOO_HOME={home} contains neither odoo-bin nor usr/bin/odoo.")
        return found
    found = find(DOWNLOADED_ODOO)
    if not found:
        raise Stop("Odoo is not installed yet: run dev/bootstrap first.")
    return found


def bootstrap():
    """Make sure that Odoo and its Python requirements are installed; return the Odoo."""
    WORK.mkdir(parents=True, exist_ok=True)
    if not os.environ.get("ODOO_HOME") and not find(DOWNLOADED_ODOO):
        _download()
    odoo = locate()
    _check_release(odoo)
    _install_requirements()
    return odoo


def _check_release(odoo):
    release = (odoo.python_path / "odoo" / "release.py").read_text()
    if "version_info = (19, 0" not in release:
        raise Stop(f"{odoo.home} is not Odoo {RELEASE}.")


# --- Download -----------------------------------------------------------------------


def _download():
    unfinished = WORK / "odoo.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    folder = os.environ.get("ODOO_DEB_DIR")
    if folder:
        with step(f"Unpacking Odoo from the packages in {folder}"):
            _unpack(_checked_packages(Path(folder)), unfinished)
    elif shutil.which("apt-get") and shutil.which("dpkg-deb"):
        try:
            with step("Fetching Odoo 19 from Debian (about 150 MB)"):
                packages = _fetch_from_debian(WORK / "apt")
            with step("Unpacking Odoo"):
                _unpack(packages, unfinished)
        except Stop as reason:
            say(f"   Odoo could not be fetched from Debian: {reason}")
            _clone(unfinished)
    else:
        _clone(unfinished)
    unfinished.rename(DOWNLOADED_ODOO)


def _checked_packages(folder):
    sums = folder / "SHA256SUMS"
    if not sums.exists():
        raise Stop(f"ODOO_DEB_DIR={folder} holds no SHA256SUMS.")
    packages = []
    for line in sums.read_text().splitlines():
        expected, name = line.split()
        package = folder / name
        if not package.exists():
            raise Stop(f"{package} is named in SHA256SUMS and missing.")
        if hashlib.sha256(package.read_bytes()).hexdigest() != expected:
            raise Stop(f"{package} does not have the checksum of SHA256SUMS.")
        packages.append(package)
    return packages


def _mirror():
    """Return the URL of the Debian mirror this machine is configured for."""
    listing = run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(COMPONENT) $(LABEL)",
            "Created-By: Packages",
        ]
    )
    rows = [line.split() for line in listing.splitlines()]
    for row in rows:
        if row[1:] == ["main", "Debian"]:
            return row[0]
    # The label is known only after a first `apt-get update`.
    for row in rows:
        if row[1:2] == ["main"] and row[0].rstrip("/").endswith("/debian"):
            return row[0]
    raise Stop("No Debian mirror is configured on this machine: set ODOO_HOME to an Odoo 19.")


def _fetch_from_debian(folder):
    """Download the packages with a private apt configuration, separate from the system's."""
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not keyring.exists():
        raise Stop(f"{keyring} is missing (package debian-archive-keyring).")
    mirror = _mirror()
    names = ("empty", "lists", "cache", "packages")
    empty, lists, cache, packages = (folder / name for name in names)
    for made in (empty, lists / "partial", cache / "archives" / "partial", packages):
        made.mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(
        "".join(f"deb [signed-by={keyring}] {mirror} {suite} main\n" for suite in COMPANIONS)
    )
    (folder / "apt.conf").write_text(
        "\n".join(
            f'{key} "{value}";'
            for key, value in {
                "Dir::Etc::SourceList": folder / "sources.list",
                "Dir::Etc::SourceParts": empty,
                "Dir::Etc::Preferences": "/dev/null",
                "Dir::Etc::PreferencesParts": empty,
                "Dir::State::Lists": lists,
                "Dir::State::Status": folder / "status",
                "Dir::Cache": cache,
                "APT::Sandbox::User": "",
                "Debug::NoLocking": "1",
                "Acquire::Languages": "none",
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
                "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
            }.items()
        )
    )
    apt = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    run(["apt-get", "update"], env=apt, cwd=packages)
    wanted = [f"{name}/{suite}" for suite, names in COMPANIONS.items() for name in names]
    run(
        ["apt-get", "download", *wanted],
        env=apt,
        cwd=packages,
        hint=f"If Debian no longer has {PACKAGE}, set ODOO_HOME to a checkout of Odoo {RELEASE}.",
    )
    return sorted(packages.glob("*.deb"))


def _unpack(packages, target):
    target.mkdir(parents=True)
    for package in packages:
        unpacking = ["dpkg-deb", "--fsys-tarfile", package]
        with subprocess.Popen(unpacking, stdout=subprocess.PIPE) as content:
            # Translations are two thirds of the size, and no test or demo reads them.
            run(["tar", "-x", "-C", target, "--exclude=*/i18n/*.po"], stdin=content.stdout)
        if content.returncode:
            raise Stop(f"{package} cannot be unpacked.")
    odoo = find(target)
    if not odoo:
        raise Stop("The packages do not contain Odoo.")
    _redirect_links(target)
    stub = odoo.core_addons / REMOVED_FILE
    stub.parent.mkdir(parents=True, exist_ok=True)
    if not stub.exists():
        stub.write_text("/* Removed by Debian: no virtual backgrounds in calls. */\n")


def _redirect_links(target):
    """Redirect absolute links of the packages into the folder they were unpacked to."""
    for link in target.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/"):
            destination = target / os.readlink(link).lstrip("/")
            link.unlink()
            link.symlink_to(os.path.relpath(destination, link.parent))


def _clone(target):
    with step(f"Fetching Odoo {RELEASE} from its official repository"):
        run(
            ["git", "clone", "--quiet", "--depth", "1", "--branch", RELEASE, REPOSITORY, target],
            hint=f"Set ODOO_HOME to a checkout of Odoo {RELEASE}.",
        )


# --- Python -------------------------------------------------------------------------


def _install_requirements():
    """Install the pinned requirements into a virtual environment."""
    VirtualEnvironment(VENV, REQUIREMENTS).install("Installing the Python requirements")


# --- Start --------------------------------------------------------------------------


def data_folder():
    """Return the folder of Odoo's files, one for each database server.

    Odoo names a filestore after its database, and two servers may have one of the same name.
    """
    return WORK / "data" / postgresql.identifier()


def write_configuration(path, **options):
    """Write an Odoo configuration file and return its path."""
    values = {
        "addons_path": addons.link(),
        "data_dir": data_folder(),
        "http_interface": "127.0.0.1",
        "admin_passwd": "admin",
        "list_db": "False",
        "max_cron_threads": "0",
        **options,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[options]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))
    return path

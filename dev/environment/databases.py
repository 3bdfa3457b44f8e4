"""Databases with Odoo in them: installed, kept as a template, copied.

Installing takes half a minute, copying less than a second. What consists of Odoo's own
addons only is therefore kept between runs, and made anew when Odoo or the list changes.

Only here are databases dropped: those that were made here (``marks``).
"""

import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager

from . import marks, odoo_log, postgresql
from . import odoo as odoo_source
from .places import REQUIREMENTS, WORK
from .processes import run_logged
from .progress import Stop
from .virtual import content

LOGS = WORK / "log"


def filestore(database):
    """Return the folder of a database's files; each database server has folders of its own."""
    return odoo_source.data_folder() / "filestore" / database


def drop(database):
    """Drop a database and its filestore.

    :raises Stop: when it was not made here
    """
    if marks.read(database):
        postgresql.query("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')
    shutil.rmtree(filestore(database), ignore_errors=True)


def create(database):
    """Make an empty database, in place of one that was made here before."""
    drop(database)
    # As Odoo makes one itself.
    with _new(database, "template0", "ENCODING 'UTF8' LC_COLLATE 'C'") as new:
        postgresql.query(new, marks.table())
        _add_trigrams(new)


def copy(template, database):
    """Copy a database and its filestore, in place of a copy that was made here before."""
    drop(database)
    with _new(database, template):
        if filestore(template).exists():
            # Odoo never changes a stored file, so both may share it on disk.
            shutil.copytree(filestore(template), filestore(database), copy_function=os.link)


@contextmanager
def _new(database, template, options=""):
    """Yield a new database, which gets its name at the end, when it has its marks.

    Whatever interrupts this leaves no database of that name without them.
    """
    new = f"{database[:50]}_{secrets.token_hex(4)}"
    try:
        postgresql.clone(template, new, options)
        yield new
        rename = f'ALTER DATABASE "{new}" RENAME TO "{database}"'
        postgresql.query("postgres", f"{marks.comment(new, marks.UNFINISHED)}; {rename}")
    except BaseException:
        postgresql.query("postgres", f'DROP DATABASE IF EXISTS "{new}" WITH (FORCE)')
        raise


def _add_trigrams(database):
    """Add the extension that Odoo adds to a database of its own making, where there is one."""
    available = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if postgresql.query(database, available):
        postgresql.query(database, "CREATE EXTENSION pg_trgm")


def install(database, modules, log, *options):
    """Install modules into a database that was made here.

    :raises Stop: when Odoo failed, or did not install one of them
    """
    odoo = odoo_source.locate()
    configuration = odoo_source.write_configuration(WORK / "conf" / f"{database}.conf")
    status = run_logged(
        odoo.command(
            "-c",
            configuration,
            "-d",
            database,
            "-i",
            ",".join(modules),
            "--stop-after-init",
            "--no-http",
            *options,
        ),
        log,
        env=odoo.environment(),
    )
    missing = set(modules) - installed(database) if not status else set(modules)
    if missing:
        names = ", ".join(sorted(missing))
        said = odoo_log.worth_reading(log.read_text(errors="replace"), 40)
        raise Stop(f"Odoo could not install {names}, see {log}:\n{said}")


def installed(database):
    """Return the names of the modules installed in a database."""
    rows = postgresql.query(database, "SELECT name FROM ir_module_module WHERE state = 'installed'")
    return set(rows.splitlines())


def template(name, modules):
    """Return the name of a database with some of Odoo's own addons, without demo data.

    A comment on the database tells which Odoo and which modules it was made of.
    """
    database = f"postmaster_template_{name}"
    digest = _digest(modules)
    if made_of(database) != digest:
        create(database)
        install(database, modules, LOGS / f"{database}.log", "--without-demo=True")
        finish(database, digest)
    return database


def made_of(database):
    """Return the digest of what was installed into a database, empty where it is not complete.

    :raises Stop: when it was not made here
    """
    digest = marks.read(database)
    # On a server that outlives this checkout's files, a database may have lost its own.
    is_complete = digest != marks.UNFINISHED and filestore(database).exists()
    return digest if is_complete else ""


def finish(database, digest):
    """Note on a database, and in it, what was installed."""
    postgresql.query(database, marks.parameter())
    postgresql.query("postgres", marks.comment(database, digest))


def _digest(modules):
    odoo = odoo_source.locate()
    release = odoo.python_path / "odoo" / "release.py"
    parts = [str(odoo.home), str(release.stat().st_mtime_ns), *sorted(modules)]
    return hashlib.sha256("\n".join(parts).encode() + content(REQUIREMENTS)).hexdigest()

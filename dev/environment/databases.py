"""Databases with Odoo in them: installed, kept as a template, copied.

Installing takes half a minute, copying less than a second. So databases with only Odoo's own
addons are kept between runs, and recreated when Odoo or the list changes.

This is the only module that drops databases, and only those created here (``marks``).
"""

import fcntl
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
    """Return the folder of a database's files; each database server has separate folders."""
    return odoo_source.data_folder() / "filestore" / database


def drop(database):
    """Drop a database and its filestore.

    :raises Stop: if it was not created here
    """
    if marks.read(database):
        postgresql.query("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')
    shutil.rmtree(filestore(database), ignore_errors=True)


def create(database):
    """Create an empty database, replacing one that was created here before."""
    drop(database)
    # As Odoo itself creates one.
    with _new(database, "template0", "ENCODING 'UTF8' LC_COLLATE 'C'") as new:
        postgresql.query(new, marks.table())
        _add_trigrams(new)


def copy(template, database):
    """Copy a database and its filestore, replacing a copy that was created here before."""
    drop(database)
    with _new(database, template):
        if filestore(template).exists():
            # Odoo never changes a stored file, so both can share it on disk.
            shutil.copytree(filestore(template), filestore(database), copy_function=os.link)


@contextmanager
def _new(database, template, options=""):
    """Yield a new database, which gets its name at the end, together with its marks.

    An interruption leaves no database of that name without them.
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
    """Add the extension that Odoo adds to databases it creates, if available."""
    available = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if postgresql.query(database, available):
        postgresql.query(database, "CREATE EXTENSION pg_trgm")


def install(database, modules, log, *options):
    """Install modules into a database that was created here.

    :raises Stop: if Odoo failed or did not install one of them
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

    A comment on the database names the Odoo and the modules it was built from.
    """
    database = f"postmaster_template_{name}"
    digest = _digest(modules)
    with (WORK / f"{database}.lock").open("w") as lock:
        # Suites that run side by side need the same one.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made_of(database) != digest:
            create(database)
            install(database, modules, LOGS / f"{database}.log", "--without-demo=True")
            finish(database, digest)
    return database


def made_of(database):
    """Return the digest of what was installed into a database, empty if incomplete.

    :raises Stop: if it was not created here
    """
    digest = marks.read(database)
    # On a server that outlives this checkout's files, a database may have lost its filestore.
    is_complete = digest != marks.UNFINISHED and filestore(database).exists()
    return digest if is_complete else ""


def finish(database, digest):
    """Record on a database, and in it, what was installed."""
    postgresql.query(database, marks.parameter())
    postgresql.query("postgres", marks.comment(database, digest))


def _digest(modules):
    odoo = odoo_source.locate()
    release = odoo.python_path / "odoo" / "release.py"
    parts = [str(odoo.home), str(release.stat().st_mtime_ns), *sorted(modules)]
    return hashlib.sha256("\n".join(parts).encode() + content(REQUIREMENTS)).hexdigest()

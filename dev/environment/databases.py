"""Databases with Odoo in them: installed, kept as a template, copied.

Installing takes half a minute, copying less than a second. What consists of Odoo's own
addons only is therefore kept between runs, and made anew when Odoo or the list changes.
"""

import hashlib
import os
import shutil

from . import odoo as odoo_source
from . import odoo_log, postgresql
from .places import REQUIREMENTS, WORK
from .processes import run_logged
from .progress import Stop

LOGS = WORK / "log"


def filestore(database):
    return WORK / "data" / "filestore" / database


def drop(database):
    postgresql.drop(database)
    shutil.rmtree(filestore(database), ignore_errors=True)


def copy(template, database):
    """Copy a database and its filestore."""
    shutil.rmtree(filestore(database), ignore_errors=True)
    postgresql.clone(template, database)
    if filestore(template).exists():
        # Odoo never changes a stored file, so both may share it on disk.
        shutil.copytree(filestore(template), filestore(database), copy_function=os.link)


def install(database, modules, log, *options):
    """Install modules into a database, which is created when it does not exist.

    :raises Stop: when Odoo failed, or did not install one of them
    """
    odoo = odoo_source.locate()
    configuration = odoo_source.write_configuration(WORK / "conf" / f"{database}.conf")
    status = run_logged(
        odoo.command("-c", configuration, "-d", database, "-i", ",".join(modules),
                     "--stop-after-init", "--no-http", *options),
        log, env=odoo.environment(),
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
    if postgresql.exists(database):
        if comment(database) == digest:
            return database
        drop(database)
    install(database, modules, LOGS / f"{database}.log", "--without-demo=True")
    set_comment(database, digest)
    return database


def set_comment(database, text):
    """Note on the database itself what it was made of."""
    postgresql.query("postgres", f"COMMENT ON DATABASE \"{database}\" IS '{text}'")


def comment(database):
    return postgresql.query("postgres", (
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        f"WHERE datname = '{database}'"
    ))


def _digest(modules):
    odoo = odoo_source.locate()
    release = odoo.python_path / "odoo" / "release.py"
    parts = [str(odoo.home), str(release.stat().st_mtime_ns), *sorted(modules)]
    return hashlib.sha256("\n".join(parts).encode() + REQUIREMENTS.read_bytes()).hexdigest()

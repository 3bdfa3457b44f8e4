"""The database server: the one named by the usual PG* variables, or a private cluster.

The private cluster listens only on a UNIX socket. PostgreSQL refuses to run as root, so for root
it runs in a separate user namespace, where root is mapped to another user: no account is created
and no file changes its owner.
"""

import functools
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from . import debian
from .places import WORK, short_folder
from .progress import Stop, run, say, step

PACKAGE = "postgresql"
# Odoo refuses to run as the user "postgres".
USER = "odoo"
PORT = 5432
# Some tests check durability; all others need speed.
DURABLE = {"fsync": "on", "synchronous_commit": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def is_named_by_environment():
    return bool(os.environ.get("PGHOST") or os.environ.get("PGSERVICE"))


def program(name):
    """Return the path of a PostgreSQL program, installing the server if it is missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = debian.find_program(name, *folders)
    if found:
        return found
    debian.install(PACKAGE)
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return debian.require(name, PACKAGE, folders=folders)


class Cluster:
    """A private PostgreSQL cluster in a separate folder.

    :param name: name of the folder below ``WORK``
    :param settings: PostgreSQL settings as a dict of strings
    """

    def __init__(self, name="postgresql", settings=None):
        self.folder = WORK / name
        self.sockets = short_folder(name)
        self.settings = settings or FAST
        self.port = PORT
        self.is_started_here = False

    @property
    def environment(self):
        """The PG* variables of this cluster, as a dict."""
        return {"PGHOST": str(self.sockets), "PGPORT": str(self.port), "PGUSER": USER}

    def start(self, port=PORT):
        self.port = port
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        if not self.is_running():
            options = " ".join(f"-c {key}={value}" for key, value in self.settings.items())
            self._as_owner(
                "pg_ctl",
                "-D",
                self.folder,
                "-w",
                "-t",
                "60",
                "-l",
                WORK / f"{self.folder.name}.log",
                "start",
                "-o",
                f"-k {self.sockets} -p {port} -c listen_addresses= -c max_connections=100 "
                f"{options}",
            )
            self.is_started_here = True
        return self

    def stop(self, mode="fast"):
        """Stop the server; mode ``immediate`` is a crash that the next start recovers from."""
        if self.is_running():
            self._as_owner("pg_ctl", "-D", self.folder, "-m", mode, "-w", "stop")

    def back_up(self, other):
        """Fill the folder with a base backup of another cluster; it starts as its replica."""
        self._as_owner(
            "pg_basebackup",
            "-h",
            other.sockets,
            "-p",
            other.port,
            "-U",
            USER,
            "-D",
            self.folder,
            "-R",
            "-c",
            "fast",
            "--no-sync",
        )

    def is_running(self):
        if not (self.folder / "postmaster.pid").exists():
            return False
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        return Path(f"/proc/{pid}").exists() and self._answers()

    def _answers(self):
        ready = [program("pg_isready"), "-h", self.sockets, "-p", str(self.port), "-t", "5"]
        return subprocess.run(ready, capture_output=True, check=False).returncode == 0

    def _create(self):
        with step("Creating a private PostgreSQL cluster"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._as_owner(
                "initdb",
                "-D",
                self.folder,
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            )

    def _as_owner(self, name, *arguments):
        command = [program(name), *arguments]
        if os.getuid() == 0:
            command = ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]
        # The server outlives this script, so it must not keep the script's output open.
        log = WORK / "pg_ctl.log"
        with log.open("w") as output:
            result = subprocess.run(
                list(map(str, command)),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=WORK,
            )
        if result.returncode:
            raise Stop(f"PostgreSQL ({name}) failed:\n{log.read_text()[-1500:]}")


def start(name="postgresql", settings=None):
    """Start the database server and set the PG* variables of this process.

    :return: the private cluster, or None for a server named by the caller
    """
    if is_named_by_environment():
        say(f"-> Using the PostgreSQL server of PGHOST={os.environ.get('PGHOST', '')}")
        return None
    cluster = Cluster(name, settings).start()
    os.environ.update(cluster.environment)
    return cluster


@contextmanager
def running(name="postgresql", settings=None):
    """Start the database server, and stop it at the end unless another process uses it."""
    cluster = start(name, settings)
    try:
        yield cluster
    finally:
        if cluster and cluster.is_started_here and not _is_used():
            cluster.stop()


def _is_used():
    return (
        query(
            "postgres",
            (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ),
        )
        != "0"
    )


def query(database, sql):
    """Run one SQL command with psql and return its unaligned output."""
    return run(
        [
            program("psql"),
            "-X",
            "-q",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=verbose",
            "-d",
            database,
            "-c",
            sql,
        ]
    ).strip()


def clone(template, database, options=""):
    """Copy a database; the template must have no connection, so a few attempts are made."""
    for attempt in range(10):
        try:
            return query(
                "postgres",
                f'CREATE DATABASE "{database}" TEMPLATE "{template}" {options}',
            )
        except Stop:
            if attempt == 9:
                raise
            time.sleep(0.5)


def identifier():
    """Return the number that identifies this database server."""
    return _identifier(*(os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGSERVICE")))


@functools.cache
def _identifier(*_server):
    return query("postgres", "SELECT system_identifier FROM pg_control_system()")

"""Fixtures for tests with real commits, real mail servers and real processes.

Odoo is loaded into the test process. Each test has its own database, copied from one with crm,
project and the addon; commits persist, and the filestore is separate. A test marked ``durable``
uses a PostgreSQL cluster that flushes to disk before it acknowledges a commit, and that the test
may crash.

Parts of the suite run side by side: ``PART`` is in the names of their databases and servers.
"""

import os
import shutil
import subprocess
from contextlib import contextmanager

import newer_core
import pytest
from setup_gateway import recommend, set_up

from odoo import SUPERUSER_ID, api, sql_db, tools
from odoo.modules.registry import Registry

from environment import databases, marks, postgresql
from environment import odoo as odoo_source
from environment.dovecot import CatchAllDovecot, Dovecot
from environment.places import ADDON, WORK
from environment.processes import LOOPBACK, Background, free_port, is_serving
from environment.progress import run
from environment.serve import MailDaemon
from environment.smtp_sink import SmtpSink

# Set by testing/suites.py.
PART = os.environ.get("POSTMASTER_TEST_PART", "system")
TEMPLATE = f"postmaster_test_{PART}"
DATABASE = f"{TEMPLATE}_case"
CONFIGURATION = WORK / "conf" / f"{TEMPLATE}-tests.conf"


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "durable: the database is on a cluster of its own, which may be crashed",
    )


# --- Odoo in this process -----------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def odoo_configuration():
    """Load Odoo's configuration into this process; return the path of the file."""
    return _configure(odoo_source.write_configuration(CONFIGURATION))


def _configure(path):
    tools.config.parse_config(["-c", str(path)], setup_logging=False)
    return path


class OdooDatabase:
    """A database with the addon, as Odoo in this process sees it.

    :param name: name in PostgreSQL
    :param cluster: the private cluster it is on, or None for a server given by the caller
    """

    def __init__(self, name, cluster):
        self.name = name
        self.cluster = cluster

    @property
    def registry(self):
        return Registry(self.name)

    @contextmanager
    def env(self, user=SUPERUSER_ID, context=None):
        """Open an environment on its own cursor; commit at the end, roll back on an exception."""
        with self.registry.cursor() as cursor:
            yield api.Environment(cursor, user, context or {})
        # What is cached elsewhere, for example a user's groups, is read again.
        self.registry.signal_changes()

    def query(self, sql):
        """Run one SQL command in a separate session, and return its output."""
        return postgresql.query(self.name, sql)

    def forget(self):
        """Close all connections of this process, as after a crash of the server."""
        Registry.delete(self.name)
        sql_db.close_db(self.name)


@pytest.fixture(params=["as installed", "with a lock on the Message-Id"])
def each_core(request, monkeypatch):
    """Core as installed, then with what newer 19.0 does; forks of this process inherit it."""
    # Importable only after Odoo's configuration was read.
    from odoo.addons.mail.models import mail_thread

    if request.param != "as installed":
        changed = newer_core.with_lock(mail_thread)
        monkeypatch.setattr(mail_thread.MailThread, "message_process", changed)
    return request.param


# --- Databases ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def template():
    """Name of a database with crm, project and the addon, without demo data."""
    base = databases.template("applications", ("crm", "project"))
    databases.copy(base, TEMPLATE)
    databases.install(TEMPLATE, [ADDON], databases.LOGS / f"{TEMPLATE}.log")
    return TEMPLATE


@pytest.fixture(scope="session")
def durable_cluster(template, tmp_path_factory):
    """A cluster with full durability, and the template on it."""
    dump = tmp_path_factory.mktemp("dump") / "template"
    # The new database gets its own mark.
    run([postgresql.program("pg_dump"), "-Fc", "-T", marks.TABLE, "-f", dump, template])
    files = databases.filestore(template)
    cluster = postgresql.Cluster(f"postgresql-durable-{PART}", postgresql.DURABLE).start()
    with server_named(cluster):
        databases.create(template)
        run([postgresql.program("pg_restore"), "--no-owner", "-d", template, dump])
        shutil.copytree(files, databases.filestore(template), copy_function=os.link)
    yield cluster
    cluster.stop()


@contextmanager
def server_named(cluster):
    """Make this process and those it starts use a cluster, then restore the previous one."""
    before = dict(os.environ)
    os.environ.update(cluster.environment)
    sql_db.close_all()
    # Odoo reads the variables once, with its configuration.
    _configure(odoo_source.write_configuration(CONFIGURATION))
    try:
        yield
    finally:
        sql_db.close_all()
        os.environ.clear()
        os.environ.update(before)
        _configure(odoo_source.write_configuration(CONFIGURATION))


@contextmanager
def _copy_of(template, name, cluster):
    databases.copy(template, name)
    database = OdooDatabase(name, cluster)
    with database.env() as env:
        # The addon puts every copy on hold until an administrator says that it is not a copy.
        env["mail.postmaster.policy"].confirm_database()
    try:
        yield database
    finally:
        database.forget()
        databases.drop(name)


@pytest.fixture
def database(request, template):
    """A database for the test alone."""
    if request.node.get_closest_marker("durable"):
        cluster = request.getfixturevalue("durable_cluster")
        with server_named(cluster), _copy_of(template, DATABASE, cluster) as made:
            yield made
            # A test that crashed the server does not have to restart it for the next one.
            cluster.start()
    else:
        with _copy_of(template, DATABASE, None) as made:
            yield made


@pytest.fixture
def other_database(template):
    """A second, unrelated database for the test alone."""
    with _copy_of(template, f"{DATABASE}_other", None) as made:
        yield made


@pytest.fixture(scope="module")
def shared_database(template):
    """A database shared by the tests of one module."""
    with _copy_of(template, f"{DATABASE}_shared", None) as made:
        yield made


@pytest.fixture
def odoo_env(database):
    """Function that opens an environment on a new cursor: ``with odoo_env() as env``."""
    return database.env


# --- Servers ------------------------------------------------------------------------


@pytest.fixture
def dovecot():
    """An IMAP and POP3 server without users."""
    server = Dovecot(f"test-dovecot-{PART}")
    server.remove()
    yield server.start()
    server.remove()


@pytest.fixture(scope="module")
def catch_all_dovecot():
    """A server that also accepts messages by LMTP, with one mailbox for each domain."""
    server = CatchAllDovecot(f"test-catch-all-{PART}")
    server.remove()
    yield server.start()
    server.remove()


@pytest.fixture
def smtp_sink():
    """An SMTP server that keeps received messages in ``messages``."""
    with SmtpSink() as sink:
        yield sink


class OdooServer:
    """An ``odoo`` process that serves one database over HTTP.

    :param database: an ``OdooDatabase``
    :param options: additional command-line arguments
    """

    def __init__(self, database, *options):
        source = odoo_source.locate()
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.log = databases.LOGS / f"{database.name}-http.log"
        self.log.unlink(missing_ok=True)
        configuration = odoo_source.write_configuration(
            WORK / "conf" / f"{database.name}-http.conf",
            http_port=self.port,
            gevent_port=free_port(),
            db_name=database.name,
            dbfilter=f"^{database.name}$",
        )
        self._process = Background(
            "Odoo",
            source.command("-c", configuration, *options),
            self.log,
            env=source.environment(),
        )
        self._process.wait_until(self.is_answering, seconds=120)

    @property
    def pid(self):
        return self._process.process.pid

    def is_answering(self):
        return is_serving(f"{self.url}/web/login")

    def kill(self):
        """Kill the process without any clean-up."""
        self._process.kill()

    def stop(self):
        self._process.stop()


@pytest.fixture
def odoo_server():
    """Function that starts an Odoo: ``odoo_server(database, "--max-cron-threads=1")``."""
    servers = []

    def start(database, *options):
        servers.append(OdooServer(database, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def serve(database):
    """Function that starts a mail daemon: ``serve("--workers=1", lmtp=None)``."""
    daemons = []

    def start(*options, **settings):
        daemons.append(MailDaemon(database.name, *options, **settings))
        return daemons[-1].start()

    yield start
    for daemon in daemons:
        daemon.stop(20)


@pytest.fixture
def odoo_process():
    """Function that runs ``odoo`` with arguments until it exits, for commands and shell scripts.

    It returns a ``subprocess.CompletedProcess``, whatever the exit status.
    """
    source = odoo_source.locate()

    def run_odoo(*arguments, stdin=""):
        return subprocess.run(
            source.command(*arguments),
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
            env=source.environment(),
        )

    return run_odoo


# --- A database that receives messages ----------------------------------------------


@pytest.fixture
def ready(database):
    """A database in which sales@example.com creates leads."""
    with database.env() as env:
        set_up(env)
    return database


@pytest.fixture
def gateway(ready):
    """The same with the preset *Recommended*, with higher rate limits than people reach."""
    with ready.env() as env:
        recommend(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
    return ready

"""The databases to compare: the same applications, with and without the addon."""

from contextlib import contextmanager

import psycopg2
from setup_gateway import set_up

from odoo import SUPERUSER_ID, api, tools
from odoo.modules.registry import Registry

from environment import databases
from environment import odoo as odoo_source
from environment.places import ADDON, WORK

CORE, OURS = "postmaster_bench_core", "postmaster_bench_ours"
NO_LIMIT = "1000000"


def configure():
    path = odoo_source.write_configuration(WORK / "conf" / "bench.conf", log_level="warn")
    tools.config.parse_config(["-c", str(path)], setup_logging=False)


def prepare():
    """Create both databases anew, ready to receive messages for sales@example.com."""
    configure()
    base = databases.template("applications", ("crm", "project"))
    for name in (CORE, OURS):
        databases.copy(base, name)
    databases.install(OURS, [ADDON], databases.LOGS / f"{OURS}.log")
    for name in (CORE, OURS):
        with environment(name) as env:
            set_up(env)
            env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", NO_LIMIT)


@contextmanager
def environment(name, **context):
    with Registry(name).cursor() as cursor:
        yield api.Environment(cursor, SUPERUSER_ID, context)


class Database:
    """The interface of a database that the tests' helpers need.

    It uses its own connection: starting psql twenty times a second would be measured, too.
    """

    def __init__(self, name):
        self.name = name
        self._connection = None

    @property
    def registry(self):
        return Registry(self.name)

    def env(self):
        return environment(self.name)

    def query(self, sql):
        """Run SQL and return its rows as psql would print them, unaligned."""
        if self._connection is None:
            self._connection = psycopg2.connect(dbname=self.name)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        return "\n".join("|".join(map(str, row)) for row in rows)

"""The databases that are compared: the same applications, with and without the addon."""

from contextlib import contextmanager

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
    """Make both databases anew, ready to receive mail for sales@example.com."""
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

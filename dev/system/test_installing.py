"""Installing, updating and removing the addon leaves existing data unchanged."""

from contextlib import closing

import psycopg2
import pytest
from conftest import OdooDatabase
from database_dump import additions, changes, dump
from test_lifecycle import run_odoo

from environment import databases
from environment.places import ADDON

# What Odoo itself writes for any module: the list of modules, their models and fields, what is
# regenerated from files, signals for other processes to reload, and the trigger of the
# auto-vacuum.
WRITTEN_BY_ODOO = {
    "ir_attachment",
    "ir_cron_trigger",
    "ir_model",
    "ir_model_constraint",
    "ir_model_data",
    "ir_model_fields",
    "ir_model_fields_selection",
    "ir_model_inherit",
    "ir_model_relation",
    "ir_module_module",
    "ir_module_module_dependency",
    "orm_signaling_assets",
    "orm_signaling_default",
    "orm_signaling_groups",
    "orm_signaling_registry",
    "orm_signaling_routing",
    "orm_signaling_stable",
    "orm_signaling_templates",
}
# Whenever administrators get a group, core recomputes whether their contacts are shared
# (partner_share); the value stays the same.
COMPUTED_BY_ODOO = {("res_partner", "write_date")}

ACTION = "(SELECT res_id FROM ir_model_data WHERE name = 'ir_cron_mail_gateway_action')"
COMMON = """
    UPDATE ir_cron SET interval_number = interval_number + 3, priority = 4;
    INSERT INTO ir_config_parameter (key, value) VALUES ('mail.gateway.loop.minutes', '77');
    INSERT INTO ir_mail_server (name, smtp_host, smtp_authentication, smtp_encryption, active)
    VALUES ('On', 'smtp.example.com', 'login', 'none', true),
           ('Off', 'smtp.example.com', 'login', 'none', false);
    INSERT INTO mail_alias_domain (name, bounce_alias, catchall_alias, default_from, sequence)
    VALUES ('Example.COM', 'bounce', 'catchall', 'notifications', 1),
           (' blanks.example.com ', 'bounce', 'catchall', 'notifications', 2),
           ('bücher.example.com', 'bounce', 'catchall', 'notifications', 3),
           ('example.com', 'bounce', 'catchall', 'notifications', 4),
           ('no domain', 'bounce', 'catchall', 'notifications', 5);
    UPDATE res_company SET alias_domain_id = (SELECT min(id) FROM mail_alias_domain);
    INSERT INTO mail_alias (alias_name, alias_domain_id, alias_full_name, alias_model_id,
                            alias_defaults, alias_contact)
    SELECT 'info', id, 'info@' || name, (SELECT id FROM ir_model WHERE model = 'res.partner'),
           '{}', 'everyone' FROM mail_alias_domain;
"""
SERVERS = """
    INSERT INTO fetchmail_server (name, server_type, state, active, server, "user", is_ssl)
    VALUES ('Draft', 'imap', 'draft', true, 'imap.example.com', 'draft', true),
           ('Draft, off', 'pop', 'draft', false, 'pop.example.com', 'both', false),
           ('Script', 'local', 'done', true, NULL, NULL, false);
"""
CONFIRMED = """
    INSERT INTO fetchmail_server (name, server_type, state, active, server, "user", is_ssl)
    VALUES ('IMAP', 'imap', 'done', true, 'imap.example.com', 'imap', true),
           ('POP', 'pop', 'done', true, 'pop.example.com', 'pop', false),
           ('IMAP, off', 'imap', 'done', false, 'imap.example.com', 'off', true);
"""
FETCHING = "UPDATE ir_cron SET active = {} WHERE id = " + ACTION
# The Odoo command and its standard input.
INSTALL = (("server", "-i", ADDON, "--stop-after-init", "--no-http"), "")
UPDATE = (("server", "-u", ADDON, "--stop-after-init", "--no-http"), "")
REMOVE = (
    ("shell", "--no-http"),
    (
        f"addon = env['ir.module.module'].search([('name', '=', '{ADDON}')])\n"
        "addon.button_immediate_uninstall()\n"
    ),
)


@pytest.fixture
def plain():
    """A database without the addon, where fetching was never switched on or off."""
    name = "postmaster_test_system_plain"
    databases.copy(databases.template("applications", ("crm", "project")), name)
    database = OdooDatabase(name, None)
    database.query(COMMON)
    yield database
    database.forget()
    databases.drop(name)


def read(database, columns=None):
    return dump(database.name, columns, without=WRITTEN_BY_ODOO)


def check_steps(database, *steps):
    """Run commands of Odoo; after each, all rows must be as they were before the first."""
    before = read(database)
    assert {"ir_cron", "ir_act_server", "fetchmail_server", "mail_alias"} <= before.rows.keys()
    for arguments, stdin in steps:
        run_odoo(database, *arguments, stdin=stdin)
        after = read(database, before.columns)
        assert changes(before, after, without=COMPUTED_BY_ODOO) == [], arguments
        if stdin:
            assert additions(before, after) == []


def test_fetching_that_was_stopped(plain):
    plain.query(SERVERS + CONFIRMED + FETCHING.format("false"))
    check_steps(plain, INSTALL, UPDATE, REMOVE)


def test_fetching_without_a_confirmed_server(plain):
    """Core would switch it off; if an administrator has switched it on, it stays on."""
    plain.query(SERVERS + FETCHING.format("true"))
    check_steps(plain, INSTALL)
    policies = plain.query("SELECT DISTINCT certificate_policy FROM fetchmail_server")
    assert policies == "any"
    with plain.env() as env:
        assert env["fetchmail.server"].new({"name": "New"}).certificate_policy == "verify"


def test_database_that_receives_no_mail_yet(plain):
    """It starts with the preset Recommended, which sets some of core's parameters."""
    check_steps(plain, INSTALL)
    preset = "SELECT value FROM ir_config_parameter WHERE key = 'mail.postmaster.preset'"
    assert plain.query(preset) == "recommended"


def test_update_needs_no_lock_on_tables_that_have_everything(database):
    """Messages are received, and reports are read, while the addon is updated."""
    tables = database.query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'mail\\_postmaster\\_%'"
    ).splitlines()
    assert len(tables) > 10
    database.query(f"ALTER DATABASE {database.name} SET lock_timeout = '2s'")
    with closing(psycopg2.connect(dbname=database.name)) as reader:
        for table in tables:
            reader.cursor().execute(f"SELECT count(*) FROM {table}")
        arguments, stdin = UPDATE
        run_odoo(database, *arguments, stdin=stdin)

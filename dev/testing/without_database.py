"""Plugin of pytest for the tests that need no database: a connection is an error.

The tests still are classes of ``odoo.tests`` in a module of ``odoo.addons``. What makes
that work under pytest is taken from pytest-odoo, whose own plugin always connects.
"""

import os

import psycopg2
import pytest
import pytest_odoo

from odoo import modules, tools


def _refuse(*arguments, **options):
    raise AssertionError("This test asked for a database connection; it is meant to need none.")


def pytest_configure(config):
    tools.config.parse_config(
        [f"--addons-path={os.getcwd()}", "--http-interface=127.0.0.1"],
        setup_logging=False,
    )
    modules.initialize_sys_path()
    pytest_odoo.support_subtest()
    pytest_odoo.disable_odoo_test_retry()
    pytest_odoo.monkey_patch_resolve_pkg_root_and_module_name()
    psycopg2.connect = _refuse


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    modules.module.current_test = getattr(item, "instance", None)

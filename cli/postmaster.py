"""``odoo-bin postmaster``: the programs that run outside Odoo's server.

Odoo finds this file in the addons path and loads it under another name, so relative imports
fail. A subcommand is a module with ``DESCRIPTION``, ``add_arguments(parser)`` and
``run(database, arguments)``, which returns the exit status.
"""

import argparse
import sys
from importlib import import_module

from odoo.cli import Command
from odoo.tools import config

ADDON = "odoo.addons.mail_postmaster"
SUBCOMMANDS = {
    "import": "odoo.addons.mail_postmaster.importing.command",
    "serve": "odoo.addons.mail_postmaster.daemon.command",
}


class Postmaster(Command):
    """Receive email: ``serve`` runs the mail daemon of a host, ``import`` imports old messages"""

    def run(self, cmdargs):
        """Parse the arguments and run a subcommand. Unknown arguments are passed to Odoo."""
        parser = argparse.ArgumentParser(prog=self.prog, description=self.__doc__)
        subparsers = parser.add_subparsers(dest="subcommand", required=True)
        # Loaded here, the addon is not loaded by Odoo any more, which would call this.
        import_module(ADDON).post_load()
        modules = {name: import_module(path) for name, path in SUBCOMMANDS.items()}
        for name, module in modules.items():
            subparser = subparsers.add_parser(name, description=module.DESCRIPTION)
            subparser.add_argument("-c", "--config", help="Odoo's configuration file")
            subparser.add_argument("-d", "--database", help="name of the database")
            module.add_arguments(subparser)
        arguments, others = parser.parse_known_args(cmdargs)
        sys.exit(modules[arguments.subcommand].run(_database(parser, arguments, others), arguments))


def _database(parser, arguments, others):
    """Read Odoo's configuration and return the name of the database."""
    options = ["--no-http", *others]
    options += ["-c", arguments.config] if arguments.config else []
    options += ["-d", arguments.database] if arguments.database else []
    config.parse_config(options, setup_logging=True)
    databases = config["db_name"]
    if len(databases) != 1:
        parser.error("Specify one database, with -d or as db_name in the configuration file.")
    return databases[0]

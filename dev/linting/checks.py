"""The checks of ``dev/lint``, which ``dev/test lint`` counts as tests."""

import sys
from dataclasses import dataclass
from pathlib import Path

from environment import linters, stage
from environment.places import ROOT, WORK

PYLINT = (
    "--load-plugins=pylint_odoo",
    "--disable=all",
    "--enable=odoolint",
    "--valid-odoo-versions=19.0",
    "--score=n",
)
# Rules that do not apply to this addon.
ADDON = (
    # Rules of the association that publishes pylint-odoo, for its own addons.
    "--disable=manifest-required-author,missing-readme",
    # A model that is extended for several topics has a class for each.
    "--disable=consider-merging-classes-inherited",
    # An override may leave the call of core to a separate method, for example a cached one.
    "--disable=super-method-mismatch",
    # The first two are those of the default; the others have no result in core either.
    "--no-missing-return=__init__,_register_hook,"
    "init,_compute_bounce_email,_compute_catchall_email",
    # The tests are checked by a run of their own.
    "--ignore=dev,tests",
)
TESTS = (
    # Tests name the addon in full, as another addon would and as Odoo's own tests do.
    "--disable=odoo-addons-relative-import",
    # Classes that stand in for files, servers and mailboxes are not models of Odoo.
    "--disable=method-required-super,missing-return",
    # The text of an error that a test raises is shown to no user.
    "--disable=translation-required",
)


@dataclass(frozen=True)
class Check:
    """A command that ends with status 0 when it finds nothing.

    :param name: what a person calls it
    :param command: list of the program and its arguments
    :param folder: where it is run
    """

    name: str
    command: tuple
    folder: Path = ROOT


def prepare(parent, arguments=()):
    """Return the checks, after installing the linters.

    :param parent: folder in which the addon is copied, see ``environment.stage``
    :param arguments: more arguments for ``ruff check``
    """
    WORK.mkdir(parents=True, exist_ok=True)
    linters.install()
    ruff, pylint = linters.program("ruff"), linters.program("pylint")
    addon = stage.make(parent)
    tests = f"{addon.name}/tests"
    return (
        Check("ruff check", (ruff, "check", *arguments, ".")),
        Check("ruff format", (ruff, "format", "--check", ".")),
        Check("pylint of the addon", (pylint, *PYLINT, *ADDON, addon.name), parent),
        Check("pylint of the tests", (pylint, *PYLINT, *TESTS, tests), parent),
        Check("phrases", (sys.executable, ROOT / "dev" / "phrases")),
    )

"""Load ``gateway`` and the test modules that do not need Odoo.

The packages around them import models and test cases. Empty packages replace them, so that
relative imports work.
"""

import importlib
import sys
import types

from .places import ADDON, ROOT

_PACKAGES = (ADDON, f"{ADDON}.tests", f"{ADDON}.tests.gateway")


def load(name):
    """Return a module of the addon.

    :param str name: name below the addon, such as ``tests.gateway.whole_way``
    """
    for package in _PACKAGES:
        if package not in sys.modules:
            module = sys.modules[package] = types.ModuleType(package)
            module.__path__ = [str(ROOT.joinpath(*package.split(".")[1:]))]
    return importlib.import_module(f"{ADDON}.{name}")

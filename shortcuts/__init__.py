"""Shortcuts that only save time: messages are processed the same way without them.

``memoize``             lookups that core repeats for one message, made once
``change_tracking``     what a lookup depends on was written: it is made again (no switch)
``contacts``            the contacts of an address, which core looks up several times
``cache_prefill``       columns that core reads again for each message
``field_descriptions``  fields of a model, which core describes again for each message

Beside these: ``alias_domains``, which are kept by their version over many messages, and
``wake_ups``, the calls of scheduled actions that a cursor session postpones.
"""

import os

ALL = "all"
# Off in tests, which show that nothing but time depends on them (``dev/test shortcuts``), and one
# by one in ``dev/bench shortcuts``, which shows what each is worth.
OFF = frozenset(filter(None, os.environ.get("POSTMASTER_SHORTCUTS_OFF", "").split(",")))
NAMES = (
    "memoize",
    "contacts",
    "cache_prefill",
    "field_descriptions",
    "alias_domains",
    "wake_ups",
)
if unknown := OFF - {ALL, *NAMES}:
    raise ValueError(f"POSTMASTER_SHORTCUTS_OFF names no shortcut: {', '.join(sorted(unknown))}")


def is_on(name: str) -> bool:
    """Return whether a shortcut is in use; the names are those above."""
    return name not in OFF and ALL not in OFF

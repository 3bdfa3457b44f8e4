"""Shortcuts that only save time: messages are processed the same way without them.

``memoize``             lookups that core repeats for one message, made once
``change_tracking``     what a lookup depends on was written: it is made again
``contacts``            the contacts of an address, which core looks up several times
``cache_prefill``       columns that core reads again for each message
``field_descriptions``  fields of a model, which core describes again for each message

Beside these: the calls of scheduled actions that a cursor session postpones.
"""

import os

# Off in tests, which show that nothing but time depends on them (``dev/test shortcuts``).
ARE_ON = os.environ.get("POSTMASTER_SHORTCUTS") != "off"

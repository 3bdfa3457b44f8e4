"""What only saves time: the way of a message is the same without it.

``memoize``        questions that core asks several times about one message, answered once
``contacts``       the contacts of an address, which core looks for several times
``cache_prefill``  columns that core reads again for each message

Beside these: ``mail.postmaster.shortcuts``, which keeps the descriptions of fields, and the calls
of scheduled actions that a cursor session puts off.
"""

import os

# Off in tests, which show that nothing but time depends on them (``dev/test shortcuts``).
ARE_ON = os.environ.get("POSTMASTER_SHORTCUTS") != "off"

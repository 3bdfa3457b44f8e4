"""How mailboxes are fetched.

``servers``     which mailboxes are fetched in a run, and for how long
``server_run``  one mailbox in a run: what is fetched, stored and marked
``interrupted`` fetches whose process was killed
``outages``     mailboxes from which nothing comes, and who is told
``login``       logs in with any password
``tls``         verifies certificates
"""

from . import interrupted, login, outages, servers, tls

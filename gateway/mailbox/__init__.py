"""Reading a mailbox without losing messages.

Core's fetcher drives a connection through four methods. The classes in this package wrap core's
connection and implement these four: they fetch many messages at once without marking them as
read, return their bytes unchanged, and mark or delete them only when they are stored. Everything
else, including logins by other addons, goes to core's connection. Core creates the connection, or
an addon that replaces core's class does.

============== =====================================================================
``run``        stored and remembered state, as the connection sees it
``folder``     which messages of a folder are new
``batches``    which of them are fetched together
``bounds``     limits on what a server sends, and on how long it takes
``numbers``    numbers and ids of servers, within what can be stored
``unique_ids`` which messages of a POP3 mailbox are stored
``imap``       IMAP commands and answers, as text
``pop``        POP3 commands and answers
``outage``     when a mailbox that is not read is an outage
``over_imap``  the four methods over :mod:`imaplib`
``over_pop``   the four methods over :mod:`poplib`
============== =====================================================================
"""

import imaplib
import poplib

from .over_imap import ImapMailbox
from .over_pop import PopMailbox


def mailbox_class(connection: object) -> type[ImapMailbox] | type[PopMailbox] | None:
    """Return the class that wraps a connection of core, or None for other kinds."""
    if isinstance(connection, imaplib.IMAP4):
        return ImapMailbox
    return PopMailbox if isinstance(connection, poplib.POP3) else None

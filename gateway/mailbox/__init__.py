"""Reading a mailbox without losing what is in it.

Core's fetcher drives a connection through four methods. The classes in this package
stand in front of core's connection and answer these four: they fetch many mails at once
without marking them as read, hand over their bytes unchanged, and mark or delete them only
when they are stored. Everything else, the login of other addons included, goes to core's
connection: they are made by core, and by whoever puts a class of its own in core's place.

============= ======================================================================
``run``       what is stored and remembered, as the connection sees it
``folder``    which mails of a folder are new
``batches``   which of them are fetched together
``imap``      what IMAP says, as text
``over_imap`` the four methods over :mod:`imaplib`
``over_pop``  the four methods over :mod:`poplib`
============= ======================================================================
"""

import imaplib
import poplib

from .over_imap import ImapMailbox
from .over_pop import PopMailbox


def mailbox_class(connection):
    """Return the class that stands in front of a connection of core, None for other kinds."""
    if isinstance(connection, imaplib.IMAP4):
        return ImapMailbox
    return PopMailbox if isinstance(connection, poplib.POP3) else None

"""``odoo-bin postmaster serve``: the processes of one host that receive mail at once.

==================== =================================================================
module               what it does
==================== =================================================================
``command``          arguments of the command line, and what must be true to start
``supervisor``       starts the processes, restarts those that end, ends them in order
``process``          what a child process has in common: its end, its database
``listener``         takes mail by LMTP
``protocol``         the LMTP dialogue, on top of aiosmtpd
``commits``          stores what parallel connections hand over in common commits
``recipients``       which recipients are ours, from a cache
``budget``           bounds the bytes in memory
``worker``           processes stored mail
``calls``            waits for the database to say that mail is stored
``watcher``          waits for new mail in mailboxes, and fetches it
``filestore``        whether this host has the filestore that the others have
==================== =================================================================

Nothing in Odoo's own server depends on it: without it, the scheduled actions do the work.
"""

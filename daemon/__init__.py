"""``odoo-bin postmaster serve``: the processes of one host that receive messages immediately.

==================== =================================================================
module               what it does
==================== =================================================================
``command``          the command line, and the conditions for starting
``supervisor``       starts the processes, restarts those that end, stops them in order
``process``          what all child processes share: how they end, and their database
``listener``         receives messages by LMTP
``protocol``         the LMTP dialogue, on top of aiosmtpd
``commits``          stores the messages of parallel connections in shared commits
``recipients``       a cache of the recipients that are ours
``budget``           limits the bytes in memory
``worker``           processes stored messages
``calls``            waits for the database to announce stored messages
``watcher``          waits for new messages in mailboxes, and fetches them
``filestore``        checks whether all hosts share one filestore
==================== =================================================================

Nothing in Odoo's own server depends on it. Without it, the scheduled actions do the work.
"""

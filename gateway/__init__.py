"""What this addon knows about mail, without Odoo and without a database.

==================== =================================================================
module               what it answers
==================== =================================================================
``addresses``        which spelling of an address or domain stands for all of them
``address_list``     which addresses stand in a header field
``address_book``     which aliases, domains and retired addresses there are for a mail
``recipients``       who a mail is for, and what says so
``matching``         whose an address is, and by which rule
``shared_addresses`` which addresses two aliases would both answer to
``forwarding``       who forwarded a mail, and who wrote it before
``envelope``         who sent this, to whom, under which Message-Id (headers only)
``limits``           how much there may be in a mail, and whether there is more
``mime``             which parts a mail has for Python's parser, without running it
``content_fields``   what stops Python's parser of a mail, made readable
``repair``           what core could not read of a mail, made readable
``file_names``       what a file may be called, whatever a mail calls it
``origin``           where an answer to a mail would go, and whose places it takes
``identity``         when two deliveries are the same mail
``conversation``     which mails belong together, and are processed in their order
``automatic``        whether a program wrote a mail or a person, and what says so
``hops``             how far a mail has come, and whether it goes in circles
``authentication``   who wrote a mail, as far as somebody has proved it
``dns_answers``      what DNS answers, in time and not twice
``screening``        what becomes of automatic mail, by the policy in force
``participants``     whether who answers in a conversation is part of it
``mail_providers``   whether a domain gives addresses to the public
``reports``          what a mail tells of another mail: bounces, receipts, complaints
``srs``              which sender stands in an address that a forwarder made
``states``           which states a mail has, which moves are allowed, which is worst
``retries``          when to try again after an unexpected error
``trace``            which decisions were taken on the way, hits and misses
``posted``           which mail an HTTP request brings, and its envelope
``mail_files``       which mails stand in an mbox, a Maildir or a folder
``idle``             waiting at a mailbox until its server says that mail has come
``error_text``       what may be said of an exception: never a credential
``mailbox``          how IMAP and POP3 are read without losing what is there
``charsets``         text out of bytes, in the charset a mail names, with a bound on the work
``preview``          the text of a mail as a page that fetches and runs nothing
==================== =================================================================

Nothing here imports Odoo; ``tests/gateway`` runs in seconds and walks the imports.
"""

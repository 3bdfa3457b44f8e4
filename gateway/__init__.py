"""Everything this addon knows about email, without Odoo and without a database.

==================== =================================================================
module               purpose
==================== =================================================================
``addresses``        the canonical form of addresses and domains
``address_list``     the addresses in a header field
``address_book``     the aliases, domains and former addresses to compare a message with
``recipients``       the recipients of a message, and the field that names each
``matching``         which record an address belongs to, and by which rule
``shared_addresses`` addresses that two aliases would both match
``forwarding``       who forwarded a message, and its original author
``envelope``         sender, recipients and Message-Id (headers only)
``limits``           size limits of a message, and whether it exceeds them
``text_effort``      how long core takes to clean a text
``mime``             the parts Python's parser would find in a message, without running it
``content_fields``   rewrites fields that stop Python's parser
``repair``           rewrites what core cannot read in a message
``file_names``       safe names for attachments
``sender``           where a reply would go, and whose rate slots a message takes
``fingerprint``      when two deliveries are the same message
``same_message``     whether messages with the same Message-Id are copies of one message
``own_mail``         the marks of what Odoo has sent, when it comes back
``conversation``     which messages belong together and are processed in order
``automatic``        whether a program or a person wrote a message, and which field says so
``hops``             how many hops a message has passed, and whether it is in a mail loop
``authentication``   the authenticated sender of a message
``dns_answers``      DNS answers, cached, with a time limit
``treatments``       how a message can be treated by a policy
``screening``        how automatic mail is handled by the policy in force
``participants``     whether the sender of a reply is a participant
``mail_providers``   whether a domain gives addresses to the public
``provider_domains`` names of access providers and others, by country
``same_mailbox``     one mailbox for the addresses that a provider gives to one person
``reports``          messages about other messages: bounces, receipts, complaints
``srs``              the original sender in an SRS address
``states``           the states of a message, allowed transitions, and their order
``retries``          when to retry after an unexpected error
``trace``            the decisions taken for a message, hits and misses
``posted``           the message and envelope in an HTTP request
``mail_files``       the messages in an mbox, a Maildir or a folder
``idle``             waits at a mailbox until its server announces a message
``command_line``     values of options on the command line
``spreadsheet``      texts of senders in a spreadsheet, without formulas
``error_text``       what an error text may contain: never a credential
``mailbox``          reads IMAP and POP3 without losing messages
``charsets``         decodes text in the charset a message names, with bounded work
``preview``          shows the text of a message as a page that loads and runs nothing
==================== =================================================================

Nothing here imports Odoo. ``tests/gateway`` runs in seconds and checks the imports.
"""

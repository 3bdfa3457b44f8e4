"""The path of a message, from the transport that submits it to its outcome.

The overrides of core's methods delegate to plain functions here. Each gets the recordset that core
calls; one that lets core continue also gets ``core``: the overridden method, as the next class
defines it. What another addon may extend is a method of ``mail.postmaster.pipeline``, or of another
model without a table. In the order of processing:

=======================  ===========================================================
stored                   before any decision
=======================  ===========================================================
``entry``                the first step of a call, before the overrides of other addons
``submission``           what a transport has submitted
``caller``               what a caller without superuser rights may request
``cursor_session``       what consecutive messages share: a cursor, and calls to core
``work``                 a message is stored, processed, and its outcome recorded
``intake``               messages are stored, one or many in a commit
``room``                 how much may wait or need attention, in all and by one sender
``waiting``              columns and indexes of waiting messages
``claim``                which waiting message is next; claims that are given back
``queue``                a stored message is processed later
=======================  ===========================================================

=======================  ===========================================================
processed                in one attempt
=======================  ===========================================================
``mail``                 a stored message and how it was submitted, which nothing changes
``ledger``               what is decided and done while it is processed
``attempt``              one attempt to process it: the mail, the findings, the ledger
``recipients``           for whom the message is, by the evidence
``addressing``           the result: addresses, aliases, forwarder
``envelope_recipients``  the recipients for which a mail server may submit messages
``authentication``       the sender, by a trusted server or by our own check
``reading``              how core parses a message: repaired before, completed after
``facts``                what the rules are asked about
``applying``             the verdicts of the rules: rate slots, trace, outcome of targets
``same_id``              messages that share a Message-Id: copies, or other messages
``routing``              what core decides about a message and its routes
``sender``               the author of a message, and what core looks up by that address
``replies``              who may reply in a conversation
``participants``         the participants of a conversation, and others who reply
``domain_users``         the contacts that use the domain of such a sender
``private_replies``      replies in conversations that not every employee may read
``delivering``           one target after the other, each once
``declined``             targets that another addon has declined
``notifying``            who is notified of the effects of a message
``notices``              notices to the sender
=======================  ===========================================================

=======================  ===========================================================
reports                  bounces, receipts and complaints about our messages
=======================  ===========================================================
``reports``              which message a report is about, and its outcome for each recipient
``report_recipients``    the recipients that a message was sent to
``report_consequences``  what follows: bounce counters, blacklist, notifications
``return_path``          signed return paths
=======================  ===========================================================

=======================  ===========================================================
settled                  afterwards
=======================  ===========================================================
``outcome``              state, reason, trace and deliveries are recorded, or a retry planned
``release``              a settled message is processed again
``log_without_values``   no content of a message in the server's log
=======================  ===========================================================
"""

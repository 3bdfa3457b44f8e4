"""The path of a message, in plain Python: the overrides of core's methods delegate to it.

Each function gets the recordset that core calls. A function that lets core continue also gets
``core``: the overridden method, as the next class defines it. In the order of processing:

``cursor_session``  what consecutive messages share: a cursor, and calls to core
``submission``  what a transport has submitted
``mail``        a stored message and how it was submitted, which nothing changes
``ledger``      what is decided and done while it is processed
``attempt``     one attempt to process it: the mail, the findings, the ledger
``reading``     how core parses a message: repaired before, completed after
``facts``       what the rules are asked about
``applying``    the verdicts of the rules: rate slots, trace, outcome of targets
``routing``     what core decides about a message and its routes
``sender``      the author of a message, and what core looks up by that address
``replies``     who may reply in a conversation
``notices``     notices to the sender
``delivering``  one target after the other, each once
``notifying``   who is notified of the effects of a message
"""

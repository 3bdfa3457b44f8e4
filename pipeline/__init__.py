"""The way of a message, in plain Python: what the overrides of core's methods delegate to.

Each function gets the recordset that core calls and, where it lets core go on, ``core``: the
method that was overridden, as the next class has it. In the order in which a message comes by:

``cursor_session``  what messages that follow each other share: a cursor, and calls to core
``submission``  what a transport has handed over
``attempt``     what is known and noted while one message is processed
``reading``     what core reads of a message: made readable before, kept whole after
``routing``     what core decides about a message and its routes
``sender``      who wrote the message, and what core finds by that
``replies``     who may reply in a conversation
``notices``     what core tells the sender
``delivering``  one target after the other, each once
``notifying``   who is told of what a message has caused
"""

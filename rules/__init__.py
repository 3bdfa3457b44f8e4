"""The rules for received messages: each a pure function of facts.

A rule reads the facts and returns a verdict, or None; it writes nothing and reserves nothing.
``pipeline/facts.py`` collects the facts, and ``pipeline/applying.py`` carries out the verdicts.

``verdict``            what a rule says
``table``              the rules in the order in which they are asked
``limits``             size and shape of what core would have to parse
``hops``               a message that has passed too many servers, or that replies to our notices
``own_message``        a notification of this database that comes back
``shared_message_id``  a message with the Message-Id of another one
``alias_mode``         an alias that holds, refuses or is closed
``sender_identity``    a sender who did not write the message
``automatic_mail``     auto-replies and other automatic messages
``reply``              a reply from a non-participant of the conversation
``repeated_reply``     the same text of one sender to the same record
``sender_limit``       messages of one sender to one target
``record_limit``       records that one alias creates
``notice``             whether the sender gets a notice
``catchall``           the same text, repeated to the catchall address
``reasons``            the reason that a message ends with, and what follows from it
"""

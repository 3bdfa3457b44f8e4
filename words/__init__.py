"""What codes mean in words, in the language of the reader.

``sentences``                 states, reasons, steps of the trace
``authentication_sentences``  the authentication of a sender
``report_sentences``          reports about sent messages
"""

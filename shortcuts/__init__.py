"""What only saves time: the way of a message is the same without it.

``memoize``        questions that core asks several times about one message, answered once
``contacts``       the contacts of an address, which core looks for several times
``cache_prefill``  columns that core reads again for each message
"""

"""What only saves time: the way of a message is the same without it.

``contacts``  the contacts of an address, which core looks for several times
"""

"""What ``dev/lint`` is made of.

================ =============================================================
module           what it knows
================ =============================================================
``checks``       the checks, and how each is run
``phrases``      phrases to avoid, and how many of them a file may still have
``reading``      what of a file people read: text, comments, docstrings
================ =============================================================
"""

"""What ``dev/test`` is made of.

==================== =========================================================
module               what it knows
==================== =========================================================
``outcome``          how many tests passed, from the log of a test runner
``suites``           the suites: what each needs, and how it is run
``without_database`` plugin of pytest for the tests that need no database
==================== =========================================================
"""

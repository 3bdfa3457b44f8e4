"""Hypothesis, which generates the cases of the property tests, or its replacement.

It is a development dependency (dev/requirements.txt) that other installations of Odoo lack: there
each of these tests is skipped with a reason.
"""

from unittest import skip

try:
    from hypothesis import example, given, settings
    from hypothesis import strategies as st
except ImportError:

    class _NoStrategy:
        """Replaces ``strategies`` and everything built from them."""

        def __call__(self, *arguments, **options):
            return self

        def __getattr__(self, name):
            return self

        def __or__(self, other):
            return self

        __ror__ = __or__

    def given(*arguments, **options):
        return skip("The Python library hypothesis is not installed.")

    example = settings = given
    st = _NoStrategy()

# The same cases in every run, and no files written beside the tests.
CASES = settings(derandomize=True, database=None, deadline=None)

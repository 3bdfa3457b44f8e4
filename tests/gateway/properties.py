"""Hypothesis, which makes up the cases of the property tests, or what stands in for it.

It is a library of development (dev/requirements.txt), which an Odoo elsewhere has not got:
there each of these tests is skipped, and the reason says why.
"""

from unittest import skip

try:
    from hypothesis import example, given, settings
    from hypothesis import strategies as st
except ImportError:

    class _NoStrategy:
        """What stands in for ``strategies``, and for all that is built of them."""

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

# The same cases in every run, and nothing written beside the tests.
CASES = settings(derandomize=True, database=None, deadline=None)

"""How the time of a reader grows with its input."""

from time import process_time
from unittest.mock import patch

from odoo.tests.common import BaseCase

from odoo.addons.mail_postmaster.gateway import envelope

ROUNDS = 3
FACTOR = 8
# Eight times as much takes about eight times as long; quadratic time would be 64 times.
MOST_GROWTH = 30
# Shorter times say nothing about growth.
LEAST_SECONDS = 0.004


class GrowthCase(BaseCase):
    def assertGrowsWithSize(self, read, make, size):
        """Check that the time of ``read(make(size))`` is not quadratic in ``size``.

        A ratio of two times of one machine does not depend on how fast or how busy that is.
        """
        small, large = seconds(read, make(size)), seconds(read, make(size * FACTOR))
        self.assertLess(large, MOST_GROWTH * max(small, LEAST_SECONDS))


def seconds(function, raw):
    """Return the CPU seconds of one call, the best of several; no call speeds up the next one."""
    best = None
    with patch.multiple(
        envelope,
        _remembered=envelope._divide,
        _remembered_large=envelope._divide,
    ):
        for _round in range(ROUNDS):
            start = process_time()
            function(raw)
            spent = process_time() - start
            best = spent if best is None else min(best, spent)
    return best

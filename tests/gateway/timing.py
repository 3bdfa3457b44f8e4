"""How the time of a reader grows with its input."""

from time import process_time
from unittest.mock import patch

from odoo.addons.mail_postmaster.gateway import envelope

ROUNDS = 3


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

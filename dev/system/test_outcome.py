"""What ``dev/test`` makes of the last line of pytest."""

import pytest

from testing.outcome import of_pytest


@pytest.mark.parametrize(("line", "numbers", "is_good"), [
    ("3 passed in 1.25s", (3, 0, 0), True),
    ("3 passed, 9 subtests passed in 1.25s", (3, 0, 0), True),
    ("3 passed, 1 xfailed in 1.25s", (3, 0, 1), False),
    ("3 passed, 1 xpassed in 1.25s", (3, 1, 0), False),
    ("3 passed, 1 skipped in 61.00s (0:01:01)", (3, 0, 1), False),
    ("1 failed, 3 passed, 2 errors in 1.25s", (3, 3, 0), False),
    ("no tests ran in 0.01s", (0, 0, 0), False),
])
def test_summary_of_pytest(line, numbers, is_good):
    result = of_pytest(f"...\n{line}\n")
    assert (result.passed, result.failed, result.skipped) == numbers
    assert result.is_good == is_good

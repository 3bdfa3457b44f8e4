"""How ``dev/test`` reads the last line of pytest."""

import re

import pytest

from testing.outcome import of_odoo, of_pytest


@pytest.mark.parametrize(
    ("line", "numbers", "is_good"),
    [
        ("3 passed in 1.25s", (3, 0, 0), True),
        ("3 passed, 9 subtests passed in 1.25s", (3, 0, 0), True),
        ("3 passed, 1 xfailed in 1.25s", (3, 0, 1), False),
        ("3 passed, 1 xpassed in 1.25s", (3, 1, 0), False),
        ("3 passed, 1 skipped in 61.00s (0:01:01)", (3, 0, 1), False),
        ("1 failed, 3 passed, 2 errors in 1.25s", (3, 3, 0), False),
        ("no tests ran in 0.01s", (0, 0, 0), False),
    ],
)
def test_summary_of_pytest(line, numbers, is_good):
    result = of_pytest(f"...\n{line}\n")
    assert (result.passed, result.failed, result.skipped) == numbers
    assert result.is_good == is_good


PLAIN = """\
2026-01-01 10:00:00,000 7 INFO db odoo.addons.a.tests.test_b: skipped TestB.test_c : No tool. 
2026-01-01 10:00:00,000 7 INFO db odoo.addons.a.tests.test_b: skipped TestB.test_d : No tool. 
2026-01-01 10:00:00,000 7 INFO db odoo.addons.a.tests.test_b: skipped setUpClass (a.b.TestE) : {}
2026-01-01 10:00:00,000 7 INFO db odoo.tests.result: 0 failed, 0 error(s) of 9 tests when loading
"""


@pytest.mark.parametrize(
    ("reason", "skipped", "notes", "is_good"),
    [
        ("No tool.", 0, ("3 skipped: No tool.",), True),
        ("No tool. No screen.", 1, ("2 skipped: No tool.",), False),
    ],
)
def test_reasons_of_skipped_tests(reason, skipped, notes, is_good):
    result = of_odoo(PLAIN.format(reason), re.compile(r"No tool\."))
    assert (result.passed, result.skipped, result.notes) == (6, skipped, notes)
    assert result.is_good == is_good
    assert not of_odoo(PLAIN.format(reason)).is_good

"""How many tests passed, failed and were skipped, from the log of a test runner."""

import re
from collections import Counter
from dataclasses import dataclass

# The last line of pytest: "119 passed, 1 warning, 174 subtests passed in 17.25s (0:01:02)".
PYTEST_SUMMARY = re.compile(
    r"^=*\s*(\d+ \w+.*|no tests ran) in [\d.]+s(?: \([\d:]+\))?\s*=*$",
    re.MULTILINE,
)
PYTEST_COUNT = re.compile(
    r"(\d+) ((?:subtests )?(?:passed|failed|skipped)|xfailed|xpassed|errors?)\b",
)
PYTEST_FAILURES = ("failed", "error", "errors", "xpassed", "subtests failed")
# A test that is expected to fail shows nothing that works.
PYTEST_SKIPPED = ("skipped", "subtests skipped", "xfailed")
ODOO_SUMMARY = re.compile(r"odoo\.tests\.result: (\d+) failed, (\d+) error\(s\) of (\d+) tests")
ODOO_SKIPPED = re.compile(r"^\S+ \S+ \d+ INFO \S+ \S+: skipped (.+)$", re.MULTILINE)
# What is skipped stands before it: "TestDaemon.test_part : ", "setUpClass (a.module.Test) : ".
ODOO_REASON = re.compile(r"^.*? : ")
NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Outcome:
    """Numbers of tests; they can be added.

    :param problem: a sentence when the run itself is not to be trusted
    :param notes: what else a person should know: where tests ran, or why some did not, as meant
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problem: str = ""
    notes: tuple = ()

    def __add__(self, other):
        problem = " ".join(filter(None, (self.problem, other.problem)))
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            problem,
            self.notes + other.notes,
        )

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    @property
    def is_good(self):
        has_done_its_work = bool(self.passed or self.notes)
        return has_done_its_work and not self.failed and not self.skipped and not self.problem

    def checked(self, status, at_least=1):
        """Return the outcome with what is wrong with the run itself.

        :param status: exit status of the test runner
        :param at_least: number of tests that must have run
        """
        total = self.passed + self.failed + self.skipped
        if total < at_least:
            sentence = f"Only {total} tests ran, {at_least} were expected."
        elif status and not self.failed:
            sentence = f"The test runner ended with status {status}."
        else:
            return self
        # A problem counts as a failure, or the sum at the end would look good.
        return self + Outcome(failed=0 if self.failed else 1, problem=sentence)


def of_pytest(text):
    """Read the summary line of pytest.

    A skipped or failed subtest counts as a test, one that is expected to fail as skipped.
    """
    lines = PYTEST_SUMMARY.findall(text)
    if not lines:
        return Outcome(failed=1, problem="pytest ended without a summary.")
    counts = {name: int(number) for number, name in PYTEST_COUNT.findall(lines[-1])}
    return Outcome(
        passed=counts.get("passed", 0),
        failed=sum(counts.get(name, 0) for name in PYTEST_FAILURES),
        skipped=sum(counts.get(name, 0) for name in PYTEST_SKIPPED),
    )


def of_odoo(text, expected=NOTHING):
    """Read the summary line of Odoo's test runner.

    Odoo counts skipped tests, and tours that found no browser, as tests that went well:
    they show only as lines of their own.

    :param expected: pattern of the reasons for which tests may be skipped; those become notes
    """
    summary = ODOO_SUMMARY.search(text)
    if not summary:
        return Outcome(failed=1, problem="Odoo ended without a test result.")
    failed, errors, total = map(int, summary.groups())
    reasons = Counter(ODOO_REASON.sub("", line).strip() for line in ODOO_SKIPPED.findall(text))
    skipped = sum(number for reason, number in reasons.items() if not expected.fullmatch(reason))
    failed += errors
    # An error in setUpClass is an error without a test.
    return Outcome(
        passed=max(total - failed - reasons.total(), 0),
        failed=failed,
        skipped=skipped,
        notes=tuple(
            f"{number} skipped: {reason}"
            for reason, number in reasons.items()
            if expected.fullmatch(reason)
        ),
    )

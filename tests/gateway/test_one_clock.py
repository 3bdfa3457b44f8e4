"""Times that are stored, and what they are compared with, come from the database's clock.

The claim of a message is decided by PostgreSQL. A schedule by the clock of a host that is six hours
ahead would use up all attempts at once.
"""

import re
from pathlib import Path

from odoo.tests import BaseCase

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("pipeline", "fetching", "models", "rules", "policy", "daemon", "controllers", "wizard")
CLOCK = re.compile(r"\b(?:Datetime|datetime|Date|date)\.(?:now|today|utcnow)\(|\btime\.time\(")


class TestOneClock(BaseCase):
    def test_no_other_clock_is_read(self):
        files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
        self.assertGreater(len(files), 80)
        found = [
            f"{path.relative_to(ROOT)}:{number}"
            for path in files
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if CLOCK.search(line)
        ]
        self.assertEqual(found, [])

"""A rate slot is found and reserved without reading the other slots of its sender."""

import json
from types import SimpleNamespace

from odoo.tests import TransactionCase, tagged

from ..models.log.mail_postmaster_quota import PLACE
from ..rules.verdict import Slot

BUSY, TARGET = "busy@customer.test", "alias:1"
# Few slots for a sender on average: what PostgreSQL expects when it plans.
MANY, OTHERS, LIMIT = 5000, 25_000, 20


@tagged("post_install", "-at_install")
class TestRateSlots(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(
            """
            INSERT INTO mail_postmaster_quota (sender, target, mail_key, at)
            SELECT %s, %s, '<' || n || '@busy>', now() AT TIME ZONE 'UTC' - n * interval '1 second'
            FROM generate_series(1, %s) AS n;
            INSERT INTO mail_postmaster_quota (sender, target, mail_key, at)
            SELECT 'c' || n || '@customer.test', 'alias:' || n %% 50, '<' || n || '@other>',
                now() AT TIME ZONE 'UTC' - n * interval '1 second'
            FROM generate_series(1, %s) AS n;
            ANALYZE mail_postmaster_quota
            """,
            [BUSY, TARGET, MANY, OTHERS],
        )

    def reserve(self, key, sender, most=LIMIT):
        attempt = SimpleNamespace(mail=SimpleNamespace(key=key, is_joined=True))
        slot = Slot(TARGET, most, 120, sender)
        return self.env["mail.postmaster.quota"]._reserve(attempt, [slot])

    def rows_read(self, key, sender, most=LIMIT):
        """Return how many rows of the table the statement reads."""
        values = {
            "targets": [TARGET],
            "senders": [sender],
            "limits": [most],
            "minutes": [120],
            "key": key,
            "now": self.env.cr.now(),
        }
        self.env.cr.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {PLACE}", values)
        (answer,) = self.env.cr.fetchone()
        plan = answer if isinstance(answer, list) else json.loads(answer)
        return sum(self._read_by(node) for node in _nodes(plan[0]["Plan"]))

    def _read_by(self, node):
        if node.get("Relation Name") != "mail_postmaster_quota" or "Scan" not in node["Node Type"]:
            return 0
        removed = node.get("Rows Removed by Filter", 0)
        return (node["Actual Rows"] + removed) * node["Actual Loops"]

    def test_as_many_rows_for_a_busy_sender_as_for_a_new_one(self):
        for sender, key, most in (
            (BUSY, "<new@busy>", LIMIT),
            (BUSY, "<1@busy>", LIMIT),
            (BUSY, f"<{MANY}@busy>", LIMIT),
            (BUSY, "<new@busy>", 1),
            ("new@customer.test", "<new@new>", LIMIT),
        ):
            with self.subTest(sender=sender, key=key, most=most):
                self.assertLessEqual(self.rows_read(key, sender, most), most + 1)

    def test_a_message_has_one_slot(self):
        self.assertFalse(self.reserve("<1@busy>", BUSY))
        self.assertTrue(self.reserve("<new@busy>", BUSY))
        self.assertFalse(self.reserve("<new@busy>", BUSY, MANY + 1))
        self.assertFalse(self.reserve("<new@busy>", BUSY))


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)

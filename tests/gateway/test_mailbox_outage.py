from datetime import datetime, timedelta

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox.outage import FAILING, UNASKED, outage

NOW = datetime(2026, 3, 29, 2, 30)
HOUR = timedelta(hours=1)


def ago(minutes):
    return None if minutes is None else NOW - timedelta(minutes=minutes)


class TestOutage(BaseCase):
    def test_matrix(self):
        """Minutes since the first failure and since the last contact, and the outage."""
        for failing, asked, expected in (
            # All is well, or it was never contacted.
            (None, 0, None),
            (None, 59, None),
            (None, None, None),
            # It fails, and is contacted at growing intervals.
            (0, 0, None),
            (59, 59, None),
            (60, 0, FAILING),
            (60, 59, FAILING),
            (6000, 60, FAILING),
            (60, None, FAILING),
            # It is not contacted any longer.
            (None, 60, UNASKED),
            (None, 6000, UNASKED),
            # It has begun to fail; the time since then counts, not that since the last contact.
            (10, 60, None),
            # A clock that was set back.
            (-60, -60, None),
        ):
            with self.subTest(failing=failing, asked=asked):
                self.assertEqual(outage(NOW, HOUR, ago(failing), ago(asked)), expected)

    def test_patience(self):
        for minutes in (5, 60, 10_080):
            patience = timedelta(minutes=minutes)
            self.assertEqual(outage(NOW, patience, ago(minutes), NOW), FAILING)
            self.assertIsNone(outage(NOW, patience, ago(minutes - 1), NOW))

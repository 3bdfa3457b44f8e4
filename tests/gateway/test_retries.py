from datetime import timedelta

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import retries


class TestRetries(BaseCase):
    def test_schedule(self):
        self.assertEqual(
            retries.parse_schedule(" 1, 5,15"),
            (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)),
        )

    def test_nonsense_names_what_is_wrong(self):
        for text, expected in [
            ("", "''"),
            ("1,,2", "''"),
            ("0", "'0'"),
            ("-1", "'-1'"),
            ("1.5", "'1.5'"),
            ("soon", "'soon'"),
            ("²", "'²'"),
            ("99999999", "'99999999'"),
            (",".join(["1"] * 21), "between 1 and 20 waiting times"),
        ]:
            with self.subTest(text=text), self.assertRaisesRegex(ValueError, expected):
                retries.parse_schedule(text)

    def test_delay_grows_and_ends(self):
        schedule = retries.parse_schedule(retries.DEFAULT_SCHEDULE)
        delays = [retries.delay_after(failures, schedule) for failures in range(1, 7)]
        self.assertEqual(delays[-1], None)
        self.assertEqual(delays[:-1], sorted(delays[:-1]))
        self.assertEqual(delays[0], timedelta(minutes=1))

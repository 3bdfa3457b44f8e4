"""How long received messages are kept, and erasing a sender's data."""

import inspect

from odoo.tests import tagged

from odoo.addons.base.models.ir_autovacuum import is_autovacuum

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestRetention(GatewayCase):
    def setUp(self):
        super().setUp()
        self.retention = self.env["mail.postmaster.retention"]
        _result, self.delivered = self.receive(self.mail(subject="Kept for a week"))
        _result, self.parked = self.receive(self.mail(to="typo@postmaster.test"))
        self.set(self.parked, state="parked")

    def set(self, rows, **values):
        rows.write(values)
        self.env.flush_all()

    def age(self, rows, days):
        for column in ("settled_at", "create_date"):
            self.env.cr.execute(
                f"UPDATE mail_postmaster_message SET {column} = {column} - %s * interval '1 day' "
                "WHERE id = ANY(%s)",
                [days, rows.ids],
            )
        rows.invalidate_recordset()

    def content(self, row):
        return self.env["mail.postmaster.raw"]._read_content(row.id)

    def test_content_of_delivered_mail_goes_after_some_days(self):
        both = self.delivered + self.parked
        self.age(both, 6)
        self.retention._gc_raw()
        self.assertTrue(self.content(self.delivered))
        self.age(both, 2)
        removed, remaining = self.retention._gc_raw()
        self.assertEqual((removed, remaining), (1, 0))
        self.assertIsNone(self.content(self.delivered))
        self.assertFalse(self.delivered.raw_kept)
        self.assertTrue(self.content(self.parked))

    def test_the_number_of_days_is_a_setting(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.raw.days", "30")
        self.age(self.delivered, 29)
        self.assertEqual(self.retention._gc_raw(), (0, 0))

    def test_size_cap_takes_the_oldest_handled_content(self):
        _result, newest = self.receive(self.mail(subject="Newest"))
        megabytes = 1 << 20
        self.set(self.delivered + self.parked + newest, size=6 * megabytes)
        self.env["ir.config_parameter"].set_param("mail.postmaster.raw.megabytes", "10")
        self.retention._gc_raw_above_cap()
        self.assertFalse(self.delivered.raw_kept)
        self.assertTrue(self.parked.raw_kept)
        self.assertTrue(newest.raw_kept)

    def test_log_of_handled_mail_goes_after_months(self):
        both = self.delivered + self.parked
        self.age(both, 181)
        self.retention._gc_log()
        self.assertEqual(both.exists(), self.parked)

    def test_erase_a_sender(self):
        record = self.delivered.delivery_ids._record()
        count = self.retention._erase_sender(" JANE@customer.test ")
        self.assertEqual(count, 2)
        for row in self.delivered + self.parked:
            self.assertIsNone(self.content(row))
            for name in (
                "message_id",
                "email_from",
                "email_normalized",
                "subject",
                "recipients",
                "trace",
                "error",
                "activity_ids",
            ):
                self.assertFalse(row[name], name)
        self.assertEqual(self.delivered.state, "delivered")
        self.assertReason(self.parked, "ignored", "erased")
        self.assertTrue(record.exists())

    def test_numbers_out_of_bounds_do_no_harm(self):
        policy = self.env["mail.postmaster.policy"]
        for value, expected in [("0", 1), ("99999", 3650), ("soon", 7), ("-3", 7), (False, 7)]:
            with self.subTest(value=value):
                self.set_parameter_with_sql("mail.postmaster.raw.days", value)
                self.assertEqual(policy._in_force().number("mail.postmaster.raw.days"), expected)

    def test_autovacuum_runs_it(self):
        """Core's auto-vacuum finds it on the model; dev/system runs core's whole clean-up."""
        _result, old = self.receive(self.mail(subject="Kept for months"))
        _result, large = self.receive(self.mail(subject="Large"))
        _result, newest = self.receive(self.mail(subject="Newest"))
        self.set(large + newest, size=6 << 20)
        self.env["ir.config_parameter"].set_param("mail.postmaster.raw.megabytes", "10")
        self.age(self.delivered + self.parked, 8)
        self.age(old, 181)
        for _name, function in inspect.getmembers(type(self.retention), is_autovacuum):
            function(self.retention)
        self.env.invalidate_all()
        self.assertFalse(old.exists())
        self.assertEqual(
            (self.delivered + self.parked + large + newest).mapped("raw_kept"),
            [False, True, False, True],
        )

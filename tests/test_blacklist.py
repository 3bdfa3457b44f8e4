"""Addresses that messages cannot reach: the rule, its thresholds, and what resets it."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import at
from .reports_common import JANE, ReportsCase

KEY = "mail.postmaster.blacklist"


@tagged("post_install", "-at_install")
class TestBlacklist(ReportsCase):
    def bounce_on(self, *days, name="postfix_two_failed", sent=None):
        """Receive a report about another message to Jane on each of these days of March."""
        for day in days:
            with at(self.env, f"2026-03-{day:02} 12:00:00"):
                self.receive(self.report(name, self.send(self.jane) if sent is None else sent))

    def is_blacklisted(self):
        return bool(self.env["mail.blacklist"].search_count([("email", "=", JANE)]))

    def counted(self):
        return self.env["mail.postmaster.bounce"].search_count([("address", "=", JANE)])

    def notes(self):
        return self.jane.message_ids.filtered(lambda message: "bounced" in (message.body or ""))

    def test_five_in_a_month_with_a_week_between(self):
        self.bounce_on(1, 2, 3, 4)
        self.assertFalse(self.is_blacklisted())
        self.bounce_on(8)
        self.assertTrue(self.is_blacklisted())
        note = self.notes()
        self.assertEqual(len(note), 1)
        self.assertEqual(note.body.count("the mailbox does not exist (received message #"), 5)
        number = self.log.search([], limit=1).id
        self.assertIn(f"received message #{number}", note.body)
        self.bounce_on(9)
        self.assertEqual(len(self.notes()), 1)

    def test_five_within_a_week_are_one_broken_server(self):
        self.bounce_on(1, 2, 3, 4, 5, 6, 7)
        self.assertFalse(self.is_blacklisted())

    def test_four_are_too_few(self):
        self.bounce_on(1, 10, 20, 30)
        self.assertFalse(self.is_blacklisted())

    def test_older_than_a_month_is_forgotten(self):
        with at(self.env, "2026-01-20 12:00:00"):
            self.receive(self.report("postfix_two_failed", self.send(self.jane)))
        self.bounce_on(1, 10, 20, 30)
        self.assertFalse(self.is_blacklisted())
        with at(self.env, "2026-03-30 12:00:00"):
            self.env["mail.postmaster.bounce"]._gc_bounces()
        self.assertEqual(self.counted(), 4)

    def test_passing_failures_and_receipts_never_count(self):
        for name in ("postfix_delayed", "postfix_relayed", "thunderbird_read", "m365_not_read"):
            self.bounce_on(1, 5, 10, 15, 20, 25, name=name)
        self.assertFalse(self.env["mail.postmaster.bounce"].search_count([]))
        self.assertFalse(self.is_blacklisted())

    def test_reports_about_nothing_of_ours_never_count(self):
        """Anyone can write them."""
        for number, day in enumerate((1, 5, 10, 15, 20)):
            with at(self.env, f"2026-03-{day:02} 12:00:00"):
                self.receive(
                    self.report(
                        "postfix_two_failed",
                        self.env["mail.message"],
                        number=number,
                    )
                )
        self.assertFalse(self.is_blacklisted())

    def test_addresses_the_message_was_not_sent_to_never_count(self):
        """Any recipient of a message can write reports about it."""
        for day in (1, 5, 10, 15, 20):
            sent = self.send(self.john)
            with at(self.env, f"2026-03-{day:02} 12:00:00"):
                self.receive(self.delivery_report(sent.message_id, JANE, number=day))
        self.assertEqual(self.jane.message_bounce, 5)
        self.assertFalse(self.counted())
        self.assertFalse(self.is_blacklisted())

    def test_a_second_copy_counts_once(self):
        sent = self.send(self.jane)
        self.bounce_on(1, 5, 10, 15, 20, sent=sent)
        self.assertEqual(self.counted(), 1)

    def test_a_mail_from_the_address_starts_again(self):
        self.bounce_on(1, 5, 10, 15)
        self.receive(self.mail(sender=f"Jane <{JANE.upper()}>"))
        self.bounce_on(20)
        self.assertFalse(self.is_blacklisted())
        self.assertEqual(self.counted(), 1)

    def test_off_under_the_preset_of_odoo(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        self.bounce_on(1, 5, 10, 15, 20)
        self.assertEqual(self.jane.message_bounce, 5)
        self.assertFalse(self.env["mail.postmaster.bounce"].search_count([]))
        self.assertFalse(self.is_blacklisted())

    def test_thresholds(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param(f"{KEY}.bounces", "2")
        parameters.set_param(f"{KEY}.spread", "0")
        parameters.set_param(f"{KEY}.days", "3")
        self.bounce_on(1, 10)
        self.assertFalse(self.is_blacklisted())
        self.bounce_on(12)
        self.assertTrue(self.is_blacklisted())

    def test_thresholds_that_make_no_sense(self):
        for key, value in (("bounces", "1"), ("days", "0"), ("spread", "-1"), ("days", "soon")):
            with self.subTest(key=key), self.assertRaisesRegex(ValidationError, f"{KEY}.{key}"):
                self.env["ir.config_parameter"].set_param(f"{KEY}.{key}", value)
        with self.assertRaisesRegex(ValidationError, "must be less than"):
            self.env["res.config.settings"].create(
                {
                    "postmaster_blacklist_spread": 31,
                    "postmaster_blacklist_days": 31,
                }
            )

    def test_a_spread_of_nothing_is_kept(self):
        self.env["res.config.settings"].create({"postmaster_blacklist_spread": 0}).execute()
        self.assertEqual(self.env["mail.postmaster.policy"]._in_force().number(f"{KEY}.spread"), 0)
        self.assertEqual(self.env["res.config.settings"].create({}).postmaster_blacklist_spread, 0)

    def test_erasing_a_person_erases_what_bounced(self):
        self.bounce_on(1)
        report = self.log.search([], limit=1)
        self.assertIn(JANE, report.reason)
        self.assertEqual(self.env["mail.postmaster.retention"]._erase_sender(JANE), 1)
        self.assertFalse(self.counted())
        self.assertNotIn(JANE, report.reason)
        self.assertFalse(report.raw_kept)

    def test_the_log_can_be_removed(self):
        self.bounce_on(1)
        self.log.search([], limit=1).unlink()
        self.assertEqual(self.counted(), 1)

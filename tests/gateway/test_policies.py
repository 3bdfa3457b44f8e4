from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import retries
from odoo.addons.mail_postmaster.policy.settings import (
    CHOICES,
    KEYS,
    LOOP_THRESHOLD,
    NUMBERS,
    RECORD_LIMIT,
    RECORD_MINUTES,
    RETRY_MINUTES,
    SCOPED,
    SUBADDRESSING,
    Setting,
)
from odoo.addons.mail_postmaster.policy.snapshot import Policies

UNSET = dict.fromkeys(SCOPED)


class TestPolicies(BaseCase):
    """The settings in force: bounded, with a default for what is not set or not valid."""

    def test_nothing_is_set(self):
        policies = Policies({})
        for key, (default, _smallest, _largest) in NUMBERS.items():
            self.assertEqual(policies.number(key), default, key)
        for key, choices in CHOICES.items():
            self.assertEqual(policies.choice(key), choices[0], key)
        self.assertEqual(policies.text(SUBADDRESSING), "")
        self.assertEqual(policies.retry_minutes, retries.DEFAULT_SCHEDULE)

    def test_numbers_have_bounds(self):
        for key, (default, smallest, largest) in NUMBERS.items():
            for text, expected in (
                (str(smallest), smallest),
                (str(largest), largest),
                (f" {largest} ", largest),
                (str(largest + 1), largest),
                ("9" * 5000, largest),
                ("-1", default),
                ("1.5", default),
                ("\u0663", default),
                ("many", default),
                (False, default),
                (None, default),
            ):
                with self.subTest(key, text=str(text)[:9]):
                    self.assertEqual(Policies({key: text}).number(key), expected)

    def test_smallest_number_is_not_undercut(self):
        for key, (_default, smallest, _largest) in NUMBERS.items():
            if smallest:
                self.assertEqual(Policies({key: str(smallest - 1)}).number(key), smallest, key)

    def test_only_known_choices(self):
        for key, choices in CHOICES.items():
            for text in choices:
                self.assertEqual(Policies({key: f" {text}"}).choice(key), text)
            self.assertEqual(Policies({key: "something"}).choice(key), choices[0])

    def test_invalid_schedule(self):
        self.assertEqual(Policies({RETRY_MINUTES: "soon"}).retry_minutes, retries.DEFAULT_SCHEDULE)
        found = [wait.seconds for wait in Policies({RETRY_MINUTES: "2, 4"}).retry_schedule]
        self.assertEqual(found, [120, 240])

    def test_alias_before_domain_before_database(self):
        policies = Policies({LOOP_THRESHOLD: "7"})
        of_alias = {**UNSET, "loop_threshold": 3}
        of_domain = {**UNSET, "loop_threshold": 5}
        for alias, domain, expected in (
            (of_alias, of_domain, Setting(3, "alias")),
            (UNSET, of_domain, Setting(5, "domain")),
            (None, of_domain, Setting(5, "domain")),
            (UNSET, UNSET, Setting(7, "database")),
            (None, None, Setting(7, "database")),
        ):
            self.assertEqual(policies.setting("loop_threshold", alias, domain), expected)

    def test_each_policy_of_the_database(self):
        policies = Policies({})
        for name, key in SCOPED.items():
            value = CHOICES[key][0] if key in CHOICES else NUMBERS[key][0]
            if key in (RECORD_LIMIT, RECORD_MINUTES):
                # Without either, there is no limit.
                value = None
            self.assertEqual(policies.setting(name, None, None), Setting(value, "database"), name)

    def test_one_of_two_sets_the_limit_of_records(self):
        for key, text, limit, minutes in (
            (RECORD_LIMIT, "8", 8, NUMBERS[RECORD_MINUTES][0]),
            (RECORD_MINUTES, "8", NUMBERS[RECORD_LIMIT][0], 8),
        ):
            policies = Policies({key: text})
            self.assertTrue(policies.limits_records)
            self.assertEqual(policies.setting("record_limit", None, None).value, limit)
            self.assertEqual(policies.setting("record_limit_minutes", None, None).value, minutes)

    def test_later_changes_do_not_reach_it(self):
        texts = {SUBADDRESSING: "+"}
        policies = Policies(texts)
        texts[SUBADDRESSING] = "-"
        self.assertEqual(policies.text(SUBADDRESSING), "+")

    def test_every_parameter_is_read(self):
        self.assertLessEqual({*NUMBERS, *CHOICES, *SCOPED.values()}, set(KEYS))

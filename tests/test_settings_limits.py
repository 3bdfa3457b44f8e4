"""The limits on the settings page; every policy is on the page."""

from lxml import etree

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..gateway.limits import LIMITS as BOUNDS
from ..models.core.res_config_settings import (
    CHOICE_FIELDS,
    NUMBER_FIELDS,
    PRESET_FIELDS,
    RECORD_FIELDS,
)
from ..models.core.res_config_settings_limits import COMMON, FIELDS, UNITS
from ..policy import settings as policy_module
from ..policy.settings import ALLOWED_DOMAINS, CHOICES, LIMITS, NUMBERS, RECOMMENDED
from .screens_common import ScreensCase


@tagged("post_install", "-at_install")
class TestSettingsLimits(ScreensCase):
    def settings(self, **values):
        return self.env["res.config.settings"].create(values)

    def stored(self):
        return dict(
            self.env["ir.config_parameter"]
            .search(
                [("key", "=like", "mail.postmaster.limit.%")],
            )
            .mapped(lambda parameter: (parameter.key, parameter.value))
        )

    def page(self):
        view = self.env.ref("base.res_config_settings_view_form")
        arch = self.env["res.config.settings"].get_view(view.id, "form")["arch"]
        return etree.fromstring(arch).find(".//app[@name='mail_postmaster']")

    def test_every_policy_is_on_the_page(self):
        """Settings about messages are where users look for them."""
        numbers = {
            **NUMBER_FIELDS,
            **RECORD_FIELDS,
            **{LIMITS[name]: field for name, field in FIELDS.items()},
        }
        shown = {field.get("name") for field in self.page().iter("field")}
        for key in {*CHOICES, *NUMBERS, *RECOMMENDED, ALLOWED_DOMAINS}:
            fields = {
                field.name
                for field in self.env["res.config.settings"]._fields.values()
                if getattr(field, "config_parameter", None) == key
            }
            names = fields | {
                table[key] for table in (numbers, PRESET_FIELDS, CHOICE_FIELDS) if key in table
            }
            with self.subTest(key=key):
                self.assertTrue(names & shown)

    def test_defaults_and_bounds_are_shown(self):
        settings = self.settings()
        page = self.page()
        for name, field in FIELDS.items():
            unit = UNITS.get(name, 1)
            with self.subTest(name=name):
                self.assertEqual(settings[field], BOUNDS[name].default // unit)
                said = page.find(f".//field[@name='{field}']").getnext().text
                self.assertEqual(said, f"default {BOUNDS[name].default // unit:,}")
                for number in (BOUNDS[name].smallest, BOUNDS[name].largest):
                    # Both have this unit, and a number that PostgreSQL and the browser accept.
                    self.assertEqual(number % unit, 0)
                    self.assertLess(number // unit, 2**31)
                    self.settings(**{field: number // unit})
                for number in (BOUNDS[name].smallest // unit - 1, BOUNDS[name].largest // unit + 1):
                    with self.assertRaisesRegex(ValidationError, LIMITS[name]):
                        self.settings(**{field: number})

    def test_sentence_of_a_refusal(self):
        with self.assertRaisesRegex(
            ValidationError,
            r"“Attachments” \(mail.postmaster.limit.attachments\) must be between 10 and 20,000",
        ):
            self.settings(postmaster_limit_attachments=0)

    def test_only_what_differs_is_stored(self):
        self.settings().execute()
        self.assertFalse(self.stored())
        self.settings(postmaster_limit_parts=30, postmaster_limit_field_effort=7).execute()
        self.assertEqual(
            self.stored(),
            {
                LIMITS["parts"]: "30",
                LIMITS["field_effort"]: "7000000",
            },
        )
        self.assertEqual(self.env["mail.postmaster.policy"]._in_force().number(LIMITS["parts"]), 30)
        # Back to the default, including a changed default in a later version.
        self.settings(postmaster_limit_parts=BOUNDS["parts"].default).execute()
        self.assertEqual(self.stored(), {LIMITS["field_effort"]: "7000000"})

    def test_a_finer_number_stays(self):
        key = LIMITS["field_effort"]
        self.env["ir.config_parameter"].set_param(key, "1234567")
        settings = self.settings()
        self.assertEqual(settings.postmaster_limit_field_effort, 1)
        settings.execute()
        self.assertEqual(self.stored(), {key: "1234567"})

    def test_what_differs_is_not_hidden(self):
        self.assertFalse(self.settings().postmaster_shows_all_limits)
        self.settings(postmaster_limit_raw_bytes=1_000_000).execute()
        self.assertFalse(self.settings().postmaster_shows_all_limits)
        self.assertIn("raw_bytes", COMMON)
        self.settings(postmaster_limit_levels=6).execute()
        self.assertTrue(self.settings().postmaster_shows_all_limits)

    def test_attachments_follow_the_preset_and_the_page(self):
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("odoo")
        form = Form(self.env["res.config.settings"])
        self.assertEqual(form.postmaster_attachments, "odoo")
        form.postmaster_preset = "recommended"
        self.assertEqual(form.postmaster_attachments, "exact")
        form.postmaster_attachments = "odoo"
        form.save().execute()
        self.assertEqual(policy._in_force().choice(policy_module.ATTACHMENTS), "odoo")
        self.settings(postmaster_attachments="exact").execute()
        self.assertEqual(policy._in_force().choice(policy_module.ATTACHMENTS), "exact")

    def test_allowed_domains(self):
        parameters = self.env["ir.config_parameter"]
        self.settings(postmaster_allowed_domains="Example.com , *.example.org").execute()
        self.assertEqual(parameters.get_param(ALLOWED_DOMAINS), "example.com,*.example.org")
        self.assertEqual(
            self.settings().postmaster_allowed_domains,
            "example.com,*.example.org",
        )
        with self.assertRaisesRegex(ValidationError, "is not a domain name"):
            self.settings(postmaster_allowed_domains="no domain").execute()
        self.settings(postmaster_allowed_domains=False).execute()
        self.assertFalse(parameters.get_param(ALLOWED_DOMAINS))

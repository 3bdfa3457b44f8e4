"""Settings: presets, bounds, and the confirmation of a database."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import GatewayCase

ALLOWED = "mail.catchall.domain.allowed"


@tagged("post_install", "-at_install")
class TestPolicy(GatewayCase):
    def setUp(self):
        super().setUp()
        self.policy = self.env["mail.postmaster.policy"]
        self.parameters = self.env["ir.config_parameter"]

    def test_preset_recommended_and_back(self):
        for preset, loops in (("recommended", "accepted"), ("odoo", "odoo")):
            self.policy.apply_preset(preset)
            self.assertEqual(self.parameters.get_param("mail.postmaster.preset"), preset)
            self.assertEqual(self.policy._in_force().choice("mail.postmaster.loops"), loops)

    def allowed(self):
        return self.env["mail.postmaster.addressing"]._allowed()

    def test_alias_domains_of_the_moment(self):
        """A preset is chosen before there is a domain; what it means is computed when needed."""
        self.parameters.set_param(ALLOWED, False)
        self.env["mail.alias"].search([]).alias_domain_id = False
        self.env["mail.alias.domain"].search([]).unlink()
        for preset in ("recommended", "strict"):
            self.policy.apply_preset(preset)
            self.assertIsNone(self.allowed(), "There is nothing to compare with.")
        domain = self.env["mail.alias.domain"].create({"name": "new.test"})
        self.assertEqual(self.allowed(), ("new.test",))
        domain.name = "renamed.test"
        self.env["mail.alias.domain"].create({"name": "second.test"})
        self.assertEqual(set(self.allowed()), {"renamed.test", "second.test"})
        alias = self.make_alias(
            "local", "res.partner", alias_domain_id=domain.id, alias_incoming_local=True
        )
        self.assertFalse(alias.is_open_to_any_domain)
        self.assertFalse(self.parameters.get_param(ALLOWED), "Core's parameter is not written.")
        # What was typed wins.
        self.parameters.set_param(ALLOWED, "partner.test")
        self.assertEqual(self.allowed(), ("partner.test",))
        self.parameters.set_param(ALLOWED, False)
        self.parameters.set_param("mail.postmaster.localpart", "any")
        self.assertIsNone(self.allowed())
        self.policy.apply_preset("recommended")
        self.assertIsNotNone(self.allowed())
        self.policy.apply_preset("odoo")
        self.assertIsNone(self.allowed())

    def test_domains_that_an_earlier_version_wrote(self):
        for preset in ("recommended", "strict", "odoo"):
            self.parameters.set_param(ALLOWED, "postmaster.test")
            self.parameters.set_param("mail.postmaster.preset.domains", "postmaster.test")
            self.policy.apply_preset(preset)
            self.assertFalse(self.parameters.get_param(ALLOWED))
            self.assertFalse(self.parameters.get_param("mail.postmaster.preset.domains"))

    def test_presets_leave_what_an_administrator_typed(self):
        self.parameters.set_param(ALLOWED, "partner.test")
        for preset in ("recommended", "odoo"):
            self.policy.apply_preset(preset)
            self.assertEqual(self.parameters.get_param(ALLOWED), "partner.test")

    def test_choice_is_offered_once(self):
        self.parameters.set_param("mail.postmaster.preset.chosen", False)
        self.policy._write_preset("odoo")
        self.assertTrue(self.policy._offers_recommended())
        self.policy.apply_preset("odoo")
        self.assertFalse(self.policy._offers_recommended())

    def test_unknown_preset(self):
        with self.assertRaisesRegex(ValidationError, "paranoid"):
            self.policy.apply_preset("paranoid")

    def test_only_administrators(self):
        user = new_test_user(
            self.env,
            "postmaster_reader",
            groups="base.group_user,mail_postmaster.group_user",
        )
        for call in (
            lambda policy: policy.apply_preset("odoo"),
            lambda policy: policy.confirm_database(),
        ):
            with self.assertRaises(AccessError):
                call(self.policy.with_user(user))

    def test_nonsense_is_refused_by_name(self):
        for key, value in [
            ("mail.postmaster.raw.days", "0"),
            ("mail.postmaster.raw.days", "many"),
            ("mail.postmaster.raw.megabytes", "1"),
            ("mail.postmaster.log.days", "-1"),
            ("mail.postmaster.retry.minutes", "1, soon"),
            ("mail.postmaster.reply", "maybe"),
            ("mail.postmaster.reply.private", "silent"),
            ("mail.postmaster.reply.providers", "example.com, no domain"),
        ]:
            with self.subTest(key=key, value=value), self.assertRaisesRegex(ValidationError, key):
                self.policy._check_parameter(key, value)

    def test_nonsense_written_past_the_checks_gives_the_default(self):
        self.set_parameter_with_sql("mail.postmaster.retry.minutes", "5, soon")
        self.assertEqual(len(self.policy._in_force().retry_schedule), 5)

    def test_copy_of_a_database(self):
        self.assertTrue(self.policy._is_confirmed_database())
        self.parameters.set_param("mail.postmaster.database", "original@1")
        self.assertFalse(self.policy._is_confirmed_database())
        self.policy.confirm_database()
        self.assertTrue(self.policy._is_confirmed_database())

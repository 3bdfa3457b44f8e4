from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .screens_common import ScreensCase, raw_mail


@tagged("post_install", "-at_install")
class TestSettings(ScreensCase):
    def settings(self, **values):
        return self.env["res.config.settings"].create(values)

    def test_defaults_are_shown(self):
        self.env["ir.config_parameter"].search([("key", "like", "mail.postmaster.")]).filtered(
            lambda parameter: parameter.key != "mail.postmaster.database"
        ).unlink()
        settings = self.settings()
        self.assertEqual(settings.postmaster_raw_days, 7)
        self.assertEqual(settings.postmaster_raw_megabytes, 2048)
        self.assertEqual(settings.postmaster_log_days, 180)
        self.assertEqual(settings.postmaster_retry_minutes, "1, 5, 15, 60, 240")
        self.assertFalse(settings.postmaster_pass_through)
        self.assertFalse(settings.postmaster_is_copy)

    def test_values_are_stored_where_they_are_read(self):
        self.settings(
            postmaster_raw_days=30,
            postmaster_retry_minutes="2, 4",
            postmaster_responsible_id=self.env.user.id,
        ).execute()
        policy = self.env["mail.postmaster.policy"]
        self.assertEqual(policy._in_force().number("mail.postmaster.raw.days"), 30)
        self.assertEqual([step.seconds for step in policy._in_force().retry_schedule], [120, 240])
        self.assertEqual(policy._parameter("mail.postmaster.responsible"), str(self.env.user.id))

    def test_nonsense_is_refused(self):
        for name, value, sentence in (
            ("postmaster_raw_days", 0, "mail.postmaster.raw.days .* between 1 and 3650"),
            ("postmaster_raw_days", -1, "between 1 and 3650"),
            ("postmaster_raw_megabytes", 9, "mail.postmaster.raw.megabytes"),
            ("postmaster_log_days", 40_000, "mail.postmaster.log.days"),
            ("postmaster_retry_minutes", "soon", "intervals in minutes"),
            ("postmaster_authserv", "our server!", "server! is not a valid mail server name"),
        ):
            with self.subTest(name=name), self.assertRaisesRegex(ValidationError, sentence):
                self.settings(**{name: value})

    @mute_logger("odoo.addons.base.models.res_config")
    def test_nonsense_in_the_database_does_not_close_the_settings(self):
        """Any value may have been written bypassing the checks; the page shows the one in force."""
        for name, key, text, shown in (
            ("postmaster_raw_days", "raw.days", "abc", 7),
            ("postmaster_raw_days", "raw.days", "0", 1),
            ("postmaster_raw_days", "raw.days", "9" * 30, 3650),
            ("postmaster_raw_megabytes", "raw.megabytes", "1.5", 2048),
            ("postmaster_log_days", "log.days", "-1", 180),
            ("postmaster_retry_minutes", "retry.minutes", "soon", "1, 5, 15, 60, 240"),
            ("postmaster_responsible_id", "responsible", "me", self.env["res.users"]),
            ("postmaster_responsible_id", "responsible", "9" * 30, self.env["res.users"]),
            ("postmaster_preset", "preset", "paranoid", False),
            ("postmaster_authserv", "authserv", "mx.example.com, *.", ""),
            ("postmaster_identity_own", "identity.own", "burn", "off"),
        ):
            with self.subTest(key=key, text=text):
                self.write_past_the_checks(f"mail.postmaster.{key}", text)
                settings = self.settings()
                self.assertEqual(settings[name], shown)
                settings.execute()
                self.assertEqual(self.settings()[name], shown)

    def write_past_the_checks(self, key, text):
        self.env["ir.config_parameter"].search([("key", "=", key)]).unlink()
        self.env.cr.execute(
            "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)",
            [key, text],
        )
        self.env.registry.clear_cache("stable")

    def test_responsible_is_stored_and_taken_away(self):
        parameter = "mail.postmaster.responsible"
        policy = self.env["mail.postmaster.policy"]
        self.settings(postmaster_responsible_id=False).execute()
        self.assertFalse(policy._parameter(parameter))
        self.assertFalse(self.settings().postmaster_responsible_id)
        self.settings(postmaster_responsible_id=self.admin.id).execute()
        self.assertEqual(policy._parameter(parameter), str(self.admin.id))
        self.assertEqual(self.settings().postmaster_responsible_id, self.admin)

    def test_switch(self):
        parameters = self.env["ir.config_parameter"]
        messages = self.as_admin(self.env["mail.postmaster.message"])
        self.assertFalse(messages.read_warnings()["is_passed_through"])
        self.settings(postmaster_pass_through=True).execute()
        self.assertEqual(parameters.get_param("mail.postmaster.enabled"), "False")
        self.assertTrue(messages.read_warnings()["is_passed_through"])
        self.assertFalse(self.receive(raw_mail()))
        self.assertTrue(self.settings().postmaster_pass_through)
        self.settings(postmaster_pass_through=False).execute()
        self.assertTrue(self.receive(raw_mail()))

    def test_preset(self):
        parameters = self.env["ir.config_parameter"]
        key = "mail.postmaster.localpart"
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        form = Form(self.env["res.config.settings"])
        self.assertEqual(form.postmaster_preset, "odoo")
        self.assertFalse(form.postmaster_preset_preview)
        form.postmaster_preset = "recommended"
        self.assertRegex(form.postmaster_preset_preview, rf"(?m)^{key}: \(not set\) → own$")
        self.assertFalse(parameters.get_param(key), "A preview writes nothing.")
        form.save().execute()
        self.assertEqual(parameters.get_param(key), "own")
        form = Form(self.env["res.config.settings"])
        self.assertEqual(form.postmaster_preset, "recommended")
        form.postmaster_preset = "odoo"
        self.assertIn(f"{key}: own → (not set)", form.postmaster_preset_preview)

    def test_strict(self):
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("recommended")
        form = Form(self.env["res.config.settings"])
        form.postmaster_preset = "strict"
        self.assertEqual(
            form.postmaster_preset_preview,
            "mail.postmaster.automatic: accept → silent\n"
            "mail.postmaster.reply: note → park\n"
            "mail.postmaster.identity: withhold → park",
        )
        form.save().execute()
        self.assertEqual(policy._preset(), "strict")
        self.assertEqual(policy._in_force().choice("mail.postmaster.automatic"), "silent")

    def test_looking_at_another_preset_changes_nothing(self):
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("recommended")
        form = Form(self.env["res.config.settings"])
        for preset in ("strict", "odoo", "recommended"):
            form.postmaster_preset = preset
        form.save().execute()
        self.assertEqual(policy._in_force().choice("mail.postmaster.automatic"), "accept")
        self.assertEqual(policy._in_force().choice("mail.postmaster.loops"), "accepted")
        self.assertFalse(policy._preset_values("recommended"))

    def test_applied_again(self):
        """A preset whose values are not all in force says so, and can be applied again."""
        parameters = self.env["ir.config_parameter"]
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("recommended")
        self.assertFalse(Form(self.env["res.config.settings"]).postmaster_preset_preview)
        key = "mail.postmaster.identity.unchecked"
        parameters.set_param(key, "off")
        form = Form(self.env["res.config.settings"])
        self.assertEqual(form.postmaster_preset_preview, f"{key}: off → withhold")
        self.assertTrue(form.postmaster_preset_is_stored, "Saving promises nothing.")
        settings = form.save()
        settings.execute()
        self.assertEqual(parameters.get_param(key), "off")
        self.assertEqual(settings.action_postmaster_apply_preset()["tag"], "reload")
        self.assertEqual(parameters.get_param(key), "withhold")
        self.assertFalse(Form(self.env["res.config.settings"]).postmaster_preset_preview)

    def test_saving_keeps_what_was_changed_since_the_preset(self):
        """A preset is a starting point: each of its settings can be changed afterwards."""
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("recommended")
        form = Form(self.env["res.config.settings"])
        form.postmaster_addressing = False
        form.save().execute()
        self.assertFalse(policy._parameter("mail.postmaster.addressing"))
        self.settings(postmaster_raw_days=9).execute()
        self.assertFalse(policy._parameter("mail.postmaster.addressing"))
        form = Form(self.env["res.config.settings"])
        self.assertTrue(form.postmaster_preset_is_stored)
        self.assertEqual(
            form.postmaster_preset_preview, "mail.postmaster.addressing: (not set) → True"
        )
        # Saving writes another preset, whatever else is on the page.
        form.postmaster_preset = "odoo"
        self.assertFalse(form.postmaster_preset_is_stored)
        form.save().execute()
        self.assertFalse(policy._parameter("mail.postmaster.subaddressing"))
        form = Form(self.env["res.config.settings"])
        form.postmaster_preset = "recommended"
        form.save().execute()
        self.assertEqual(policy._parameter("mail.postmaster.addressing"), "True")
        self.assertTrue(self.settings().postmaster_addressing)

    def test_preset_odoo_takes_away_only_what_a_preset_wrote(self):
        parameters = self.env["ir.config_parameter"]
        key = "mail.catchall.domain.allowed"
        policy = self.env["mail.postmaster.policy"]
        domains = ",".join(self.env["mail.alias.domain"].search([]).mapped("name"))
        # As at the installation on a database that receives messages.
        parameters.set_param("mail.postmaster.preset", False)
        parameters.set_param(key, domains)
        policy._write_preset("odoo")
        self.assertEqual(parameters.get_param(key), domains)
        form = Form(self.env["res.config.settings"])
        self.assertFalse(form.postmaster_preset_preview)
        form.save().execute()
        self.assertEqual(parameters.get_param(key), domains)
        # The choice is still offered: it has not been made.
        self.assertEqual(
            policy._offers_recommended(),
            not parameters.get_param("mail.postmaster.preset.chosen"),
        )

    def test_other_settings_leave_the_policies_alone(self):
        parameters = self.env["ir.config_parameter"]
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        parameters.set_param("mail.catchall.domain.allowed", "by.hand")
        self.settings(postmaster_raw_days=9).execute()
        self.assertEqual(parameters.get_param("mail.catchall.domain.allowed"), "by.hand")

    def test_copy(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.database", "another@1")
        messages = self.as_admin(self.env["mail.postmaster.message"])
        self.assertEqual(
            messages.read_warnings(),
            {
                "is_copy": True,
                "is_passed_through": False,
                "may_confirm": True,
                "offers_recommended": self.env["mail.postmaster.policy"]._offers_recommended(),
                "offers_added": False,
                "stored_otherwise": [],
                "suggested_servers": (),
                "unchecked_senders": self.env["mail.postmaster.authentication"]._is_unsettled()
                and "withheld",
                "waiting": messages.search_count([("state", "in", ("received", "retry"))]),
            },
        )
        settings = self.settings()
        self.assertTrue(settings.postmaster_is_copy)
        settings.action_postmaster_confirm_database()
        self.assertFalse(messages.read_warnings()["is_copy"])

    def test_choice_of_a_preset_shows_what_it_means_and_can_be_changed(self):
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("odoo")
        form = Form(self.env["res.config.settings"])
        form.postmaster_preset = "recommended"
        self.assertTrue(form.postmaster_addressing)
        self.assertEqual(form.postmaster_subaddressing, "+")
        form.postmaster_subaddressing = "-"
        form.save().execute()
        self.assertEqual(policy._parameter("mail.postmaster.addressing"), "True")
        self.assertEqual(policy._parameter("mail.postmaster.subaddressing"), "-")
        form = Form(self.env["res.config.settings"])
        form.postmaster_addressing = False
        form.save().execute()
        self.assertFalse(policy._parameter("mail.postmaster.addressing"))
        self.assertEqual(policy._preset(), "recommended")

"""The texts on screen: reasons and trace steps, in the reader's language."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools.translate import code_translations

from odoo.addons.mail_postmaster.gateway.recipients import PRESETS
from odoo.addons.mail_postmaster.rules.reasons import DEFINITIONS
from odoo.addons.mail_postmaster.words.sentences import RECIPIENT_PRESETS, STEPS, fill, outline

from .screens_common import DOMAIN, ScreensCase, raw_mail

NO_ROUTE = DEFINITIONS["no_route"].sentence._source


@tagged("post_install", "-at_install")
class TestSentences(ScreensCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.mail = self.receive(raw_mail())

    def in_french(self, source, translation):
        terms = {
            **code_translations.get_python_translations("mail_postmaster", "fr_FR"),
            source: translation,
        }
        self.patch(code_translations, "get_python_translations", lambda module, lang: terms)

    def test_reason_in_the_readers_language(self):
        self.assertEqual(self.mail.reason, f"No alias accepts mail for nobody@{DOMAIN}.")
        self.in_french(NO_ROUTE, "Aucun alias pour %(recipients)s.")
        french = self.mail.with_context(lang="fr_FR")
        self.assertEqual(french.reason, f"Aucun alias pour nobody@{DOMAIN}.")
        labels = dict(french.fields_get(["reason_code"])["reason_code"]["selection"])
        self.assertEqual(labels["no_route"], "Aucun alias pour …")

    def test_step_in_the_readers_language(self):
        self.in_french(STEPS["recipients"][True]._source, "Adressé à %(recipients)s.")
        lines = self.mail.with_context(lang="fr_FR").trace_lines
        self.assertIn({"hit": True, "text": f"Adressé à nobody@{DOMAIN}."}, lines)

    def test_a_bad_translation_does_not_hide_the_rest(self):
        self.in_french(NO_ROUTE, "50 % : %(wrong)s, %(recipients)d, %s")
        french = self.mail.with_context(lang="fr_FR")
        self.assertEqual(french.reason, "50 % : ?, %(recipients)d, %s")

    def test_parameters_are_not_read_as_placeholders(self):
        self.mail.reason_params = {"recipients": "100%(alias)s %d %% %"}
        self.assertEqual(self.mail.reason, "No alias accepts mail for 100%(alias)s %d %% %.")

    def test_odd_parameters(self):
        for params in (None, [], "text", 1, {"other": 1}):
            with self.subTest(params=params):
                self.mail.reason_params = params
                self.assertEqual(self.mail.reason, "No alias accepts mail for ?.")

    def test_code_of_an_addon_that_is_gone(self):
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET reason_code = 'of_old' WHERE id = %s",
            [self.mail.id],
        )
        self.mail.invalidate_recordset()
        self.assertEqual(self.mail.reason, "of_old")
        self.mail.trace = [{"step": "of_old", "hit": False, "params": {}}, {}]
        self.assertEqual([line["text"] for line in self.mail.trace_lines], ["of_old", None])

    def test_models_and_targets_have_names(self):
        alias = self.make_alias("named")
        self.mail.trace = [
            {"step": "record", "hit": True, "params": {"model": "res.partner", "res_id": 5}},
            {"step": "route", "hit": True, "params": {"target": f"alias:{alias.id}"}},
            {"step": "route", "hit": True, "params": {"target": "alias:999999999"}},
            {"step": "route", "hit": True, "params": {"target": "thread:res.partner,7"}},
            {"step": "route", "hit": True, "params": {"target": "fallback:res.partner,"}},
            {"step": "route", "hit": True, "params": {"target": "thread:no.model,7"}},
            {"step": "route", "hit": True, "params": {"target": "report"}},
        ]
        self.assertEqual(
            [line["text"] for line in self.mail.trace_lines],
            [
                "Created or updated Contact #5.",
                f"Route: named@{DOMAIN}.",
                "Route: a deleted alias.",
                "Route: Contact #7.",
                "Route: a new Contact (no alias matched).",
                "Route: no.model #7.",
                "Route: report.",
            ],
        )

    def test_every_preset_of_a_server_says_why(self):
        self.assertEqual(RECIPIENT_PRESETS.keys(), PRESETS.keys())
        server = self.server.with_context(lang="fr_FR")
        self.assertFalse(server.recipient_preset_note)
        self.in_french(RECIPIENT_PRESETS["exim"]._source, "Exim écrit l'adresse.")
        server.recipient_preset = "exim"
        self.assertEqual(server.recipient_preset_note, "Exim écrit l'adresse.")
        labels = dict(server.fields_get(["recipient_preset"])["recipient_preset"]["selection"])
        self.assertEqual(labels["microsoft"], "Microsoft 365")

    def test_bad_domain_in_the_readers_language(self):
        self.in_french(
            "%(entry)s is not a domain name. "
            "Domains are separated by commas, as in: example.com, *.example.com",
            "%(entry)s n'est pas un domaine.",
        )
        domain = self.domain.with_context(lang="fr_FR")
        with self.assertRaisesRegex(ValidationError, "no domain n'est pas un domaine."):
            domain.allowed_domains = "example.com, no domain"

    def test_every_sentence_can_be_filled(self):
        texts = [
            *(known.sentence for known in DEFINITIONS.values()),
            *(text for step in STEPS.values() for text in step.values()),
        ]
        for text in texts:
            with self.subTest(text=text._source):
                self.assertNotIn("%", outline(text._source))
                self.assertNotIn("%", fill(text._source, {}))

import re
from ast import literal_eval

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.translate import code_translations

from odoo.addons.mail_postmaster.models.sentences import REASONS, STEPS, fill, outline

from .screens_common import DOMAIN, ScreensCase, raw_mail


@tagged("post_install", "-at_install")
class TestSentences(ScreensCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.mail = self.receive(raw_mail())

    def in_french(self, source, translation):
        terms = {**code_translations.get_python_translations("mail_postmaster", "fr_FR"),
                 source: translation}
        self.patch(code_translations, "get_python_translations", lambda module, lang: terms)

    def test_reason_in_the_readers_language(self):
        self.assertEqual(self.mail.reason, f"No alias takes mail for nobody@{DOMAIN}.")
        self.in_french(REASONS["no_route"]._source, "Aucun alias pour %(recipients)s.")
        french = self.mail.with_context(lang="fr_FR")
        self.assertEqual(french.reason, f"Aucun alias pour nobody@{DOMAIN}.")
        labels = dict(french.fields_get(["reason_code"])["reason_code"]["selection"])
        self.assertEqual(labels["no_route"], "Aucun alias pour …")

    def test_step_in_the_readers_language(self):
        self.in_french(STEPS["recipients"][True]._source, "Adressé à %(recipients)s.")
        lines = self.mail.with_context(lang="fr_FR").trace_lines
        self.assertIn({"hit": True, "text": f"Adressé à nobody@{DOMAIN}."}, lines)

    def test_a_bad_translation_does_not_hide_the_rest(self):
        self.in_french(REASONS["no_route"]._source, "50 % : %(wrong)s, %(recipients)d, %s")
        french = self.mail.with_context(lang="fr_FR")
        self.assertEqual(french.reason, "50 % : ?, %(recipients)d, %s")

    def test_parameters_are_not_read_as_placeholders(self):
        self.mail.reason_params = {"recipients": "100%(alias)s %d %% %"}
        self.assertEqual(self.mail.reason, "No alias takes mail for 100%(alias)s %d %% %.")

    def test_odd_parameters(self):
        for params in (None, [], "text", 1, {"other": 1}):
            with self.subTest(params=params):
                self.mail.reason_params = params
                self.assertEqual(self.mail.reason, "No alias takes mail for ?.")

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
        self.assertEqual([line["text"] for line in self.mail.trace_lines], [
            "Created or updated Contact, 5.",
            f"Route: named@{DOMAIN}.",
            "Route: an alias that was deleted.",
            "Route: Contact number 7.",
            "Route: a new Contact, for mail that no alias takes.",
            "Route: no.model number 7.",
            "Route: report.",
        ])

    def test_every_sentence_can_be_filled(self):
        texts = [*REASONS.values(), *(text for step in STEPS.values() for text in step.values())]
        for text in texts:
            with self.subTest(text=text._source):
                self.assertNotIn("%", outline(text._source))
                self.assertNotIn("%", fill(text._source, {}))


@tagged("post_install", "-at_install")
class TestViews(ScreensCase):
    MODELS = {
        "mail.postmaster.message": ["list", "form", "search", "graph", "pivot"],
        "mail.postmaster.download": ["list", "search"],
        "mail.postmaster.redirect": ["form"],
        "mail.postmaster.assign": ["form"],
    }

    def test_views_can_be_read(self):
        reader = self.make_user("reader", "mail_postmaster.group_user")
        for model, views in self.MODELS.items():
            self.as_admin(self.env[model]).get_views([(False, view) for view in views])
        messages = self.env["mail.postmaster.message"].with_user(reader)
        arch = messages.get_view(view_type="form")["arch"]
        self.env["mail.postmaster.erase"].get_views([(False, "form")])
        for hidden in ("trace_lines", "mail_postmaster_preview", '"error"', "action_process_again"):
            with self.subTest(hidden):
                self.assertNotIn(hidden, arch)
        self.assertIn('name="reason"', arch)

    def test_every_filter_and_grouping_works(self):
        self.receive(raw_mail())
        messages = self.as_admin(self.env["mail.postmaster.message"])
        search = etree.fromstring(messages.get_view(view_type="search")["arch"])
        for node in search.iter("filter"):
            with self.subTest(node.get("name")):
                if node.get("domain"):
                    messages.search(self._evaluated(node.get("domain")))
                if group := literal_eval(node.get("context") or "{}").get("group_by"):
                    groups = messages.web_read_group([], [group], ["__count"])["groups"]
                    self.assertTrue(groups)
        for node in search.iter("field"):
            with self.subTest(node.get("name"), filter=node.get("filter_domain")):
                domain = node.get("filter_domain") or f"[('{node.get('name')}', 'ilike', self)]"
                messages.search(self._evaluated(domain))

    def _evaluated(self, domain):
        domain = re.sub(r"\buid\b", str(self.admin.id), domain)
        return literal_eval(re.sub(r"\bself\b", "'x'", domain))

    def test_search_by_alias_and_document(self):
        alias = self.make_alias("contacts")
        mail = self.receive(raw_mail(f"contacts@{DOMAIN}"))
        messages = self.as_admin(self.env["mail.postmaster.message"])
        for domain in (
            [("alias_id", "=", alias.id)], [("alias_id", "ilike", "contacts")],
            [("document_model", "=", "res.partner")],
            [("message_id", "=", "<Hello@customer.test>")],
        ):
            with self.subTest(domain=domain):
                self.assertIn(mail, messages.search(domain))
        domain = [("alias_id", "!=", False), ("state", "=", "parked")]
        self.assertNotIn(mail, messages.search(domain))


@tagged("post_install", "-at_install")
class TestDeliveriesOnScreen(ScreensCase):
    """What the page of deliveries says when there is none."""

    def note(self, mail):
        self.assertFalse(mail.delivery_ids)
        return self.as_admin(mail).delivery_note

    def test_duplicate_leads_to_the_mail_that_was_served(self):
        self.make_alias("people")
        first, second = (
            self.receive(raw_mail(f"people@{DOMAIN}", "Twice")) for _copy in range(2)
        )
        self.assertEqual(second.reason_code, "duplicate")
        self.assertEqual(self.as_admin(second).original_id, first)
        self.assertIn("not delivered once more", self.note(second))
        self.assertFalse(self.as_admin(first).original_id)
        self.assertFalse(self.as_admin(first).delivery_note)
        second.reason_code = "superseded"
        self.assertEqual(self.as_admin(second).original_id, first)
        # A mail of another company is not linked to, nor one that is gone.
        first.company_id = self.other_company
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)
        self.assertIn("not in the log", self.note(second))
        first.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)

    def test_message_that_is_here_already(self):
        alias = self.make_alias("people")
        first = self.receive(raw_mail(f"people@{DOMAIN}", "Twice"))
        second = self.receive(raw_mail(f"people@{DOMAIN}", "Other"))
        second.delivery_ids.unlink()
        self.env.cr.execute(
            "UPDATE mail_postmaster_message SET state = 'ignored', mail_key = %s, "
            "reason_code = 'duplicate_message' WHERE id = %s", [first.mail_key, second.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.as_admin(second).original_id, first)
        # What was not delivered served nobody.
        first.delivery_ids.write({"state": "refused", "alias_id": alias.id})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.as_admin(second).original_id)

    def test_no_alias(self):
        mail = self.receive(raw_mail())
        self.assertEqual(mail.reason_code, "no_route")
        self.assertIn("No alias and no record", self.note(mail))

    def test_other_reasons(self):
        mail = self.receive(raw_mail())
        for state, code, sentence in (
            ("received", "waiting", "not processed yet"),
            ("parked", "unreadable", "could not be read"),
            ("parked", "crashed", "said above"),
            ("ignored", "loop_notice_reply", "said above"),
            ("delivered", "report_recorded", "said above"),
        ):
            with self.subTest(code=code):
                mail.write({"state": state, "reason_code": code})
                self.assertIn(sentence, self.note(mail))

    def test_submitted_mail_names_no_incoming_server(self):
        partner = self.env["ir.model"]._get("res.partner").name
        self.env["mail.thread"].message_process("res.partner", raw_mail(subject="Submitted"))
        mail = self.env["mail.postmaster.message"].search([("subject", "=", "Submitted")])
        self.assertEqual((mail.source, mail.reason_code), ("rpc", "fallback_created"))
        self.assertEqual(mail.reason, f"Created a record of {partner}, for mail no alias takes.")
        self.assertNotIn("server", " ".join(line["text"] for line in mail.trace_lines))


@tagged("post_install", "-at_install")
class TestActions(ScreensCase):
    def setUp(self):
        super().setUp()
        self.alias = self.make_broken_alias("broken")
        self.mail = self.receive(raw_mail(f"broken@{DOMAIN}"))
        self.assertEqual(self.mail.state, "parked")

    def repair(self):
        self.alias.alias_defaults = "{}"

    def test_process_again(self):
        self.assertEqual(self.mail.reason_code, "failed")
        self.repair()
        self.assertTrue(self.as_admin(self.mail).action_process_again())
        self.assertEqual((self.mail.state, self.mail.reason_code), ("delivered", "record_created"))
        self.assertEqual(self.mail.delivery_ids.record_name, "Hello")
        action = self.mail.delivery_ids.action_open_record()
        self.assertEqual(self.env[action["res_model"]].browse(action["res_id"]).name, "Hello")

    def test_process_again_many(self):
        others = self.mail
        for number in range(3):
            others |= self.receive(raw_mail(f"broken@{DOMAIN}", f"Mail {number}"))
        self.repair()
        self.as_admin(others).action_process_again()
        self.assertEqual(set(others.mapped("reason_code")), {"record_created"})
        # The dialog for many leaves out what is done.
        params = self.as_admin(others).action_process_selected()["params"]
        self.assertEqual(params, {"kinds": {}, "skipped": 4})

    def receive_one_of_each(self):
        """Return a mail of each kind: parked, refused, repeated, ignored, delivered."""
        self.make_alias("people")
        self.make_alias("closed", alias_contact="partners")
        refused = self.receive(raw_mail(f"closed@{DOMAIN}", "Refused"))
        delivered, repeated = (
            self.receive(raw_mail(f"people@{DOMAIN}", "Twice")) for _copy in range(2)
        )
        ignored = self.receive(raw_mail(subject="Ignored"))
        self.as_admin(ignored).action_ignore()
        mails = self.mail + refused + repeated + ignored + delivered
        self.assertEqual(
            mails.mapped("state"), ["parked", "refused", "ignored", "ignored", "delivered"],
        )
        return mails

    def test_process_many_asks_about_what_is_settled(self):
        mails = self.receive_one_of_each()
        parked, refused, repeated, ignored, _delivered = mails
        params = self.as_admin(mails).action_process_selected()["params"]
        self.assertEqual(params, {
            "kinds": {
                "waiting": parked.ids, "refused": refused.ids, "repeated": repeated.ids,
                "ignored": ignored.ids,
            },
            "skipped": 1,
        })
        self.repair()
        self.assertEqual(self.as_admin(mails).process_selected(), {"delivered": 1, "skipped": 4})
        self.assertEqual(parked.state, "delivered")
        self.assertEqual(
            (refused.state, repeated.reason_code, ignored.reason_code),
            ("refused", "duplicate", "ignored_by_hand"),
        )
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Twice")]), 1)
        counts = self.as_admin(mails).process_selected(["waiting", "refused", "repeated"])
        self.assertEqual(counts, {"delivered": 2, "skipped": 3})
        self.assertEqual(ignored.state, "ignored")

    def test_process_many_goes_on_when_some_were_settled_meanwhile(self):
        other = self.receive(raw_mail(f"broken@{DOMAIN}", "Other"))
        self.repair()
        self.as_admin(self.mail).action_process_again()
        gone = self.receive(raw_mail(subject="Gone"))
        gone.unlink()
        counts = self.as_admin(self.mail).process_selected()
        self.assertEqual(counts, {"skipped": 1})
        counts = self.as_admin(self.mail + gone + other).process_selected()
        self.assertEqual(counts, {"delivered": 1, "skipped": 2})

    def test_dialog_of_a_mail_that_was_settled_meanwhile(self):
        self.make_alias("people")
        self.admin.group_ids += self.env.ref("base.group_partner_manager")
        partner = self.env["res.partner"].create({"name": "Customer"})
        dialogs = (
            self.dialog("mail.postmaster.redirect", addresses=f"people@{DOMAIN}"),
            self.assign_to(partner),
        )
        self.repair()
        self.as_admin(self.mail).action_process_again()
        for dialog in dialogs:
            with self.subTest(dialog._name), self.assertRaisesRegex(UserError, "meanwhile"):
                dialog.action_process()
        self.assertEqual(len(self.mail.delivery_ids), 1)

    def test_delivered_is_not_processed_again(self):
        self.repair()
        self.as_admin(self.mail).action_process_again()
        with self.assertRaisesRegex(UserError, "they were delivered"):
            self.as_admin(self.mail).action_process_again()
        with self.assertRaisesRegex(UserError, "delivered can not be ignored"):
            self.as_admin(self.mail).action_ignore()

    def test_ignore(self):
        self.as_admin(self.mail).action_ignore()
        self.assertEqual(self.mail.reason, f"Ignored by {self.admin.name}.")
        self.assertEqual(self.mail.state, "ignored")
        self.assertEqual(self.mail.delivery_ids.mapped("state"), ["ignored"])
        self.as_admin(self.mail).action_ignore()
        self.repair()
        self.as_admin(self.mail).action_process_again()
        self.assertEqual(self.mail.state, "delivered")

    def test_open_what_is_not_there(self):
        with self.assertRaisesRegex(UserError, "deleted"):
            self.mail.delivery_ids.action_open_record()
        self.assertEqual(self.mail.delivery_ids.action_open_alias()["res_id"], self.alias.id)
        self.mail.delivery_ids.alias_id = False
        with self.assertRaisesRegex(UserError, "No alias"):
            self.mail.delivery_ids.action_open_alias()

    def test_from_message_to_mail_and_back(self):
        self.repair()
        self.as_admin(self.mail).action_process_again()
        message = self.mail.delivery_ids.mail_message_id
        self.assertEqual(message.message_type, "email")
        action = self.as_admin(self.env["mail.postmaster.message"]).action_open_received(message.id)
        self.assertEqual(action["res_id"], self.mail.id)
        with self.assertRaisesRegex(UserError, "not in the log"):
            self.as_admin(self.env["mail.postmaster.message"]).action_open_received(0)

    # --- dialogs -----------------------------------------------------------------------

    def dialog(self, model, **values):
        environment = self.as_admin(self.env[model]).with_context(
            active_model="mail.postmaster.message", active_id=self.mail.id,
        )
        form = Form(environment)
        for name, value in values.items():
            if name == "alias_ids":
                for alias in value:
                    form.alias_ids.add(alias)
            else:
                setattr(form, name, value)
        return form.save()

    def test_process_as_addressed_to_an_alias(self):
        alias = self.make_alias("people")
        wizard = self.dialog("mail.postmaster.redirect", alias_ids=alias)
        self.assertEqual(wizard.recipients, f"broken@{DOMAIN}")
        self.assertFalse(wizard.sender_was_told)
        wizard.action_process()
        self.assertEqual(self.mail.state, "delivered")
        self.assertEqual(self.mail.reason, f"Created a record through the address people@{DOMAIN}.")

    def test_process_as_addressed_to_an_address(self):
        self.make_alias("people")
        addresses = f"People <People@{DOMAIN}>"
        self.dialog("mail.postmaster.redirect", addresses=addresses).action_process()
        self.assertEqual(self.mail.reason_code, "record_created")

    def test_process_as_addressed_to_an_alias_without_domain(self):
        local = self.make_alias("local", alias_defaults="{'comment': 'by the local one'}")
        local.alias_domain_id = False
        other = self.make_alias("people")
        with self.assertRaisesRegex(UserError, "choose it alone"):
            self.dialog("mail.postmaster.redirect", alias_ids=local + other).action_process()
        self.dialog("mail.postmaster.redirect", alias_ids=local).action_process()
        self.assertEqual(self.mail.state, "delivered")
        partner = self.env["res.partner"].browse(self.mail.delivery_ids.filtered("res_id").res_id)
        self.assertIn("by the local one", partner.comment)

    def test_process_as_addressed_to_nothing(self):
        for addresses, sentence in ((False, "Choose an alias"), ("nonsense", "no email address")):
            with self.subTest(addresses=addresses), self.assertRaisesRegex(UserError, sentence):
                self.dialog("mail.postmaster.redirect", addresses=addresses).action_process()
        self.assertEqual(self.mail.state, "parked")

    def assign_to(self, record):
        return self.as_admin(self.env["mail.postmaster.assign"]).create({
            "mail_id": self.mail.id, "record": f"{record._name},{record.id}",
        })

    def test_assign_to_a_record(self):
        self.admin.group_ids += self.env.ref("base.group_partner_manager")
        partner = self.env["res.partner"].create({"name": "Customer"})
        self.assign_to(partner).action_process()
        self.assertEqual(self.mail.state, "delivered")
        message = partner.message_ids.filtered(lambda message: message.message_type == "email")
        self.assertEqual(message.subject, "Hello")
        self.assertEqual(self.mail.delivery_ids.mail_message_id, message)

    def test_assign_to_an_alias(self):
        alias = self.make_alias("people")
        self.dialog("mail.postmaster.assign", target="alias", alias_id=alias).action_process()
        self.assertEqual(self.mail.reason, f"Created a record through the address people@{DOMAIN}.")

    def test_assign_only_to_what_the_user_may_write(self):
        partner = self.env["res.partner"].create({"name": "Customer"})
        models = self.as_admin(self.env["mail.postmaster.assign"])._selection_models()
        self.assertNotIn("res.partner", dict(models))
        for record in (partner, self.mail):
            with self.subTest(record=record), self.assertRaisesRegex(ValueError, "Wrong value"):
                self.assign_to(record)
        # Of a kind that may be written, but not this one.
        manager = self.env.ref("base.group_partner_manager")
        self.admin.group_ids += manager
        partner.company_id = self.other_company
        with self.assertRaises(AccessError):
            self.assign_to(partner).action_process()
        partner.company_id = False
        wizard = self.assign_to(partner)
        self.admin.group_ids -= manager
        with self.assertRaises(AccessError):
            wizard.action_process()
        self.admin.group_ids += manager
        partner.unlink()
        with self.assertRaisesRegex(UserError, "Choose a record"):
            wizard.action_process()
        self.assertEqual(self.mail.state, "parked")

    def test_warning_when_the_sender_was_told(self):
        self.make_alias("closed", alias_contact="partners")
        self.mail = self.receive(raw_mail(f"closed@{DOMAIN}", "Refused"))
        self.assertEqual((self.mail.state, self.mail.reason_code), ("refused", "alias_security"))
        self.assertTrue(self.dialog("mail.postmaster.redirect").sender_was_told)
        assign = self.as_admin(self.env["mail.postmaster.assign"]).create({"mail_id": self.mail.id})
        self.assertTrue(assign.sender_was_told)

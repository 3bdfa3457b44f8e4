"""The dialogs of a received message: process as addressed to, assign to a record."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .screens_common import DOMAIN, ParkedMailCase, raw_mail


@tagged("post_install", "-at_install")
class TestDialogs(ParkedMailCase):
    def dialog(self, model, **values):
        environment = self.as_admin(self.env[model]).with_context(
            active_model="mail.postmaster.message",
            active_id=self.mail.id,
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
        for addresses, sentence in ((False, "Choose an alias"), ("nonsense", "not a valid email")):
            with self.subTest(addresses=addresses), self.assertRaisesRegex(UserError, sentence):
                self.dialog("mail.postmaster.redirect", addresses=addresses).action_process()
        self.assertEqual(self.mail.state, "parked")

    def assign_to(self, record):
        return self.as_admin(self.env["mail.postmaster.assign"]).create(
            {
                "mail_id": self.mail.id,
                "record": f"{record._name},{record.id}",
            }
        )

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
        # Of a model the user may write, but not this record.
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
            with self.subTest(dialog._name), self.assertRaisesRegex(UserError, "in the meantime"):
                dialog.action_process()
        self.assertEqual(len(self.mail.delivery_ids), 1)

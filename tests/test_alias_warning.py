"""A contact or follower with the address of an alias: what is sent there comes back."""

from lxml import etree

from odoo.tests import Form, new_test_user, tagged

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestAliasWarning(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain.default_from = "notifications"
        cls.user = new_test_user(
            cls.env, "manager", groups="base.group_user,base.group_partner_manager"
        )

    def test_contact(self):
        for preset in ("odoo", "recommended"):
            self.env["mail.postmaster.policy"].apply_preset(preset)
            with Form(self.env["res.partner"].with_user(self.user)) as form:
                form.name = "Contact"
                for address, is_ours in (
                    ("people@postmaster.test", True),
                    ("People <PEOPLE@postmaster.test>", True),
                    ("catchall@postmaster.test", True),
                    ("bounce@postmaster.test", True),
                    ("notifications@postmaster.test", True),
                    ("people@customer.test", False),
                    ("no address", False),
                    (False, False),
                ):
                    with self.subTest(preset=preset, address=address):
                        form.email = address
                        self.assertEqual(bool(form.postmaster_alias_warning), is_ours)

    def test_followers(self):
        contacts = self.env["res.partner"].create(
            [
                {"name": "Alias", "email": "people@postmaster.test"},
                {"name": "Jane", "email": "jane@customer.test"},
            ]
        )
        wizard = self.env["mail.followers.edit"].with_user(self.user)
        wizard = wizard.new({"res_model": "res.partner", "operation": "add"})
        self.assertFalse(wizard.postmaster_alias_warning)
        wizard.partner_ids = contacts
        self.assertIn("people@postmaster.test", wizard.postmaster_alias_warning)
        self.assertNotIn("jane@customer.test", wizard.postmaster_alias_warning)
        wizard.operation = "remove"
        self.assertFalse(wizard.postmaster_alias_warning)

    def test_shown(self):
        for model, view in (
            ("res.partner", "base.view_partner_form"),
            ("mail.followers.edit", "mail.mail_followers_edit_form"),
            ("mail.followers.edit", "mail.mail_followers_list_edit_form"),
        ):
            with self.subTest(view):
                arch = etree.fromstring(
                    self.env[model].get_view(self.env.ref(view).id, "form")["arch"]
                )
                [field] = arch.xpath("//field[@name='postmaster_alias_warning']")
                self.assertIn("alert-warning", field.getparent().get("class"))

"""What applies to the whole database is decided by those who are responsible for all of it."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, new_test_user, tagged

from ..policy.settings import DATABASE, ENABLED, PRESET, RAW_DAYS

ADMIN = "base.group_user,mail_postmaster.group_admin"
# Who asks: groups, whether they belong to all companies, whether they may decide.
USERS = {
    "system administrator of one company": ("base.group_system", False, True),
    "system administrator of all": ("base.group_system", True, True),
    "Postmaster administrator of one company": (ADMIN, False, False),
    "Postmaster administrator of all": (ADMIN, True, True),
    "access rights": ("base.group_user,base.group_erp_manager", True, False),
    "reader": ("base.group_user,mail_postmaster.group_user", True, False),
    "employee": ("base.group_user", True, False),
    "gateway": ("base.group_user,mail_postmaster.group_gateway", True, False),
    "portal": ("base.group_portal", False, False),
    "public": ("base.group_public", False, False),
}
POLICY, SETTINGS = "mail.postmaster.policy", "res.config.settings"
CALLS = (
    (POLICY, "apply_preset", ["strict"]),
    (POLICY, "complete_preset", []),
    (POLICY, "confirm_database", []),
    (POLICY, "trust_servers", [["mx.example.com"]]),
    (SETTINGS, "action_postmaster_apply_preset", [[]]),
    (SETTINGS, "action_postmaster_confirm_database", [[]]),
)


@tagged("post_install", "-at_install")
class TestDatabaseAdministrators(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = cls.env["res.company"].search([])
        companies |= cls.env["res.company"].create({"name": "Second company"})
        cls.env[POLICY].apply_preset("recommended")
        cls.users = {}
        for number, (title, (groups, is_of_all, _may)) in enumerate(USERS.items()):
            user = new_test_user(cls.env, f"decides{number}", groups=groups)
            if is_of_all:
                user.company_ids = [Command.set(companies.ids)]
            cls.users[title] = user

    def call(self, user, model, name, args):
        return call_kw(self.env[model].with_user(user), name, args, {})

    def state(self):
        parameters = self.env["ir.config_parameter"].sudo()
        keys = (PRESET, DATABASE, ENABLED, RAW_DAYS)
        return [parameters.get_param(key) for key in keys]

    def test_matrix(self):
        for title, (_groups, _is_of_all, may) in USERS.items():
            for model, name, args in CALLS:
                with self.subTest(user=title, name=name):
                    self.env["ir.config_parameter"].set_param(DATABASE, "another")
                    before = self.state()
                    if may:
                        self.call(self.users[title], model, name, args)
                        continue
                    with self.assertRaises(AccessError):
                        self.call(self.users[title], model, name, args)
                    self.assertEqual(self.state(), before)

    def test_the_error_names_who_may(self):
        user = self.users["Postmaster administrator of one company"]
        with self.assertRaisesRegex(AccessError, "Postmaster administrators of all companies"):
            self.call(user, POLICY, "apply_preset", ["strict"])

    def test_settings_are_saved_by_system_administrators(self):
        """Core protects ``execute``, and leaves ``set_values`` open to everyone."""
        for title, (groups, _is_of_all, _may) in USERS.items():
            if groups == "base.group_system":
                continue
            with self.subTest(user=title):
                before = self.state()
                with self.assertRaises(AccessError):
                    self.call(self.users[title], SETTINGS, "set_values", [[]])
                self.assertEqual(self.state(), before)

    def test_a_new_company_is_one_more(self):
        user = self.users["Postmaster administrator of all"]
        self.env["res.company"].create({"name": "Third company"})
        with self.assertRaises(AccessError):
            self.call(user, POLICY, "confirm_database", [])

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .screens_common import ScreensCase, raw_mail

MODEL = "mail.postmaster.erase"


@tagged("post_install", "-at_install")
class TestErase(ScreensCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_user("system-x", "base.group_system")
        cls.mails = cls.receive(raw_mail(subject="One")) + cls.receive(raw_mail(subject="Two"))
        cls.mails[1].company_id = cls.other_company
        cls.kept = cls.receive(raw_mail(subject="Kept").replace(b"ann@", b"joann@"))
        cls.env.flush_all()

    def dialog(self, address):
        form = Form(self.env[MODEL].with_user(self.system))
        form.address = address
        return form

    def test_erase(self):
        form = self.dialog(" Ann <ANN@customer.test> ")
        self.assertEqual(form.mail_count, 2, "Of all companies, and of no other sender.")
        erase = form.save()
        action = erase.action_erase()
        message = action["params"]["message"]
        self.assertEqual(message, "Erased the data of the sender of 2 messages.")
        self.assertFalse(erase.exists(), "The address is kept nowhere.")
        for mail in self.mails:
            self.assertEqual((mail.email_from, mail.subject, mail.raw_kept), (False, False, False))
            self.assertEqual((mail.state, mail.reason_code), ("ignored", "erased"))
        self.assertEqual((self.kept.subject, self.kept.state), ("Kept", "parked"))

    def test_nothing_to_erase(self):
        for address in ("nobody@customer.test", "ann", "%@customer.test"):
            with self.subTest(address=address):
                self.assertEqual(self.dialog(address).mail_count, 0)
        erase = self.dialog("ann").save()
        with self.assertRaisesRegex(UserError, "“ann” is not a valid email address"):
            erase.action_erase()
        self.assertEqual(self.mails.mapped("subject"), ["One", "Two"])

    def test_only_administrators_of_the_system(self):
        self.admin.company_ids += self.other_company
        model = self.env[MODEL].with_user(self.admin)
        specification = {"address": {}, "mail_count": {}}
        with self.assertRaises(AccessError):
            model.create({"address": "ann@customer.test"})
        with self.assertRaises(AccessError):
            model.onchange({"address": "ann@customer.test"}, ["address"], specification)
        with self.assertRaises(AccessError):
            model.onchange({"address": "ann@customer.test"}, [], specification)
        with self.assertRaises(AccessError):
            model.new({"address": "ann@customer.test"}).action_erase()
        # A dialog is private to its user, even within the group.
        erase = self.dialog("ann@customer.test").save()
        other = self.make_user("system-y", "base.group_system")
        for user in self.admin + other:
            with self.assertRaises(AccessError):
                erase.with_user(user).read(["address"])
            with self.assertRaises(AccessError):
                erase.with_user(user).action_erase()
        self.assertEqual(self.mails.mapped("subject"), ["One", "Two"])

    def test_menu(self):
        menu = self.env.ref("mail_postmaster.menu_erase")
        self.assertIn(menu.id, self.env["ir.ui.menu"].with_user(self.system)._visible_menu_ids())
        self.assertNotIn(menu.id, self.env["ir.ui.menu"].with_user(self.admin)._visible_menu_ids())
        self.system.company_ids = [Command.set(self.company.ids)]
        action = menu.action.with_user(self.system)
        self.assertEqual((action.res_model, action.target), (MODEL, "new"))

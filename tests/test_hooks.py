"""Installing and removing the addon."""

import base64
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.mail_postmaster import hooks
from odoo.addons.mail_postmaster.gateway import states

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestHooks(GatewayCase):
    def preset(self):
        return self.env["ir.config_parameter"].get_param("mail.postmaster.preset")

    def test_database_that_receives_mail_keeps_cores_decisions(self):
        self.env["fetchmail.server"].create({"name": "Box", "active": False})
        hooks.post_init_hook(self.env)
        self.assertEqual(self.preset(), "odoo")

    def test_new_database_starts_with_what_is_recommended(self):
        self.env["fetchmail.server"].with_context(active_test=False).search([]).unlink()
        self.env["mail.message"].search(
            [
                ("message_type", "=", "email"),
                ("message_id", "not like", "-openerp-"),
            ]
        ).unlink()
        hooks.post_init_hook(self.env)
        self.assertEqual(self.preset(), "recommended")

    def test_parameters_of_core(self):
        """Neither installing nor a preset nor removing writes them."""
        policy, key = self.env["mail.postmaster.policy"], "mail.catchall.domain.allowed"
        domains = ",".join(self.env["mail.alias.domain"].search([]).mapped("name"))
        for typed, preset, installed, removed in (
            (False, None, False, False),
            (domains, None, domains, domains),
            (False, "recommended", False, False),
            # Set manually, although the domains are the same.
            (domains, "recommended", domains, domains),
        ):
            with self.subTest(typed=typed, preset=preset):
                self.set_parameter_with_sql(key, typed)
                self.set_parameter_with_sql("mail.postmaster.preset.domains", False)
                with patch.object(hooks, "_receives_mail", lambda env: False):
                    hooks.post_init_hook(self.env)
                self.assertEqual(policy._parameter(key), typed)
                if preset:
                    policy.apply_preset(preset)
                self.assertEqual(policy._parameter(key), installed)
                hooks.uninstall_hook(self.env)
                self.assertEqual(policy._parameter(key), removed)

    @mute_logger("odoo.addons.mail_postmaster.hooks")
    def test_removal_loses_nothing(self):
        raw = self.mail(to="typo@postmaster.test")
        self.receive(self.mail(subject="Delivered"))
        _result, row = self.receive(raw)
        row.write({"state": "parked"})
        partner = self.env.ref("base.group_system").all_user_ids.sorted("id")[0].partner_id
        before = self.env["ir.attachment"].search([("name", "=like", "received-mail-%.eml")])
        hooks.uninstall_hook(self.env)
        added = self.env["ir.attachment"].search([("name", "=like", "received-mail-%.eml")])
        added -= before
        self.assertEqual(len(added.filtered(lambda a: a.name == f"received-mail-{row.id}.eml")), 1)
        self.assertIn(raw, [base64.b64decode(attachment.datas) for attachment in added])
        told = self.env["mail.message"].search([("partner_ids", "in", partner.ids)], limit=1)
        self.assertEqual(told.subject, "Unprocessed received messages")
        for login, groups, may in (
            ("internal-h", "base.group_user,base.group_partner_manager", False),
            ("portal-h", "base.group_portal", False),
            ("system-h", "base.group_system", True),
        ):
            user = mail_new_test_user(self.env, login=login, groups=groups)
            with self.subTest(login):
                self.assertEqual(added[0].with_user(user).has_access("read"), may)

    @mute_logger("odoo.addons.mail_postmaster.hooks")
    def test_removal_saves_what_is_in_no_record(self):
        """Every state but delivered, as long as there is content."""
        mails = {}
        for state in states.TRANSITIONS:
            for is_kept in (True, False):
                raw = self.mail(subject=f"{state} {is_kept}", to="typo@postmaster.test")
                _result, row = self.receive(raw)
                mails[state, is_kept] = row
                row.write({"state": state, "raw_kept": is_kept})
        names = [("name", "=like", "received-mail-%.eml")]
        before = self.env["ir.attachment"].search(names)
        hooks.uninstall_hook(self.env)
        added = (self.env["ir.attachment"].search(names) - before).mapped("name")
        for (state, is_kept), row in mails.items():
            with self.subTest(state, is_kept=is_kept):
                is_saved = f"received-mail-{row.id}.eml" in added
                self.assertEqual(is_saved, is_kept and state != "delivered")
        partner = self.env.ref("base.group_system").all_user_ids.sorted("id")[0].partner_id
        told = self.env["mail.message"].search([("partner_ids", "in", partner.ids)], limit=1)
        self.assertRegex(told.body, f"while {len(added)} .* 1 refused and 1 ignored")

    @mute_logger("odoo.addons.mail_postmaster.hooks")
    def test_removal_works_after_a_disk_was_full(self):
        """The beginning of a file is left of the removal that was rolled back."""
        raw = self.mail(to="typo@postmaster.test")
        _result, row = self.receive(raw)
        row.write({"state": "parked"})
        attachments = self.env.registry["ir.attachment"]
        checksum = self.env["ir.attachment"]._compute_checksum(raw)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, checksum[:2], checksum)
            path.parent.mkdir()
            path.write_bytes(raw[:10])
            with patch.object(attachments, "_filestore", lambda _self: folder):
                hooks.uninstall_hook(self.env)
            self.assertEqual(path.read_bytes(), raw)

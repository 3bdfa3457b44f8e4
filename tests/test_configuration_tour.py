"""Aliases, alias domains, incoming servers and HTTP sources, set up by an administrator."""

from datetime import date

from odoo.tests import HttpCase, tagged

from odoo.addons.mail_postmaster.policy.settings import ADDRESSING, ALLOWED_DOMAINS, LOCAL_PARTS

from .screens_common import DOMAIN, ReceivedMail


@tagged("post_install", "-at_install")
class TestConfigurationTour(HttpCase, ReceivedMail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_received_mail()
        cls.env["ir.config_parameter"].set_param(ALLOWED_DOMAINS, False)
        cls.env["ir.config_parameter"].set_param(LOCAL_PARTS, "any")
        cls.env.ref("base.user_admin").company_ids += cls.company
        cls.alias = cls.make_alias("desks")

    def tour(self, name):
        self.start_tour("/odoo", name, login="admin")
        self.env.invalidate_all()

    def former(self, records):
        return {
            address.display_name: address.until or None for address in records.retired_address_ids
        }

    def test_alias_list(self):
        self.make_alias("closed", alias_mode="refuse")
        # Such aliases can only predate the rule that an address belongs to one alias.
        self.env["ir.config_parameter"].set_param(ADDRESSING, "False")
        second = self.env["mail.alias.domain"].create({"name": "second.test"})
        detecting = {"alias_incoming_local": True, "allowed_domains": "shop.test"}
        self.make_alias("twins", **detecting)
        self.make_alias("twins", alias_domain_id=second.id, **detecting)
        self.env["ir.config_parameter"].set_param(ADDRESSING, "True")
        self.tour("mail_postmaster_alias_list")

    def test_alias_form(self):
        self.tour("mail_postmaster_alias_form")
        self.assertEqual(self.alias.alias_name, "tables")
        self.assertTrue(self.alias.alias_incoming_local)
        self.assertEqual(self.alias.allowed_domains, "partner.example.com, *.example.org")
        self.assertEqual(self.alias.alias_mode, "closed")
        self.assertEqual(self.alias.alias_closed_since, date(2026, 1, 31))
        self.assertIn("We sell no desks.", self.alias.alias_refusal)
        self.assertEqual(self.former(self.alias), {f"desks@{DOMAIN}": date(2020, 1, 31)})

    def test_alias_domain(self):
        self.tour("mail_postmaster_alias_domain")
        self.assertEqual(self.domain.name, "renamed.test")
        self.assertEqual(self.domain.allowed_domains, "good.example.com, *.example.org")
        self.assertEqual(
            self.former(self.domain),
            {
                DOMAIN: None,
                f"catchall@{DOMAIN}": None,
                f"bounce@{DOMAIN}": date(2030, 12, 31),
            },
        )

    def test_stored_name(self):
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET name = 'Received.TEST' WHERE id = %s",
            [self.domain.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()
        self.tour("mail_postmaster_stored_name")
        self.assertEqual(self.domain.name, DOMAIN)

    def test_incoming_server(self):
        self.server.write({"user": "inbox", "password": "secret"})
        self.tour("mail_postmaster_incoming_server")
        self.assertEqual(self.server.recipient_preset, "qmail")
        self.assertEqual(self.server.recipient_fields, "Delivered-To")
        self.assertTrue(self.server.recipient_fields_on_top)
        self.assertEqual(self.server.recipient_prefix, "example.com-")
        self.assertEqual(self.server.object_id.model, "res.partner")
        self.assertTrue(self.server.fallback_takes_catchall)

    def test_http_source(self):
        self.env["mail.postmaster.source"].search([]).unlink()
        self.tour("mail_postmaster_http_source")
        source = self.env["mail.postmaster.source"].search([])
        self.assertEqual(source.name, "Provider")
        self.assertEqual(len(source.token_ids), 1)
        self.assertTrue(source.token_ids.revoked_at)

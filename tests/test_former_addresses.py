"""Former addresses: listed once, shown where they work, through several changes."""

from odoo.tests import tagged

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestFormerAddresses(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")

    def assertReaches(self, address, alias):
        _result, row = self.receive(self.mail(to=address, message_id=f"<{address}.{alias.id}>"))
        self.assertEqual(row.delivery_ids.alias_id, alias, row.reason)

    def test_several_changes(self):
        self.domain.name = "second.test"
        self.alias.alias_name = "persons"
        self.domain.name = "third.test"
        for name in ("people", "persons"):
            for domain in ("postmaster.test", "second.test", "third.test"):
                self.assertReaches(f"{name}@{domain}", self.alias)
        self.assertIn("persons@second.test", self.alias.reached_by)

    def test_renamed_there_and_back(self):
        for name in ("persons", "people", "persons", "people"):
            self.alias.alias_name = name
        self.assertEqual(
            self.alias.retired_address_ids.mapped("display_name"),
            ["persons@postmaster.test"],
        )
        self.assertEqual(self.alias.reached_by, "people@postmaster.test, persons@postmaster.test")

    def test_what_another_has_taken_is_not_shown(self):
        self.alias.alias_name = "persons"
        self.make_alias("people", "res.partner")
        self.assertEqual(self.alias.reached_by, "persons@postmaster.test")

    def test_anothers_own_address_is_not_shown(self):
        other = self.env["mail.alias.domain"].create(
            {
                "name": "branch.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.make_alias("people", "res.partner", alias_domain_id=other.id)
        self.alias.write({"alias_incoming_local": True, "allowed_domains": "shop.test"})
        self.assertEqual(
            self.alias.reached_by,
            "people@postmaster.test, people@shop.test",
        )

    def test_alias_without_a_name_is_reached_by_nothing(self):
        self.alias.alias_name = False
        self.assertFalse(self.alias.reached_by)

    def test_same_as_odoo(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        self.alias.alias_name = "persons"
        self.assertEqual(self.alias.reached_by, "persons@postmaster.test")
        self.alias.write({"alias_incoming_local": True, "allowed_domains": "shop.test"})
        self.assertTrue(self.alias.is_open_to_any_domain)
        self.assertIn("persons@*", self.alias.reached_by)

    def test_international_names_are_shown_as_people_read_them(self):
        self.domain.name = "bücher.test"
        self.assertEqual(self.domain.name, "xn--bcher-kva.test")
        self.assertEqual(self.domain.display_name, "bücher.test")
        self.assertIn("people@bücher.test", self.alias.reached_by)

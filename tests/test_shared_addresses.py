"""An address belongs to one alias: new conflicts are blocked, old ones listed."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestSharedAddresses(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_domain = cls.env["mail.alias.domain"].create(
            {
                "name": "elsewhere.test",
                "bounce_alias": "bounce",
                "catchall_alias": "catchall",
            }
        )

    def recommend(self):
        self.env["mail.postmaster.policy"].apply_preset("recommended")
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", "shop.test")

    def make_other(self, **values):
        return self.make_alias(
            "people", "res.partner", alias_domain_id=self.other_domain.id, **values
        )

    def test_second_alias_with_detection_is_blocked(self):
        self.recommend()
        self.alias.alias_incoming_local = True
        other = self.make_other()
        with self.assertRaisesRegex(ValidationError, "people@shop.test would be used by"):
            other.alias_incoming_local = True
        other.write({"alias_incoming_local": True, "allowed_domains": "partner.test"})
        with self.assertRaisesRegex(ValidationError, "people@partner.test"):
            self.alias.allowed_domains = "*.partner.test, partner.test"

    def test_second_domain_of_one_name_is_blocked(self):
        self.recommend()
        with self.assertRaisesRegex(ValidationError, "already"):
            self.env["mail.alias.domain"].create(
                {
                    "name": "Postmaster.TEST",
                    "bounce_alias": "b",
                    "catchall_alias": "c",
                }
            )
        with self.assertRaisesRegex(ValidationError, "already"):
            self.other_domain.name = "postmaster.test"

    def test_same_as_odoo_blocks_nothing(self):
        self.alias.alias_incoming_local = True
        other = self.make_other(alias_incoming_local=True)
        twin = self.env["mail.alias.domain"].create(
            {
                "name": "postmaster.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.assertTrue(other.is_shared)
        self.assertTrue(twin)

    def test_old_ones_are_listed_and_one_mail_makes_one_record(self):
        self.alias.alias_incoming_local = True
        other = self.make_other(alias_incoming_local=True)
        lonely = self.make_alias("lonely", "res.partner", alias_incoming_local=True)
        self.recommend()
        aliases = self.env["mail.alias"]
        shared = aliases.search([("is_shared", "=", True)])
        self.assertEqual(shared & (self.alias + other + lonely), self.alias + other)
        self.assertNotIn(self.alias, aliases.search([("is_shared", "=", False)]))
        self.assertIn("people@shop.test (people@elsewhere.test)", self.alias.shared_with)
        _result, row = self.receive(self.mail(to="people@shop.test"))
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.delivery_ids.alias_id, self.alias)
        self.assertStep(row, "match_shared")

    def test_domains_of_one_name_from_before(self):
        twin = self.env["mail.alias.domain"].create(
            {
                "name": "postmaster.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        other = self.make_alias("people", "res.partner", alias_domain_id=twin.id)
        self.assertTrue(other.is_shared)
        self.recommend()
        _result, row = self.receive(self.mail())
        self.assertEqual(row.delivery_ids.alias_id, self.alias)
        self.assertEqual(len(row.delivery_ids), 1)
        # Existing records can be changed without being blocked by the address they share.
        other.alias_contact = "partners"

    def test_own_address_comes_before_detection(self):
        other = self.make_other(alias_incoming_local=True)
        self.recommend()
        _result, row = self.receive(self.mail())
        self.assertEqual(row.delivery_ids.alias_id, self.alias)
        self.assertFalse(other.is_shared)
        _result, row = self.receive(self.mail(to="people@shop.test", message_id="<shop@x>"))
        self.assertEqual(row.delivery_ids.alias_id, other)

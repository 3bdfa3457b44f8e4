"""Alias domains from before the addon, stored in a different form than messages use."""

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import GatewayCase

# Stored name, name in messages.
NAMES = (
    ("Old.Postmaster.TEST", "old.postmaster.test"),
    (" blanks.test ", "blanks.test"),
    ("b\u00fccher.test", "xn--bcher-kva.test"),
)


@tagged("post_install", "-at_install")
class TestStoredNames(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")

    def store(self, name):
        """Set the name of the domain as it may have been stored before the addon was installed."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET name = %(name)s WHERE id = %(id)s;"
            "UPDATE mail_alias SET alias_full_name = alias_name || '@' || %(name)s"
            " WHERE alias_domain_id = %(id)s",
            {"name": name, "id": self.domain.id},
        )
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()

    def stored(self):
        """Return the name and the full name of the alias as stored in the database."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT d.name, a.alias_full_name FROM mail_alias_domain d, mail_alias a"
            " WHERE d.id = %s AND a.id = %s",
            [self.domain.id, self.alias.id],
        )
        return self.env.cr.fetchone()

    def assertReaches(self, row, alias):
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.delivery_ids.alias_id, alias)

    def test_mail_arrives_and_nothing_is_changed(self):
        for name, in_messages in NAMES:
            self.store(name)
            # Once more: what one message has read does not count for the next one.
            for number, local_part in enumerate(("people", "People", "people+ref")):
                with self.subTest(name=name, local_part=local_part):
                    _result, row = self.receive(
                        self.mail(
                            to=f"{local_part}@{in_messages}",
                            message_id=f"<{number}@{in_messages}>",
                            subject=f"{local_part} {name}",
                        )
                    )
                    self.assertReaches(row, self.alias)
            self.assertEqual(self.stored(), (name, f"people@{name}"))

    def test_alias_found_by_its_local_part(self):
        """What core delivers without the addon is also delivered with it."""
        self.alias.alias_incoming_local = True
        self.store(NAMES[0][0])
        for number, domain in enumerate((NAMES[0][1], "other.test")):
            self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", domain)
            with self.subTest(domain=domain):
                _result, row = self.receive(
                    self.mail(to=f"people@{domain}", message_id=f"<local{number}@x>")
                )
                self.assertReaches(row, self.alias)

    def test_catchall_and_bounce(self):
        self.store(NAMES[0][0])
        _result, row = self.receive(self.mail(to=f"catchall@{NAMES[0][1]}"))
        self.assertReason(row, "refused", "catchall")
        _result, row = self.receive(self.mail(to=f"bounce@{NAMES[0][1]}", message_id="<bounce@x>"))
        self.assertReason(row, "parked", "bounce_address_person")

    def test_conversation(self):
        partner = self.env["res.partner"].create({"name": "Talk", "email": "jane@customer.test"})
        question = partner.message_post(body="x", message_type="comment")
        reference = f"\r\nIn-Reply-To: {question.message_id}"
        self.store(NAMES[0][0])
        _result, row = self.receive(
            self.mail(to=f"catchall@{NAMES[0][1]}", headers=reference, message_id="<reply@x>")
        )
        self.assertReason(row, "delivered", "reply_posted")
        # To an alias of another model: core takes it for a forward and looks up the address again.
        other = self.make_alias("groups", "discuss.channel")
        self.store(NAMES[0][0])
        _result, row = self.receive(
            self.mail(to=f"groups@{NAMES[0][1]}", headers=reference, message_id="<forward@x>")
        )
        self.assertReaches(row, other)

    def test_own_addresses_and_what_reaches_an_alias(self):
        self.store(NAMES[0][0])
        addresses = [f"people@{NAMES[0][1]}", f"bounce@{NAMES[0][1]}", "people@else.test"]
        self.assertEqual(self.env["mail.alias.domain"]._find_aliases(addresses), addresses[:2])
        self.assertEqual(self.alias.reached_by, f"people@{NAMES[0][1]}")

    def test_core_is_left_alone_where_it_decides(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        self.store(NAMES[0][0])
        self.assertEqual(self.domain.bounce_email, f"bounce@{NAMES[0][0]}")
        self.assertEqual(self.domain.catchall_email, f"catchall@{NAMES[0][0]}")
        self.assertEqual(self.alias.reached_by, f"people@{NAMES[0][0]}")

    def test_button(self):
        for preset in ("odoo", "recommended"):
            self.env["mail.postmaster.policy"].apply_preset(preset)
            for name, in_messages in NAMES:
                with self.subTest(name=name, preset=preset):
                    self.store(name)
                    found = self.log.read_warnings()["stored_otherwise"]
                    self.assertIn((self.domain.id, name, in_messages), found)
                    self.assertEqual(Form(self.domain).name_in_messages, in_messages)
                    self.domain.action_store_name_in_messages()
                    self.assertEqual(self.stored(), (in_messages, f"people@{in_messages}"))
                    self.assertFalse(self.domain.retired_address_ids)
                    found = self.log.read_warnings()["stored_otherwise"]
                    self.assertNotIn(self.domain.id, [domain_id for domain_id, *_names in found])

    @mute_logger("odoo.sql_db")
    def test_name_that_another_domain_has(self):
        self.env["mail.alias.domain"].create(
            {
                "name": NAMES[0][1],
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.store(NAMES[0][0])
        with self.assertRaisesRegex(ValidationError, "already"):
            self.domain.action_store_name_in_messages()

    def test_name_that_is_not_a_domain(self):
        self.store("no domain")
        self.assertFalse(self.domain.name_in_messages)
        policy = self.env["mail.postmaster.policy"]
        policy.apply_preset("odoo")
        # A name that cannot be compared does not prevent applying a preset.
        policy.apply_preset("recommended")
        allowed = policy._parameter("mail.catchall.domain.allowed") or ""
        self.assertNotIn("no domain", allowed)

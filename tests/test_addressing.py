"""The recipients of a message, from the available sources and by the configured rules."""

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..gateway.recipients import PRESETS
from ..words.sentences import RECIPIENT_PRESETS
from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestAddressing(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.server = cls.env["fetchmail.server"].create(
            {
                "name": "Everything",
                "recipient_fields": "X-Original-To, Delivered-To",
            }
        )

    def fetch(self, raw):
        before = self.log.search([], limit=1).id or 0
        self.env["mail.thread"].with_context(
            default_fetchmail_server_id=self.server.id,
        ).message_process(False, raw)
        return self.log.search([("id", ">", before)], limit=1)

    def assertReaches(self, row, *aliases):
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.delivery_ids.alias_id, self.env["mail.alias"].union(*aliases))

    def test_blind_copy_reaches_its_alias(self):
        row = self.fetch(
            b"X-Original-To: people@postmaster.test\r\n" + self.mail(to="list@elsewhere.test")
        )
        self.assertReaches(row, self.alias)
        self.assertStep(row, "evidence")
        self.assertStep(row, "match_exact")

    def test_envelope_alone_is_served(self):
        other = self.make_alias("others", "res.partner")
        row = self.fetch(
            b"X-Original-To: people@postmaster.test\r\n"
            + self.mail(
                to="people@postmaster.test, others@postmaster.test",
            )
        )
        self.assertReaches(row, self.alias)
        self.assertNotIn(other, row.delivery_ids.alias_id)

    def test_header_of_a_stranger_chooses_nobody(self):
        self.make_alias("secret", "res.partner")
        row = self.fetch(
            b"X-Original-To: people@postmaster.test\r\nReceived: from x by y\r\n"
            b"X-Original-To: secret@postmaster.test\r\n" + self.mail(),
        )
        self.assertReaches(row, self.alias)

    def test_mail_server_says_what_is_trusted(self):
        form = Form(self.server)
        for preset, fields, is_on_top, note in [
            ("dovecot", "Delivered-To", True, "LMTP"),
            ("postfix", "X-Original-To, Delivered-To", True, "X-Original-To"),
            ("other", "", False, "as in Odoo"),
        ]:
            form.recipient_preset = preset
            self.assertEqual(form.recipient_fields or "", fields)
            self.assertEqual(form.recipient_fields_on_top, is_on_top if fields else False)
            self.assertIn(note, form.recipient_preset_note)

    def test_every_mail_server_has_a_note(self):
        self.assertEqual(set(RECIPIENT_PRESETS), set(PRESETS))

    def test_trusted_field_at_the_top_alone(self):
        secret = self.make_alias("secret", "res.partner")
        forged = b"Received: by dovecot\r\nX-Original-To: secret@postmaster.test\r\n"
        self.assertReaches(self.fetch(forged + self.mail(message_id="<below@x>")), secret)
        self.server.recipient_fields_on_top = True
        row = self.fetch(forged + self.mail(message_id="<below2@x>"))
        self.assertReaches(row, self.alias)

    def test_sub_address(self):
        _result, row = self.receive(self.mail(to="People+ref42@Postmaster.test"))
        self.assertReaches(row, self.alias)
        self.assertStep(row, "match_sub_address")
        partner = row.delivery_ids._record()
        self.assertFalse(self.env["res.partner"].search([("email", "ilike", "people+ref42")]))
        self.assertTrue(partner)

    def test_sub_addresses_can_be_off(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.subaddressing", False)
        _result, row = self.receive(self.mail(to="people+ref42@postmaster.test"))
        self.assertReason(row, "refused", "no_route_refused")

    def test_bounce_address_in_cc_takes_no_mail_from_an_alias(self):
        for number, headers in enumerate(
            (
                "\r\nCc: bounce@postmaster.test",
                "\r\nCc: bounce+x@postmaster.test",
                "\r\nDelivered-To: bounce@postmaster.test",
            )
        ):
            with self.subTest(headers=headers):
                _result, row = self.receive(
                    self.mail(headers=headers, message_id=f"<bounce{number}@x>")
                )
                self.assertReaches(row, self.alias)

    def test_long_local_part(self):
        alias = self.make_alias("x" * 100, "res.partner")
        _result, row = self.receive(self.mail(to=f"{'x' * 100}@postmaster.test"))
        self.assertReaches(row, alias)

    def test_mail_server_chosen_by_a_program(self):
        server = self.env["fetchmail.server"].create({"name": "S", "recipient_preset": "exim"})
        self.assertEqual(server.recipient_fields, "Envelope-To")
        server.recipient_preset = "fastmail"
        self.assertEqual(server.recipient_fields, "X-Delivered-To")

    def test_nonsense_in_parameters(self):
        parameters = self.env["ir.config_parameter"]
        for key, value in [
            ("mail.postmaster.subaddressing", "abc"),
            ("mail.postmaster.subaddressing", "@"),
            ("mail.postmaster.addressing", "banana"),
            ("mail.postmaster.preset", "best"),
        ]:
            with self.subTest(key=key, value=value), self.assertRaises(ValidationError):
                parameters.set_param(key, value)
        several = parameters.search(
            [
                (
                    "key",
                    "in",
                    (
                        "mail.catchall.domain.allowed",
                        "mail.postmaster.preset",
                    ),
                )
            ]
        )
        with self.assertRaises(ValidationError):
            several.value = "not a domain"
        renamed = parameters.create({"key": "any", "value": "not a domain"})
        parameters.search([("key", "=", "mail.catchall.domain.allowed")]).unlink()
        with self.assertRaises(ValidationError):
            renamed.key = "mail.catchall.domain.allowed"

    def test_nonsense_written_past_the_checks_lets_nobody_in(self):
        self.alias.alias_incoming_local = True
        self.set_parameter_with_sql("mail.catchall.domain.allowed", "partner.test,not a domain")
        for domain, state in [("partner.test", "delivered"), ("else.test", "refused")]:
            _result, row = self.receive(
                self.mail(to=f"people@{domain}", message_id=f"<{domain}@x>")
            )
            self.assertEqual(row.state, state)

    def test_catchall_and_bounce_are_two(self):
        with self.assertRaisesRegex(ValidationError, "catchall and bounce"):
            self.domain.catchall_alias = "bounce"

    def test_sub_address_of_bounce_is_bounces(self):
        _result, row = self.receive(self.mail(to="bounce+token@postmaster.test"))
        self.assertReason(row, "parked", "bounce_address_person")

    def test_alias_in_cc_wins_over_the_catchall(self):
        raw = self.mail(to="catchall@postmaster.test", headers="\r\nCc: people@postmaster.test")
        _result, row = self.receive(raw)
        self.assertReaches(row, self.alias)

    def test_conversation_keeps_the_addresses_as_written(self):
        _result, row = self.receive(self.mail(to="people+ref@postmaster.test, Friend <f@x.test>"))
        message = row.delivery_ids.mail_message_id
        self.assertIn("f@x.test", message.incoming_email_to)
        self.assertNotIn("people", message.incoming_email_to)

    def test_former_address_of_an_alias(self):
        self.alias.alias_name = "persons"
        _result, row = self.receive(self.mail(to="people@postmaster.test"))
        self.assertReaches(row, self.alias)
        self.assertStep(row, "match_retired")
        newcomer = self.make_alias("people", "res.partner")
        _result, row = self.receive(self.mail(to="people@postmaster.test", message_id="<n@x>"))
        self.assertReaches(row, newcomer)

    def test_former_address_of_an_alias_that_was_deleted(self):
        self.alias.alias_name = "persons"
        self.receive(self.mail(to="people@postmaster.test"))
        self.alias.unlink()
        _result, row = self.receive(self.mail(to="people@postmaster.test", message_id="<g@x>"))
        self.assertReason(row, "refused", "no_route_refused")

    def test_former_address_that_was_ended(self):
        self.alias.alias_name = "persons"
        self.alias.retired_address_ids.until = "2020-01-01"
        _result, row = self.receive(self.mail(to="people@postmaster.test"))
        self.assertReason(row, "refused", "no_route_refused")

    def test_former_name_of_a_domain(self):
        self.domain.name = "new.test"
        _result, row = self.receive(self.mail(to="people@postmaster.test"))
        self.assertReaches(row, self.alias)

    def test_reply_to_a_former_catchall(self):
        partner = self.env["res.partner"].create({"name": "Talk", "email": "jane@customer.test"})
        question = partner.message_post(body="x", message_type="comment")
        self.domain.catchall_alias = "replies"
        _result, row = self.receive(
            self.mail(
                to="catchall@postmaster.test",
                headers=f"\r\nIn-Reply-To: {question.message_id}",
            )
        )
        self.assertReason(row, "delivered", "reply_posted")
        _result, row = self.receive(self.mail(to="catchall@postmaster.test", message_id="<d@x>"))
        self.assertReason(row, "refused", "catchall")

    def test_domain_typed_with_capitals(self):
        domain = self.env["mail.alias.domain"].create(
            {
                "name": "Example-Capitals.COM",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.assertEqual(domain.name, "example-capitals.com")
        alias = self.make_alias("info", "res.partner", alias_domain_id=domain.id)
        _result, row = self.receive(self.mail(to="Info@EXAMPLE-capitals.com"))
        self.assertReaches(row, alias)

    def test_international_domain(self):
        domain = self.env["mail.alias.domain"].create(
            {
                "name": "bücher.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
            }
        )
        self.assertEqual(domain.name, "xn--bcher-kva.test")
        alias = self.make_alias("info", "res.partner", alias_domain_id=domain.id)
        _result, row = self.receive(self.mail(to="info@xn--bcher-kva.test"))
        self.assertReaches(row, alias)

    def test_local_part_detection_and_allowed_domains(self):
        self.alias.alias_incoming_local = True
        self.alias.allowed_domains = "Partner.test, *.shop.test"
        self.assertEqual(self.alias.allowed_domains, "partner.test, *.shop.test")
        for number, (domain, is_served) in enumerate(
            [
                ("partner.test", True),
                ("de.shop.test", True),
                ("shop.test", False),
                ("elsewhere.test", False),
                ("postmaster.test", True),
            ]
        ):
            with self.subTest(domain=domain):
                _result, row = self.receive(
                    self.mail(
                        to=f"people@{domain}",
                        message_id=f"<local{number}@x>",
                    )
                )
                self.assertEqual(row.state == "delivered", is_served, row.reason)

    def test_alias_domain_and_database_decide_for_those_without_opinion(self):
        self.alias.alias_incoming_local = True
        self.domain.allowed_domains = "partner.test"
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", "other.test")
        for number, (domain, is_served) in enumerate(
            [("partner.test", True), ("other.test", False)]
        ):
            with self.subTest(domain=domain):
                _result, row = self.receive(
                    self.mail(
                        to=f"people@{domain}",
                        message_id=f"<level{number}@x>",
                    )
                )
                self.assertEqual(row.state == "delivered", is_served, row.reason)

    def test_sender_is_never_matched(self):
        """The documentation's example: commercial@gmail.com as sender, as recipient and in copy."""
        commercial = self.make_alias("commercial", "res.partner", alias_incoming_local=True)
        commercial.allowed_domains = "gmail.com"
        _result, row = self.receive(
            self.mail(
                sender="commercial@gmail.com",
                to="nobody@postmaster.test",
                message_id="<s@x>",
            )
        )
        self.assertReason(row, "refused", "no_route_refused")
        for number, fields in enumerate(
            [
                {"to": "commercial@gmail.com"},
                {"to": "nobody@postmaster.test", "headers": "\r\nCc: commercial@gmail.com"},
            ]
        ):
            _result, row = self.receive(self.mail(message_id=f"<c{number}@x>", **fields))
            self.assertReaches(row, commercial)

    def test_allowed_domains_of_the_database_wherever_they_are_written(self):
        key = "mail.catchall.domain.allowed"
        parameters = self.env["ir.config_parameter"]
        parameters.search([("key", "=", key)]).unlink()
        row = parameters.create({"key": key, "value": " Other.org, third.ORG ,*.fourth.org"})
        self.assertEqual(row.value, "other.org,third.org,*.fourth.org")
        row.value = "Fifth.org"
        self.assertEqual(row.value, "fifth.org")
        with self.assertRaisesRegex(ValidationError, "not a domain"):
            row.value = "good.org, not a domain"

    def test_alias_form_shows_what_reaches_it(self):
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", False)
        self.env["ir.config_parameter"].set_param("mail.postmaster.localpart", "any")
        self.assertEqual(self.alias.reached_by, "people@postmaster.test")
        self.assertFalse(self.alias.is_open_to_any_domain)
        self.alias.alias_incoming_local = True
        self.assertTrue(self.alias.is_open_to_any_domain)
        self.assertIn("people@*", self.alias.reached_by)
        self.alias.allowed_domains = "*.shop.test"
        self.assertFalse(self.alias.is_open_to_any_domain)
        self.assertIn("people@*.shop.test", self.alias.reached_by)
        self.alias.alias_name = "persons"
        self.assertIn("people@postmaster.test", self.alias.reached_by)

    def test_nonsense_is_named(self):
        with self.assertRaisesRegex(ValidationError, "not a domain"):
            self.alias.allowed_domains = "good.test, not a domain"
        with self.assertRaisesRegex(ValidationError, "X-Nonsense"):
            self.server.recipient_fields = "X-Nonsense"
        with self.assertRaisesRegex(ValidationError, "exa mple"):
            self.domain.name = "exa mple.test"

    def test_preset_odoo_leaves_it_to_core(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        _result, row = self.receive(self.mail(to="people+ref@postmaster.test"))
        self.assertReason(row, "refused", "no_route_refused")
        self.assertNotIn("match_exact", [step["step"] for step in row.trace])

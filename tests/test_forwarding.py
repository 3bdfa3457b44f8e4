"""The sender of a message that a list or group forwarded under its own name."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import GatewayCase

JANE = "jane@customer.test"
SENDER_STEPS = ("sender_restored", "sender_contradictory", "sender_kept", "forwarder_untrusted")
VIA = "\"'Jane Doe' via Sales\" <sales@lists.test>"
AUTHOR = (
    f"\r\nX-Original-Sender: {JANE}\r\nX-Original-From: Jane Doe <{JANE}>"
    f"\r\nReply-To: Jane Doe <{JANE}>"
)


@tagged("post_install", "-at_install")
class TestForwarding(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.domain.trusted_forwarders = "sales@lists.test"

    def forwarded(self, **fields):
        return self.mail(**{"sender": VIA, "headers": AUTHOR, **fields})

    def deliver(self, raw):
        """Return ``(row of the log, posted message)``."""
        _result, row = self.receive(raw)
        self.assertEqual(row.state, "delivered", row.reason)
        return row, row.delivery_ids.mail_message_id

    def step(self, row, code):
        return next(step for step in row.trace if step["step"] == code)

    def test_record_and_chatter_have_the_author(self):
        row, message = self.deliver(self.forwarded())
        self.assertEqual(message.email_from, f'"Jane Doe" <{JANE}>')
        self.assertEqual(row.delivery_ids._record().email, f'"Jane Doe" <{JANE}>')
        step = self.step(row, "sender_restored")
        self.assertTrue(step["hit"])
        self.assertEqual(
            step["params"],
            {
                "forwarder": "sales@lists.test",
                "sign": "X-Original-From",
                "original": JANE,
            },
        )

    def test_author_who_is_known(self):
        jane = self.env["res.partner"].create({"name": "Jane", "email": JANE})
        _row, message = self.deliver(self.forwarded())
        self.assertEqual(message.author_id, jane)

    def test_log_keeps_what_stood_in_the_mail(self):
        row, _message = self.deliver(self.forwarded())
        self.assertEqual(row.email_from, VIA)
        self.assertEqual(row.email_normalized, "sales@lists.test")
        self.assertIn(VIA.encode(), self.env["mail.postmaster.raw"]._read_content(row.id))

    def test_forwarder_that_is_not_trusted(self):
        for trusted in (False, "other@lists.test, customer.test"):
            with self.subTest(trusted=trusted):
                self.domain.trusted_forwarders = trusted
                row, message = self.deliver(self.forwarded(message_id=f"<{trusted}@x>"))
                self.assertEqual(message.email_from, VIA)
                self.assertStep(row, "forwarder_untrusted", hit=False)

    def test_list_of_another_alias_domain_does_not_count(self):
        other = self.env["mail.alias.domain"].create(
            {
                "name": "other.test",
                "bounce_alias": "b",
                "catchall_alias": "c",
                "trusted_forwarders": "lists.test",
            }
        )
        self.domain.trusted_forwarders = False
        row, message = self.deliver(self.forwarded())
        self.assertEqual(message.email_from, VIA)
        self.assertStep(row, "forwarder_untrusted", hit=False)
        self.make_alias("info", "res.partner", alias_domain_id=other.id)
        row, message = self.deliver(self.forwarded(to="info@other.test", message_id="<other@x>"))
        self.assertIn(JANE, message.email_from)
        # For a message to both, each list counts.
        both = self.forwarded(to="people@postmaster.test, info@other.test", message_id="<b@x>")
        row, messages = self.deliver(both)
        self.assertEqual(len(messages), 2)
        for message in messages:
            self.assertIn(JANE, message.email_from)

    def test_answer_to_the_catchall(self):
        """It matches no alias; the domain is that of the catchall."""
        record = self.env["res.partner"].create({"name": "Talk", "email": JANE})
        question = record.message_post(body="x", message_type="comment")
        _row, message = self.deliver(
            self.forwarded(
                to="catchall@postmaster.test",
                headers=f"{AUTHOR}\r\nIn-Reply-To: {question.message_id}",
            )
        )
        self.assertEqual(message.res_id, record.id)
        self.assertIn(JANE, message.email_from)

    def test_alias_for_known_contacts(self):
        self.alias.alias_contact = "partners"
        _result, row = self.receive(self.forwarded())
        self.assertReason(row, "refused", "alias_security")
        jane = self.env["res.partner"].create({"name": "Jane", "email": JANE})
        _row, message = self.deliver(self.forwarded(message_id="<known@x>"))
        self.assertEqual(message.author_id, jane)
        # The known contact is not the forwarder: without trust, Jane is a non-participant.
        self.domain.trusted_forwarders = False
        _result, row = self.receive(self.forwarded(message_id="<untrusted@x>"))
        self.assertReason(row, "refused", "alias_security")

    def test_forged_fields_of_a_stranger(self):
        row, message = self.deliver(self.forwarded(sender="Thief <thief@x.test>"))
        self.assertEqual(message.email_from, '"Thief" <thief@x.test>')
        self.assertStep(row, "forwarder_untrusted", hit=False)

    def test_fields_that_disagree(self):
        row, message = self.deliver(
            self.forwarded(
                headers=f"{AUTHOR}\r\nX-Original-From: boss@example.com",
            )
        )
        self.assertEqual(message.email_from, VIA)
        self.assertStep(row, "sender_contradictory", hit=False)

    def test_forwarder_that_names_nobody(self):
        row, message = self.deliver(self.forwarded(headers=""))
        self.assertEqual(message.email_from, VIA)
        self.assertStep(row, "sender_restored", hit=False)

    def test_redirect_leaves_the_sender(self):
        row, message = self.deliver(
            self.mail(
                headers="\r\nResent-From: sales@lists.test\r\nReply-To: home@customer.test",
            )
        )
        self.assertEqual(message.email_from, f'"Jane Doe" <{JANE}>')
        self.assertStep(row, "sender_kept")

    def test_reply_to_of_a_newsletter(self):
        self.domain.trusted_forwarders = "lists.test"
        row, message = self.deliver(
            self.mail(
                sender="News <news@lists.test>",
                headers="\r\nReply-To: editors@example.net",
            )
        )
        self.assertEqual(message.email_from, '"News" <news@lists.test>')
        self.assertFalse([step for step in row.trace if step["step"] in SENDER_STEPS])

    def test_refusal_goes_back_the_way_the_mail_came(self):
        self.alias.alias_contact = "partners"
        raw = self.forwarded().replace(b"Path: <sales@lists.test>", b"Path: <back@lists.test>")
        _result, row = self.receive(raw)
        self.assertReason(row, "refused", "alias_security")
        answer = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertEqual(answer.email_to, "back@lists.test")

    def test_odd_authors_reach_core_as_they_are(self):
        for number, (written, expected) in enumerate(
            [
                ("=?utf-8?b?SsOhbmUgIlgiIDxhPg==?= <j@x.test>", "j@x.test"),
                ('"Doe, Jane (Sales); <x>" <a..b@x.test>', "a..b@x.test"),
                ("j\u00e9@b\u00fccher.test", "j\u00e9@xn--bcher-kva.test"),
                ('"a b"@x.test', '"a b"@x.test'),
            ]
        ):
            with self.subTest(written=written):
                row, message = self.deliver(
                    self.forwarded(
                        headers=f"\r\nX-Original-From: {written}",
                        message_id=f"<odd{number}@x>",
                    )
                )
                self.assertStep(row, "sender_restored")
                self.assertIn(expected, message.email_from)
                self.assertNotIn("lists.test", message.email_from)

    def test_trust_that_is_given_later(self):
        self.alias.alias_contact = "partners"
        self.env["res.partner"].create({"name": "Jane", "email": JANE})
        self.domain.trusted_forwarders = False
        raw = self.forwarded()
        _result, row = self.receive(raw)
        self.assertReason(row, "refused", "alias_security")
        self.domain.trusted_forwarders = "*.test"
        row._process_again()
        self.assertReason(row, "delivered", "record_created")
        self.assertIn(JANE, row.delivery_ids.mail_message_id.email_from)

    def test_preset_odoo_leaves_it_to_core(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        row, message = self.deliver(self.forwarded())
        self.assertEqual(message.email_from, VIA)
        steps = {step["step"] for step in row.trace}
        self.assertFalse(steps & {"sender_restored", "forwarder_untrusted", "sender_kept"})

    def test_list_is_brought_into_one_form(self):
        self.domain.trusted_forwarders = " Sales@Lists.TEST,*.B\u00fccher.test;@example.org"
        self.assertEqual(
            self.domain.trusted_forwarders,
            "sales@lists.test, *.xn--bcher-kva.test, example.org",
        )
        with self.assertRaisesRegex(ValidationError, "not an address"):
            self.domain.trusted_forwarders = "lists.test, not an address"

    def test_nonsense_past_the_checks_trusts_nobody(self):
        self.env.cr.execute(
            "UPDATE mail_alias_domain SET trusted_forwarders = 'lists.test, no domain' "
            "WHERE id = %s",
            [self.domain.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        _row, message = self.deliver(self.forwarded())
        self.assertEqual(message.email_from, VIA)

    def test_form_shows_the_list(self):
        arch = self.env["mail.alias.domain"].get_view(view_type="form")["arch"]
        for name in ("allowed_domains", "trusted_forwarders", "retired_address_ids"):
            self.assertIn(f'name="{name}"', arch)

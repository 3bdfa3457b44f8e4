"""Every decision of core is in the log: state, reason and trace."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestDecisions(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Talk", "email": "talk@customer.test"})
        cls.question = cls.partner.message_post(
            body="How are you?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def test_record_created_through_an_alias(self):
        result, row = self.receive(self.mail(subject="New contact"))
        self.assertReason(row, "delivered", "record_created")
        self.assertStep(row, "recipients")
        self.assertStep(row, "report", hit=False)
        self.assertStep(row, "alias")
        self.assertStep(row, "loop_sender", hit=False)
        self.assertStep(row, "record")
        delivery = row.delivery_ids
        self.assertEqual(delivery.target, f"alias:{self.alias.id}")
        self.assertEqual((delivery.alias_id, delivery.model), (self.alias, "res.partner"))
        self.assertEqual(delivery.res_id, result)
        self.assertEqual(delivery.mail_message_id.res_id, result)
        self.assertEqual(row.company_id, self.env.company)

    def test_alias_found_by_its_local_part(self):
        self.alias.alias_incoming_local = True
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", False)
        _result, row = self.receive(self.mail(to="people@elsewhere.test"))
        self.assertReason(row, "delivered", "record_created")
        self.assertStep(row, "alias_local_part")

    def test_address_that_only_ends_like_the_alias(self):
        self.alias.alias_incoming_local = True
        self.env["ir.config_parameter"].set_param("mail.catchall.domain.allowed", False)
        _result, row = self.receive(
            self.mail(to="more-people@postmaster.test, people@elsewhere.test")
        )
        self.assertStep(row, "alias_local_part")

    def test_reply(self):
        result, row = self.receive(
            self.mail(
                to="catchall@postmaster.test",
                headers=f"\r\nIn-Reply-To: {self.question.message_id}",
            )
        )
        self.assertEqual(result, self.partner.id)
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, "parent")
        self.assertEqual(row.delivery_ids.target, f"thread:res.partner,{self.partner.id}")

    def test_reference_to_nothing(self):
        _result, row = self.receive(self.mail(headers="\r\nReferences: <unknown@customer.test>"))
        self.assertReason(row, "delivered", "record_created")
        self.assertStep(row, "parent", hit=False)

    def test_alias_of_one_record(self):
        self.make_alias("talk", "res.partner", alias_force_thread_id=self.partner.id)
        _result, row = self.receive(self.mail(to="talk@postmaster.test"))
        self.assertReason(row, "delivered", "message_posted")
        self.assertIn("talk@postmaster.test", row.reason)

    def test_fallback_model(self):
        _result, row = self.receive(self.mail(to="nobody@postmaster.test"), model="res.partner")
        self.assertReason(row, "delivered", "fallback_created")
        self.assertEqual(row.delivery_ids.target, "fallback:res.partner,")

    def test_no_route_raises_for_a_caller_that_can_refuse(self):
        self.make_alias(
            "support",
            "res.partner",
            alias_domain_id=self.env["mail.alias.domain"]
            .create(
                {
                    "name": "other.test",
                    "bounce_alias": "b",
                    "catchall_alias": "c",
                }
            )
            .id,
        )
        result, row = self.receive(
            self.mail(
                to="nobody@postmaster.test, support@postmaster.test, x@unknown.test",
            )
        )
        self.assertIsInstance(result, ValueError)
        self.assertReason(row, "refused", "no_route_refused")
        self.assertIn("nobody@postmaster.test", row.reason)
        self.assertStep(row, "alias_unknown", hit=False)
        self.assertStep(row, "alias_elsewhere", hit=False)
        self.assertStep(row, "domain_unknown", hit=False)
        self.assertFalse(row.error)

    def test_catchall(self):
        result, row = self.receive(self.mail(to="catchall@postmaster.test"))
        self.assertIs(result, False)
        self.assertReason(row, "refused", "catchall")
        self.assertStep(row, "catchall")
        self.assertStep(row, "answer")

    def test_second_copy_is_not_answered_again(self):
        raw = self.mail(to="catchall@postmaster.test", message_id="<direct@customer.test>")
        answers = [("subject", "=", "Re: Good morning")]
        before = self.env["mail.message"].search_count(answers)
        self.receive(raw)
        self.assertEqual(self.env["mail.message"].search_count(answers), before + 1)
        _result, row = self.receive(b"Received: from elsewhere\r\n" + raw)
        self.assertReason(row, "refused", "catchall")
        self.assertStep(row, "answer", hit=False)
        self.assertEqual(self.env["mail.message"].search_count(answers), before + 1)

    def test_copy_of_the_database_does_not_answer(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.database", False)
        before = self.env["mail.mail"].search_count([])
        _result, row = self.receive(self.mail(to="catchall@postmaster.test"))
        self.assertReason(row, "parked", "catchall")
        self.assertStep(row, "answer", hit=False)
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_alias_security(self):
        self.alias.alias_contact = "partners"
        _result, row = self.receive(self.mail())
        self.assertReason(row, "refused", "alias_security")
        self.assertIn("people@postmaster.test", row.reason)
        self.assertStep(row, "alias_security", hit=False)
        self.assertEqual(row.delivery_ids.alias_id, self.alias)

    def test_one_alias_takes_what_the_other_refuses(self):
        self.make_alias("closed", "res.partner", alias_contact="partners")
        _result, row = self.receive(self.mail(to="people@postmaster.test, closed@postmaster.test"))
        self.assertReason(row, "refused", "alias_security")
        self.assertEqual(sorted(row.delivery_ids.mapped("state")), ["delivered", "refused"])

    def test_loop_limit(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "1")
        self.receive(self.mail(message_id="<1@customer.test>"))
        result, row = self.receive(self.mail(message_id="<2@customer.test>"))
        self.assertIs(result, False)
        self.assertReason(row, "refused", "loop_limit")
        self.assertStep(row, "loop_sender")

    def test_answer_to_a_notice_of_ours(self):
        notice = "<1.2-openerp-loop-detection-bounce-email@host>"
        result, row = self.receive(self.mail(headers=f"\r\nReferences: {notice}"))
        self.assertIs(result, False)
        self.assertReason(row, "ignored", "loop_notice_reply")

    def test_delivery_report(self):
        jane = self.env["res.partner"].create({"name": "Jane", "email": "jane@customer.test"})
        sent = jane.message_post(
            body="x",
            message_type="comment",
            partner_ids=jane.ids,
            force_send=False,
        )
        raw = self.eml("delivery_failed", message_id="<r1@mx>", original=sent.message_id)
        _result, row = self.receive(raw)
        self.assertReason(row, "delivered", "report_recorded")
        self.assertStep(row, "report")
        raw = self.eml("delivery_failed", message_id="<r2@mx>", original="<unknown@x>").replace(
            b"Final-Recipient: rfc822; jane@customer.test",
            b"X-Nothing: here",
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "report_unmatched")

    def test_alias_for_a_model_that_is_gone(self):
        with patch.object(
            type(self.env["mail.thread"]), "_routing_check_route", autospec=True
        ) as check:
            check.side_effect = lambda thread, *arguments, **options: thread._routing_warn(
                "unknown target model x.gone",
                "<id>",
                (),
                True,
            )
            result, row = self.receive(self.mail())
        self.assertIsInstance(result, ValueError)
        self.assertReason(row, "refused", "route_rejected_refused")
        self.assertIn("x.gone", row.reason)

    @mute_logger("odoo.addons.mail_postmaster.pipeline.outcome")
    def test_exception_in_a_joined_transaction_is_the_callers(self):
        with patch.object(
            type(self.env["res.partner"]), "message_new", side_effect=KeyError("odd")
        ):
            with self.assertRaises(KeyError):
                self.env["mail.thread"].message_process(
                    "res.partner",
                    self.mail(to="nobody@postmaster.test"),
                )

    def test_duplicate_target_of_one_mail_is_served_once(self):
        for name in ("one", "two"):
            self.make_alias(name, "res.partner", alias_force_thread_id=self.partner.id)
        self.receive(self.mail(to="one@postmaster.test, two@postmaster.test", subject="Just once"))
        self.assertEqual(self.env["mail.message"].search_count([("subject", "=", "Just once")]), 1)

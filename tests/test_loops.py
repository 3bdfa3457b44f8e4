"""Rate limits: messages of one sender, records of one alias, repeats to the catchall, hops."""

from datetime import datetime, timezone
from email.utils import format_datetime

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase, at


@tagged("post_install", "-at_install")
class TestLoops(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param("mail.gateway.loop.threshold", 3)

    def receive_many(self, count, **fields):
        """Deliver that many different messages; return the rows of the log and the notices."""
        rows = self.log
        with self.mock_mail_gateway():
            for number in range(count):
                # The same text again would be a repetition.
                texts = {"subject": f"Answer {number}"} if "headers" in fields else {}
                fields["message_id"] = f"<{self.id()}.{len(self.log.search([]))}@x>"
                model = fields.pop("model", False)
                _result, row = self.receive(self.mail(**{**texts, **fields}), model=model)
                rows += row
                if model:
                    fields["model"] = model
            answers = [mail["email_to"] for mail in self._mails]
        return rows, answers

    def assertStates(self, rows, *expected):
        self.assertEqual([(row.state, row.reason_code) for row in rows], list(expected))

    def test_more_than_the_limit_are_refused_and_the_sender_is_told_once(self):
        rows, answers = self.receive_many(5)
        accepted, refused = ("delivered", "record_created"), ("refused", "sender_limit")
        self.assertStates(rows, *[accepted] * 3, *[refused] * 2)
        self.assertEqual(len(answers), 1)
        self.assertIn("jane@customer.test has sent more than 3 messages", rows[-1].reason)
        rows[-1].action_process_again()
        self.assertReason(rows[-1], "delivered", "record_created")

    def test_another_sender_or_address_is_not_concerned(self):
        self.make_alias("others", "res.partner")
        self.receive_many(4)
        # Core looks for the address anywhere in other senders' addresses, and treats _ as a
        # wildcard.
        for sender in ("ane@customer.test", "j_ne@customer.test"):
            rows, _answers = self.receive_many(1, sender=sender)
            self.assertStates(rows, ("delivered", "record_created"))
        rows, _answers = self.receive_many(1, to="others@postmaster.test")
        self.assertStates(rows, ("delivered", "record_created"))

    def test_capitals_and_name_make_no_other_sender(self):
        rows, _answers = self.receive_many(3)
        rows, _answers = self.receive_many(1, sender='"Doe, Jane" <JANE@Customer.TEST>')
        self.assertStates(rows, ("refused", "sender_limit"))

    def test_records_that_no_mail_made_do_not_count(self):
        self.env["res.partner"].create(
            [{"name": f"Import {number}", "email": "jane@customer.test"} for number in range(30)]
        )
        rows, _answers = self.receive_many(1)
        self.assertStates(rows, ("delivered", "record_created"))

    def test_the_window_passes(self):
        with at(self.env, "2030-01-01 10:00:00"):
            self.receive_many(3)
        with at(self.env, "2030-01-01 11:59:00"):
            date = format_datetime(datetime(2030, 1, 1, 11, 58, tzinfo=timezone.utc))
            rows, _answers = self.receive_many(1, date=date)
            self.assertStates(rows, ("refused", "sender_limit"))
        with at(self.env, "2030-01-01 12:01:00"):
            rows, _answers = self.receive_many(1)
            self.assertStates(rows, ("delivered", "record_created"))

    def test_fallback_model(self):
        rows, _answers = self.receive_many(5, model="res.partner", to="nobody@elsewhere.test")
        self.assertStates(
            rows,
            *[("delivered", "fallback_created")] * 3,
            *[("refused", "sender_limit")] * 2,
        )

    def test_model_without_an_email_field(self):
        self.make_alias("groups", "discuss.channel", alias_defaults="{'channel_type': 'channel'}")
        rows, _answers = self.receive_many(5, to="groups@postmaster.test")
        self.assertEqual([row.reason_code for row in rows[3:]], ["sender_limit"] * 2)

    def answer_many(self, count, **fields):
        record = self.env["res.partner"].create({"name": "Talk"})
        follower = self.env["res.partner"].create({"name": "F", "email": "f@follower.test"})
        record.message_subscribe(follower.ids)
        question = record.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            incoming_email_to="jane@customer.test",
        )
        rows, _answers = self.receive_many(
            count, headers=f"\r\nIn-Reply-To: {question.message_id}", **fields
        )
        return rows, follower

    def notified(self, rows, partner):
        return [partner in row.delivery_ids.mail_message_id.notified_partner_ids for row in rows]

    def test_answers_are_never_blocked_and_notify_nobody_above_the_limit(self):
        rows, follower = self.answer_many(5)
        self.assertStates(rows, *[("delivered", "reply_posted")] * 5)
        self.assertEqual(self.notified(rows, follower), [True] * 3 + [False] * 2)

    def test_answers_can_be_refused(self):
        self.parameters.set_param("mail.postmaster.loop.replies", "refuse")
        rows, _follower = self.answer_many(4)
        self.assertReason(rows[-1], "refused", "sender_limit")

    def test_allowed_address_and_domain(self):
        allowed = self.env["mail.gateway.allowed"]
        for entry in ("Bot <bot@Customer.test>", "@Robots.TEST"):
            allowed.create({"email": entry})
        for sender in ("bot@customer.test", "any@robots.test"):
            rows, _answers = self.receive_many(5, sender=sender)
            self.assertEqual(set(rows.mapped("state")), {"delivered"})
            self.assertStep(rows[-1], "loop_allowed")
        allowed.search([("email", "=", "@robots.test")]).unlink()
        rows, _answers = self.receive_many(5, sender="any@robots.test")
        self.assertReason(rows[-1], "refused", "sender_limit")
        for nonsense in ("bot", "@", "@not a domain", "*@customer.test x"):
            with self.assertRaisesRegex(ValidationError, "neither an address"):
                allowed.create({"email": nonsense})

    def test_alias_and_domain_have_their_own(self):
        self.domain.loop_threshold = 2
        rows, _answers = self.receive_many(3)
        self.assertReason(rows[-1], "refused", "sender_limit")
        self.assertIn("2 messages", rows[-1].reason)
        self.assertIn(
            "2 messages per sender within 120 minutes (from the domain postmaster.test)",
            self.alias.policies_in_force,
        )
        self.alias.loop_threshold = 4
        rows, _answers = self.receive_many(3)
        self.assertStates(
            rows,
            *[("delivered", "record_created")] * 2,
            ("refused", "sender_limit"),
        )
        self.assertIn("(from this alias)", self.alias.policies_in_force)

    def test_records_of_an_alias(self):
        self.parameters.set_param("mail.incoming.limit.alias", 2)
        senders = [f"{number}@customer.test" for number in range(4)]
        rows = self.log
        for sender in senders:
            rows += self.receive_many(1, sender=sender)[0]
        self.assertStates(
            rows,
            *[("delivered", "record_created")] * 2,
            *[("parked", "record_limit")] * 2,
        )
        rows[-1].action_process_again()
        self.assertReason(rows[-1], "delivered", "record_created")
        self.alias.record_limit = 10
        rows, _answers = self.receive_many(1, sender="another@customer.test")
        self.assertStates(rows, ("delivered", "record_created"))

    def test_records_are_not_limited_until_somebody_says_so(self):
        self.assertFalse(self.env["mail.postmaster.policy"]._in_force().limits_records)
        self.parameters.set_param("mail.incoming.limit.period", 10)
        rows = self.log
        for number in range(6):
            rows += self.receive_many(1, sender=f"{number}@customer.test")[0]
        self.assertEqual([row.state for row in rows], ["delivered"] * 5 + ["parked"])

    def test_same_text_to_the_catchall(self):
        rows, answers = self.receive_many(2, to="catchall@postmaster.test")
        self.assertStates(rows, ("refused", "catchall"), ("ignored", "catchall_repeated"))
        self.assertEqual(len(answers), 1)
        rows, _answers = self.receive_many(1, to="catchall@postmaster.test", subject="Other")
        self.assertStates(rows, ("refused", "catchall"))

    def test_hops(self):
        raw = b"Received: by x\r\n" * 51 + self.mail()
        _result, row = self.receive(raw)
        self.assertReason(row, "parked", "too_many_received")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def test_same_as_odoo(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        rows, answers = self.receive_many(4)
        self.assertReason(rows[-1], "refused", "loop_limit")
        self.assertEqual(len(answers), 1)
        self.assertFalse(self.env["mail.postmaster.quota"].search_count([]))

    def test_bounds(self):
        for key, value in [
            ("mail.gateway.loop.minutes", "soon"),
            ("mail.gateway.loop.threshold", "0"),
            ("mail.incoming.limit.alias", "-1"),
            ("mail.postmaster.loops", "all"),
        ]:
            with self.subTest(key=key), self.assertRaisesRegex(ValidationError, key):
                self.parameters.set_param(key, value)
        # A value written bypassing the checks counts as not set.
        self.set_parameter_with_sql("mail.gateway.loop.minutes", "soon")
        rows, _answers = self.receive_many(1)
        self.assertStates(rows, ("delivered", "record_created"))

    def test_forged_sender_takes_no_places_of_the_real_one(self):
        for number in range(5):
            raw = self.mail(message_id=f"<forged{number}@x>", return_path="me@attacker.test")
            self.receive(raw)
        rows, _answers = self.receive_many(1)
        self.assertStates(rows, ("delivered", "record_created"))

    def test_sender_without_an_address_is_counted(self):
        rows, _answers = self.receive_many(4, sender="root")
        # It cannot be notified.
        self.assertReason(rows[-1], "parked", "sender_limit")

    def test_what_waits_for_another_limit_is_not_accepted(self):
        self.parameters.set_param("mail.incoming.limit.alias", 1)
        rows, _answers = self.receive_many(4)
        self.assertStates(rows, ("delivered", "record_created"), *[("parked", "record_limit")] * 3)

    def test_record_of_an_alias_is_no_new_record(self):
        partner = self.env["res.partner"].create({"name": "Desk"})
        self.alias.write({"alias_force_thread_id": partner.id, "record_limit": 1})
        rows, _answers = self.receive_many(2)
        self.assertStates(rows, *[("delivered", "message_posted")] * 2)
        question = partner.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        rows, _answers = self.receive_many(3, headers=f"\r\nIn-Reply-To: {question.message_id}")
        self.assertEqual(set(rows.mapped("state")), {"delivered"})

    def test_copy_of_a_held_mail(self):
        self.alias.alias_mode = "hold"
        raw = self.mail(message_id="<held@x>")
        _result, first = self.receive(raw)
        _result, second = self.receive(b"Received: by another way\r\n" + raw)
        self.assertStates(first + second, *[("parked", "alias_held")] * 2)
        second.action_process_again()
        self.assertReason(second, "delivered", "record_created")
        first.action_process_again()
        self.assertEqual(first.state, "ignored")
        self.assertEqual(len(self.env["mail.message"].search([("message_id", "=", "<held@x>")])), 1)

"""An alias may hold its messages for review, refuse them, or be closed from a date."""

from odoo.tests import Form, tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase, at


@tagged("post_install", "-at_install")
class TestAliasMode(GatewayCase, MockEmail):
    def receive_with_answers(self, raw):
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            answers = [mail["body"] for mail in self._mails]
        return row, answers

    def partners_named(self, name):
        return self.env["res.partner"].search_count([("name", "=", name)])

    def test_held_until_somebody_releases_it(self):
        self.alias.alias_mode = "hold"
        row, answers = self.receive_with_answers(self.mail(subject="Held"))
        self.assertReason(row, "parked", "alias_held")
        self.assertStep(row, "alias_mode", hit=False)
        self.assertIn("people@postmaster.test", row.reason)
        self.assertFalse(answers)
        self.assertFalse(row.delivery_ids._record())
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.delivery_ids.alias_id, self.alias)

    def test_the_other_addressee_gets_it_at_once(self):
        self.alias.alias_mode = "hold"
        other = self.make_alias("others", "res.partner")
        row, _answers = self.receive_with_answers(
            self.mail(to="people@postmaster.test, others@postmaster.test")
        )
        self.assertReason(row, "parked", "alias_held")
        by_alias = {one.alias_id: one.state for one in row.delivery_ids}
        self.assertEqual(by_alias, {self.alias: "parked", other: "delivered"})
        row.action_process_again()
        self.assertEqual(set(row.delivery_ids.mapped("state")), {"delivered"})
        self.assertEqual(len(row.delivery_ids), 2)

    def test_releasing_what_one_holds_changes_nothing_for_another(self):
        self.alias.alias_mode = "hold"
        refusing = self.make_alias("closed", "res.partner", alias_mode="refuse")
        restricted = self.make_alias("friends", "res.partner", alias_contact="partners")
        row, answers = self.receive_with_answers(
            self.mail(
                to="people@postmaster.test, closed@postmaster.test, friends@postmaster.test",
            )
        )
        self.assertReason(row, "parked", "alias_held")
        self.assertEqual(len(answers), 2)
        row.action_process_again()
        by_alias = {one.alias_id: one.state for one in row.delivery_ids}
        self.assertEqual(
            by_alias,
            {self.alias: "delivered", refusing: "refused", restricted: "refused"},
        )

    def test_each_refusing_alias_tells_its_own(self):
        self.alias.write({"alias_mode": "refuse", "alias_refusal": "<p>First text</p>"})
        self.make_alias(
            "others",
            "res.partner",
            alias_mode="refuse",
            alias_refusal="<p>Second text</p>",
        )
        _row, answers = self.receive_with_answers(
            self.mail(to="people@postmaster.test, others@postmaster.test")
        )
        self.assertEqual(len(answers), 2)
        self.assertIn("First text", "".join(answers))
        self.assertIn("Second text", "".join(answers))

    def test_answer_to_a_conversation_is_held_too(self):
        partner = self.env["res.partner"].create({"name": "Talk"})
        question = partner.message_post(body="x", message_type="comment")
        self.alias.alias_mode = "hold"
        row, _answers = self.receive_with_answers(
            self.mail(headers=f"\r\nIn-Reply-To: {question.message_id}")
        )
        self.assertReason(row, "parked", "alias_held")
        self.assertEqual(row.delivery_ids.target, f"thread:res.partner,{partner.id}")
        row.action_process_again()
        self.assertReason(row, "delivered", "reply_posted")

    def test_refused_with_a_text_of_ones_own(self):
        self.alias.write(
            {
                "alias_mode": "refuse",
                "alias_refusal": "<p>Please use our web page.</p>",
            }
        )
        row, answers = self.receive_with_answers(self.mail())
        self.assertReason(row, "refused", "alias_refuses")
        self.assertEqual(len(answers), 1)
        self.assertIn("Please use our web page.", answers[0])
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def test_refused_with_the_general_text(self):
        self.alias.alias_mode = "refuse"
        _row, answers = self.receive_with_answers(self.mail())
        self.assertIn("people@postmaster.test does not accept messages", answers[0])

    def test_closed_since(self):
        self.alias.write({"alias_mode": "closed", "alias_closed_since": "2030-05-01"})
        with at(self.env, "2030-04-30 22:00:00"):
            row, answers = self.receive_with_answers(self.mail(message_id="<before@x>"))
            self.assertReason(row, "delivered", "record_created")
        with at(self.env, "2030-05-01 01:00:00"):
            row, answers = self.receive_with_answers(self.mail(message_id="<after@x>"))
            self.assertReason(row, "refused", "alias_closed")
            self.assertIn("2030-05-01", row.reason)
            self.assertIn("05/01/2030", answers[0])

    def test_conversation_goes_on_after_it_was_closed(self):
        partner = self.env["res.partner"].create({"name": "Talk"})
        question = partner.message_post(body="x", message_type="comment")
        self.alias.alias_mode = "closed"
        row, answers = self.receive_with_answers(
            self.mail(headers=f"\r\nIn-Reply-To: {question.message_id}")
        )
        self.assertReason(row, "delivered", "reply_posted")
        self.assertFalse(answers)

    def test_form(self):
        form = Form(self.alias)
        self.assertEqual(form.alias_mode, "accept")
        form.alias_mode = "closed"
        self.assertTrue(form.alias_closed_since)
        form.save()
        self.assertIn(self.alias, self.env["mail.alias"].search([("alias_mode", "!=", "accept")]))

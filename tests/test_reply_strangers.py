"""Quoting a Message-Id does not make a message part of a conversation."""

from odoo.tests import tagged

from ..policy.settings import IDENTITY_UNCHECKED
from .common import need
from .replies_common import STRANGER, ReplyCase


@tagged("post_install", "-at_install")
class TestStrangers(ReplyCase):
    def test_who_learnt_a_message_id(self):
        message = self.assertNoted(self.answer())
        self.assertEqual(message.notified_partner_ids, self.seller.partner_id)
        self.assertNotIn("mallory", str(self.record.message_partner_ids.mapped("email")))

    def test_note_makes_nobody_a_part(self):
        """Neither the author of a note nor its other recipients become participants."""
        need(self.env, "crm", "project")
        accomplice = self.make_partner("Eve", "eve@accomplice.test")
        lead = self.env["crm.lead"].create({"name": "Lead"})
        task = self.env["project.task"].create(
            {
                "name": "Task",
                "project_id": self.env["project.project"].create({"name": "P"}).id,
            }
        )
        for record in (lead, task):
            question = self.post(record, partner_ids=self.customer.ids)
            with self.subTest(record=record):
                row = self.answer(question, headers="\r\nCc: Eve <eve@accomplice.test>")
                note = self.assertNoted(row)
                self.assertNotIn(accomplice, record.message_partner_ids)
                self.assertNotIn("eve", str(record.email_cc or ""))
                for sender in (STRANGER, "eve@accomplice.test"):
                    self.assertNoted(self.answer(question, sender=sender))
                    self.assertReason(
                        self.answer(note, sender=sender),
                        "parked",
                        "reply_parked_private",
                    )

    def test_blind_copy_shows_nowhere(self):
        row = self.answer(
            sender="jane@customer.test",
            headers="\r\nX-Original-Bcc: hidden@third.test",
        )
        message = self.assertJoins(row, "recipient")
        self.assertNoted(self.answer(message, sender="hidden@third.test"))

    def test_member_of_a_list_that_got_a_copy(self):
        group = self.make_partner("List", "list@lists.customer-group.test")
        question = self.post(self.record, partner_ids=group.ids)
        headers = "\r\nList-Id: <list.lists.customer-group.test>\r\nPrecedence: list"
        self.assertNoted(self.answer(question, sender="member@far.test", headers=headers))
        # As lists do if their members' domains publish a policy (RFC 7960).
        row = self.answer(
            question,
            sender="Member via List <list@lists.customer-group.test>",
            headers=headers,
        )
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, "reply_recipient")

    def test_our_own_message_comes_back_through_a_list(self):
        raw = self.mail(message_id=self.question.message_id, sender=STRANGER)
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "own_message")

    def test_each_policy(self):
        for policy, state, code in [
            ("accept", "delivered", "reply_posted"),
            ("note", "delivered", "reply_noted"),
            ("park", "parked", "reply_parked"),
            ("new", "refused", "catchall"),
        ]:
            self.parameters.set_param("mail.postmaster.reply", policy)
            # From a different sender each time: an accepted sender has then written in it.
            row = self.answer(sender=f"mallory@{policy}.test")
            with self.subTest(policy=policy):
                self.assertReason(row, state, code)
                self.assertStranger(row)

    def test_new_is_routed_by_its_recipients(self):
        self.parameters.set_param("mail.postmaster.reply", "new")
        row = self.answer(to="people@postmaster.test", subject="Something else")
        self.assertReason(row, "delivered", "record_created")
        self.assertStep(row, "reply_as_new")
        message = row.delivery_ids.mail_message_id
        self.assertNotEqual(message.res_id, self.record.id)
        self.assertFalse(message.parent_id)
        note = self.post(self.record, "mail.mt_note")
        self.parameters.set_param("mail.postmaster.reply.private", "new")
        row = self.answer(note, to="people@postmaster.test", subject="Another")
        self.assertReason(row, "delivered", "record_created")
        self.assertFalse(row.delivery_ids.mail_message_id.is_internal)
        self.assertReason(self.answer(to="nobody@postmaster.test"), "refused", "no_route_refused")

    def test_alias_before_domain_before_database(self):
        need(self.env, "crm")
        team = self.env["crm.team"].create(
            {
                "name": "T",
                "alias_name": "team",
                "alias_domain_id": self.domain.id,
            }
        )
        question = self.post(self.env["crm.lead"].create({"name": "L", "team_id": team.id}))
        self.assertReason(self.answer(question), "delivered", "reply_noted")
        self.domain.reply_policy = "park"
        self.assertReason(self.answer(question), "parked", "reply_parked")
        team.alias_id.reply_policy = "accept"
        self.assertIn(
            "Replies from non-participants: Accept (from this alias)",
            team.alias_id.policies_in_force,
        )
        self.assertReason(self.answer(question), "delivered", "reply_posted")

    def test_domain_of_another_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        company.alias_domain_id = self.env["mail.alias.domain"].create(
            {
                "name": "second.test",
                "catchall_alias": "catchall",
                "bounce_alias": "bounce",
                "reply_policy": "park",
            }
        )
        record = self.env["res.partner"].create({"name": "R", "company_id": company.id})
        question = self.post(record)
        self.assertEqual(question.record_alias_domain_id, company.alias_domain_id)
        self.assertReason(self.answer(question), "parked", "reply_parked")
        self.assertReason(self.answer(), "delivered", "reply_noted")
        self.parameters.set_param(IDENTITY_UNCHECKED, "off")
        self.assertReason(
            self.answer(question, sender=self.seller.email),
            "delivered",
            "reply_posted",
        )

    def test_released(self):
        self.policy.apply_preset("strict")
        row = self.answer()
        self.assertReason(row, "parked", "reply_parked")
        self.assertFalse(self.record.message_ids.filtered(lambda one: "mallory" in one.email_from))
        with self.mock_mail_gateway():
            row.action_process_again()
        self.assertReason(row, "delivered", "reply_posted")
        message = row.delivery_ids.mail_message_id
        self.assertIn(self.follower, message.notified_partner_ids)
        self.assertJoins(self.answer(), "author")

    def test_out_of_office_of_the_seller_is_not_for_strangers(self):
        self.seller.write(
            {
                "out_of_office_message": "<p>Away</p>",
                "out_of_office_from": "2020-01-01 00:00:00",
                "out_of_office_to": "2099-01-01 00:00:00",
            }
        )
        self.assertNoted(self.answer())
        self.assertFalse(
            self.env["mail.message"].search_count(
                [
                    ("message_type", "=", "out_of_office"),
                    ("res_id", "=", self.record.id),
                ]
            )
        )

    def test_without_an_address(self):
        row = self.answer(sender="not an address")
        self.assertNoted(row, "no_address")

    def test_presets(self):
        for preset, values in (
            ("recommended", ["note", "park", "record"]),
            ("strict", ["park", "park", "record"]),
            ("odoo", ["accept", "accept", "odoo"]),
        ):
            self.policy.apply_preset(preset)
            self.assertEqual(
                [
                    self.policy._in_force().choice(f"mail.postmaster.reply{key}")
                    for key in ("", ".private", ".rules")
                ],
                values,
            )
            self.assertEqual(self.env["mail.postmaster.reply"]._is_on(), preset != "odoo")
        self.alias.reply_policy = "park"
        self.assertTrue(self.env["mail.postmaster.reply"]._is_on())

    def test_nonsense_in_the_list_of_providers_stops_nothing(self):
        self.set_parameter_with_sql(
            "mail.postmaster.reply.providers",
            "no domain, customer.test",
        )
        self.assertNoted(self.answer(sender="boss@customer.test"))

    def test_preset_of_odoo_decides_nothing(self):
        self.policy.apply_preset("odoo")
        row = self.answer()
        self.assertReason(row, "delivered", "reply_posted")
        self.assertNotIn("reply_", str([step["step"] for step in row.trace]))
        self.assertIn(self.follower, row.delivery_ids.mail_message_id.notified_partner_ids)

"""A message with the Message-Id of another message: it must not be lost."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import product

from odoo import fields
from odoo.tests import tagged

from .common import GatewayCase

OTHER_CONTENT = "mail.postmaster.duplicate"
SAME = {
    "sender": "Jane Doe <jane@customer.test>",
    "subject": "Good morning",
}
OTHER = {
    "sender": "Paul <paul@supplier.test>",
    "subject": "Invoice 17",
}
FOOTER = b"\r\n-- \r\nFooter of a list\r\n"


@tagged("post_install", "-at_install")
class TestSharedMessageId(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["mail.postmaster.policy"]
        cls.parameters = cls.env["ir.config_parameter"]
        cls.other_date = format_datetime(datetime.now(timezone.utc) - timedelta(hours=1))
        cls.number = 0

    def new_id(self):
        type(self).number += 1
        return f"<shared{self.number}@program.test>"

    def receive_as(self, message_id, footer=FOOTER, **values):
        return self.receive(self.mail(message_id=message_id, **{**SAME, **values}) + footer)[1]

    def receive_two(self, **other):
        message_id = self.new_id()
        first = self.receive_as(message_id, footer=b"")
        self.assertReason(first, "delivered", "record_created")
        return first, self.receive_as(message_id, **other)

    def assertCopy(self, row):
        self.assertReason(row, "ignored", "duplicate_other_content")

    def test_matrix(self):
        for preset, *is_same in product(("odoo", "recommended", "strict"), *[(True, False)] * 3):
            same_sender, same_subject, same_date = is_same
            self.policy.apply_preset(preset)
            values = {
                **({} if same_sender else {"sender": OTHER["sender"]}),
                **({} if same_subject else {"subject": OTHER["subject"]}),
                **({} if same_date else {"date": self.other_date}),
            }
            with self.subTest(preset=preset, other=list(values)):
                first, second = self.receive_two(**values)
                if same_sender and same_subject:
                    self.assertCopy(second)
                    self.assertEqual(second.original_id, first)
                elif preset == "odoo":
                    self.assertReason(second, "ignored", "shared_message_id")
                else:
                    self.assertReason(second, "parked", "shared_message_id")
                    self.assertIn("jane@customer.test", second.reason)

    def test_matrix_delivered_by_policy(self):
        self.parameters.set_param(OTHER_CONTENT, "deliver")
        for is_same in product(*[(True, False)] * 3):
            values = {
                name: value
                for name, value, same in zip(
                    ("sender", "subject", "date"),
                    (OTHER["sender"], OTHER["subject"], self.other_date),
                    is_same,
                    strict=True,
                )
                if not same
            }
            with self.subTest(other=list(values)):
                first, second = self.receive_two(**values)
                if not values:
                    self.assertCopy(second)
                    continue
                self.assertReason(second, "delivered", "record_created")
                self.assertNotEqual(second.delivery_ids.res_id, first.delivery_ids.res_id)
                # The same message again is a copy of the second one.
                raw = self.mail(message_id=second.message_id, **{**SAME, **values}) + FOOTER
                third = self.receive(b"Received: by another hop\r\n" + raw)[1]
                self.assertReason(third, "ignored", "duplicate")

    def test_copy_of_a_list_in_either_order(self):
        """The header of the first copy is read from its content; From and subject are rewritten."""
        rewritten = {
            "sender": "Jane Doe via Sales <sales@lists.test>",
            "subject": "[sales] Re: Good morning",
        }
        for header, preset in product(
            (
                "Reply-To: Jane Doe <jane@customer.test>",
                "Reply-To: sales@lists.test, jane@customer.test",
                "X-Original-From: jane@customer.test\r\nReply-To: sales@lists.test",
            ),
            ("odoo", "recommended", "strict"),
        ):
            self.policy.apply_preset(preset)
            copy = {**rewritten, "headers": f"\r\n{header}\r\nList-Id: <sales.lists.test>"}
            for one, other in (({}, copy), (copy, {})):
                with self.subTest(header=header, preset=preset, list_is_first=bool(one)):
                    message_id = self.new_id()
                    self.assertEqual(self.receive_as(message_id, **one).state, "delivered")
                    self.assertCopy(self.receive_as(message_id, footer=b"", **other))

    def test_what_was_held_is_delivered_when_released(self):
        self.policy.apply_preset("recommended")
        first, second = self.receive_two(**OTHER)
        self.assertEqual(second.release_kind, "waiting")
        second.action_process_again()
        self.assertReason(second, "delivered", "record_created")
        self.assertNotEqual(second.delivery_ids.res_id, first.delivery_ids.res_id)
        self.assertEqual(first.state, "delivered")

    def test_recipient_without_the_other_message_gets_it(self):
        """Only the address that has the other message is held, and no part is lost."""
        others = self.make_alias("others", "res.partner")
        self.policy.apply_preset("recommended")
        to = "people@postmaster.test, others@postmaster.test"
        _first, second = self.receive_two(**OTHER, to=to)
        self.assertReason(second, "parked", "shared_message_id")
        by_alias = {row.alias_id: row for row in second.delivery_ids}
        self.assertEqual(by_alias[self.alias].state, "parked")
        self.assertEqual(by_alias[others].state, "delivered")
        second.action_process_again()
        self.assertEqual(set(second.delivery_ids.mapped("state")), {"delivered"})
        self.assertEqual(len(set(second.delivery_ids.mapped("res_id"))), 2)

    def test_message_that_waits_is_not_superseded_by_another_one(self):
        self.policy.apply_preset("recommended")
        message_id = self.new_id()
        self.alias.alias_mode = "hold"
        held = self.receive_as(message_id)
        self.assertReason(held, "parked", "alias_held")
        self.alias.alias_mode = "accept"
        other = self.receive_as(message_id, **OTHER)
        self.assertReason(other, "delivered", "record_created")
        self.assertReason(held, "parked", "alias_held")
        held.action_process_again()
        self.assertReason(held, "delivered", "record_created")
        self.assertNotEqual(held.delivery_ids.res_id, other.delivery_ids.res_id)

    def test_message_from_before_the_addon(self):
        """Only core's message is known, as before the installation or after the log was cleaned."""
        for preset, state in (("odoo", "ignored"), ("recommended", "parked")):
            with self.subTest(preset=preset):
                self.policy.apply_preset(preset)
                message_id = self.new_id()
                self.receive_as(message_id).unlink()
                self.assertReason(self.receive_as(message_id), "ignored", "duplicate_message")
                other = self.receive_as(message_id, **OTHER)
                self.assertReason(other, state, "shared_message_id")
                other.action_process_again()
                self.assertReason(other, "delivered", "record_created")

    def test_content_of_another_message_is_kept_until_it_is_handled(self):
        retention = self.env["mail.postmaster.retention"]
        rows = self.receive_two(**OTHER) + self.receive_two() + self.receive_two(**OTHER)
        another, copy, also = rows[1], rows[3], rows[5]
        self.assertReason(another, "ignored", "shared_message_id")
        self.assertCopy(copy)
        long_ago = fields.Datetime.now() - timedelta(days=400)

        def clean():
            for row in rows:
                if row.exists():
                    self.env.cr.execute(
                        "UPDATE mail_postmaster_message SET settled_at = %s, create_date = %s "
                        "WHERE id = %s",
                        [long_ago, long_ago, row.id],
                    )
            self.env.invalidate_all()
            retention._gc_raw()
            retention._gc_log()

        with self.subTest("kept"):
            clean()
            self.assertTrue(another.exists() and another.raw_kept)
            self.assertTrue(also.exists() and also.raw_kept)
            self.assertFalse(copy.exists())
        with self.subTest("handled"):
            another.action_process_again()
            self.assertReason(another, "delivered", "record_created")
            also.action_ignore()
            self.assertReason(also, "ignored", "ignored_by_hand")
            clean()
            self.assertFalse((another + also).exists())

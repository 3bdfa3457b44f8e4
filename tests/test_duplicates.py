"""A message that arrives again, with the same or other content, and our own messages."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import GatewayCase

OTHER_CONTENT = "mail.postmaster.duplicate"


@tagged("post_install", "-at_install")
class TestDuplicates(GatewayCase):
    def with_footer(self, raw):
        return raw + b"\r\n-- \r\nFooter of a list\r\n"

    def receive_twice(self, **fields):
        raw = self.mail(message_id="<twice@customer.test>", **fields)
        _result, first = self.receive(raw)
        self.assertReason(first, "delivered", "record_created")
        _result, second = self.receive(self.with_footer(raw))
        return first, second

    def test_same_content(self):
        raw = self.mail(message_id="<twice@customer.test>")
        _result, first = self.receive(raw)
        _result, second = self.receive(b"Received: by another hop\r\n" + raw)
        self.assertReason(second, "ignored", "duplicate")
        self.assertEqual(second.original_id, first)

    def test_other_content_is_ignored_and_can_be_released(self):
        first, second = self.receive_twice()
        self.assertReason(second, "ignored", "duplicate_other_content")
        self.assertEqual(second.original_id, first)
        second.action_process_again()
        self.assertReason(second, "delivered", "record_created")
        self.assertNotEqual(second.delivery_ids.res_id, first.delivery_ids.res_id)

    def test_copy_with_other_content_is_ignored_under_each_policy(self):
        """What makes it another message is in tests/test_shared_message_id.py."""
        raw = self.mail(message_id="<twice@customer.test>")
        _result, first = self.receive(raw)
        for policy in ("ignore", "park", "deliver"):
            self.env["ir.config_parameter"].set_param(OTHER_CONTENT, policy)
            with self.subTest(policy=policy):
                _result, row = self.receive(self.with_footer(raw) + policy.encode())
                self.assertReason(row, "ignored", "duplicate_other_content")
                self.assertEqual(row.original_id, first)

    def test_policy_that_changes_loses_nothing(self):
        other = self.make_alias("others", "res.partner")
        third = self.make_alias("third", "res.partner")
        raw = self.mail(message_id="<twice@customer.test>")
        copies = [(self.alias, "people"), (other, "others"), (third, "third")]
        for policy, (alias, name) in zip(("deliver", "park", "ignore"), copies, strict=True):
            self.env["ir.config_parameter"].set_param(OTHER_CONTENT, policy)
            _result, row = self.receive(raw.replace(b"people@", name.encode() + b"@"))
            self.assertReason(row, "delivered", "record_created")
            self.assertEqual(row.delivery_ids.alias_id, alias)

    def test_another_message_is_parked_after_one_was_delivered(self):
        self.env["ir.config_parameter"].set_param(OTHER_CONTENT, "deliver")
        message = {"message_id": "<twice@customer.test>"}
        _result, first = self.receive(self.mail(**message))
        _result, second = self.receive(self.mail(**message, subject="Second"))
        self.assertEqual((first + second).mapped("state"), ["delivered"] * 2)
        self.env["ir.config_parameter"].set_param(OTHER_CONTENT, "park")
        _result, third = self.receive(self.mail(**message, subject="Third"))
        self.assertReason(third, "parked", "shared_message_id")

    def test_addressee_not_served_is_served_whatever_the_content(self):
        other = self.make_alias("others", "res.partner")
        first, _second = self.receive_twice()
        _result, third = self.receive(
            self.mail(
                message_id="<twice@customer.test>",
                to="others@postmaster.test",
            )
        )
        self.assertReason(third, "delivered", "record_created")
        self.assertEqual(third.delivery_ids.alias_id, other)
        self.assertEqual(first.delivery_ids.alias_id, self.alias)

    def test_own_notification_is_recognised(self):
        partner = self.env["res.partner"].create({"name": "Talk"})
        message = partner.message_post(body="Hello", message_type="comment")
        for policy in ("ignore", "deliver"):
            self.env["ir.config_parameter"].set_param(OTHER_CONTENT, policy)
            with self.subTest(policy=policy):
                _result, row = self.receive(
                    self.mail(
                        message_id=message.message_id,
                        subject=f"Notification {policy}",
                    )
                )
                self.assertReason(row, "ignored", "own_message")
                # The form asks before it creates a second record, like the dialog of the list.
                self.assertEqual(row.release_kind, "repeated")
                self.assertIn(f"Contact #{partner.id}", row.reason)

    def test_without_a_message_id(self):
        raw = self.mail(message_id="").replace(b"Message-Id: \r\n", b"")
        self.assertNotIn(b"Message-Id", raw)
        _result, first = self.receive(raw)
        _result, second = self.receive(raw)
        self.assertReason(second, "ignored", "duplicate")
        _result, third = self.receive(self.with_footer(raw))
        self.assertReason(third, "delivered", "record_created")
        self.assertEqual(second.original_id, first)

    def test_nonsense_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "ignore, park, deliver"):
            self.env["ir.config_parameter"].set_param(OTHER_CONTENT, "burn")
        self.set_parameter_with_sql(OTHER_CONTENT, "burn")
        _first, second = self.receive_twice()
        self.assertReason(second, "ignored", "duplicate_other_content")

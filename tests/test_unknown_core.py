"""Behaviour of core or of another addon that we do not know is no decision about a message."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models.mail_thread import MailThread

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestUnknownCore(GatewayCase):
    def receive_with(self, method, answer):
        """Receive a message while a method of core answers something else."""
        with patch.object(MailThread, method, lambda *arguments, **options: answer):
            return self.receive(self.mail(message_id="<unknown@customer.test>"))[1]

    def test_core_leaves_before_routing(self):
        for answer in (False, None):
            with self.subTest(answer=answer):
                row = self.receive_with("message_process", answer)
                # Of a transport it would be tried again; a caller's transaction has one chance.
                self.assertReason(row, "parked", "left_before_routing")
                row.action_process_again()
                self.assertEqual(row.state, "delivered" if answer is False else "ignored")

    def test_core_routes_to_nothing(self):
        row = self.receive_with("message_route", [])
        self.assertReason(row, "parked", "not_routed")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def test_duplicate_is_said_only_where_the_message_is_here(self):
        self.env["res.partner"].create({"name": "Old"}).message_post(
            body="x", message_type="email", message_id="<unknown@customer.test>",
        )
        row = self.receive_with("_detect_loop_headers", False)
        self.assertReason(row, "ignored", "duplicate_message")

    def test_no_two_attempts_show_core_the_same_id(self):
        seen = []
        core = MailThread._detect_loop_headers

        def remember(thread, msg_dict):
            seen.append(msg_dict["message_id"])
            return core(thread, msg_dict)

        other = self.make_alias("others", "res.partner")
        with patch.object(MailThread, "_detect_loop_headers", remember):
            for to in ("people@postmaster.test", other.alias_full_name):
                row = self.receive(self.mail(message_id="<unknown@customer.test>", to=to))[1]
                self.assertReason(row, "delivered", "record_created")
                self.assertEqual(
                    row.delivery_ids.mail_message_id.message_id, "<unknown@customer.test>"
                )
        self.assertEqual(len(set(seen)), 2)
        self.assertNotIn("<unknown@customer.test>", seen)

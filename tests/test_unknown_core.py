"""Unknown behaviour of core or of another addon is not a decision about a message."""

from contextlib import suppress
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.models.mail_thread import MailThread
from odoo.addons.mail_postmaster.rules.table import Rule

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestUnknownCore(GatewayCase):
    def receive_with(self, method, answer):
        """Receive a message while a method of core returns something else."""
        with patch.object(MailThread, method, lambda *arguments, **options: answer):
            return self.receive(self.mail(message_id="<unknown@customer.test>"))[1]

    def test_core_leaves_before_routing(self):
        for answer in (False, None):
            with self.subTest(answer=answer):
                row = self.receive_with("message_process", answer)
                # From a transport, it would be retried; a caller's transaction has one attempt.
                self.assertReason(row, "parked", "left_before_routing")
                row.action_process_again()
                self.assertEqual(row.state, "delivered" if answer is False else "ignored")

    def test_a_rule_of_another_addon_fails(self):
        """That says nothing about the message, which a person would look at in vain."""
        screening = type(self.env["mail.postmaster.screening"])
        raw = self.mail(message_id="<rule@customer.test>")
        rule = Rule("broken", lambda _message: {}["missing"])
        broken = patch.object(screening, "_rules_before_routing", lambda _model: (rule,))
        # Not assertRaises, which rolls back what the caller keeps.
        with broken, suppress(KeyError):
            self.receive(raw)
        row = self.log.search([("message_id", "=", "<rule@customer.test>")])
        # As above: the caller's transaction has one attempt.
        self.assertReason(row, "parked", "failed")

    def test_core_routes_to_nothing(self):
        row = self.receive_with("message_route", [])
        self.assertReason(row, "parked", "not_routed")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def test_a_route_makes_nothing(self):
        row = self.receive_with("_message_route_process", False)
        self.assertReason(row, "parked", "made_nothing")
        self.assertEqual(row.delivery_ids.state, "parked")
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def route_above(self, by_itself):
        """Make another addon, loaded after this one, route messages."""
        routes = [("res.partner", None, {}, self.env.uid, self.alias)]
        ours = type(self.env["mail.thread"]).message_route

        def message_route(thread, message, message_dict, *arguments, **options):
            if by_itself:
                return routes
            return ours(thread, message, dict(message_dict), *arguments, **options)

        self.patch(type(self.env["mail.thread"]), "message_route", message_route)

    def test_the_stored_id_is_the_senders_whoever_routes(self):
        for by_itself in (True, False):
            with self.subTest(by_itself=by_itself):
                self.route_above(by_itself)
                message_id = f"<routed.{by_itself}@customer.test>"
                raw = self.mail(message_id=message_id)
                row = self.receive(raw)[1]
                self.assertReason(row, "delivered", "record_created")
                self.assertEqual(row.delivery_ids.mail_message_id.message_id, message_id)
                again = self.receive(b"Received: by another hop\r\n" + raw)[1]
                self.assertEqual(again.state, "ignored")

    def test_a_message_from_before_is_a_duplicate_whoever_routes(self):
        self.env["res.partner"].create({"name": "Old"}).message_post(
            body="x",
            message_type="email",
            message_id="<old@customer.test>",
            email_from="jane@customer.test",
            subject="Good morning",
        )
        self.route_above(by_itself=True)
        row = self.receive(self.mail(message_id="<old@customer.test>"))[1]
        self.assertReason(row, "ignored", "duplicate_message")

    def test_duplicate_is_said_only_where_the_message_is_here(self):
        self.env["res.partner"].create({"name": "Old"}).message_post(
            body="x",
            message_type="email",
            message_id="<unknown@customer.test>",
            email_from="jane@customer.test",
            subject="Good morning",
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

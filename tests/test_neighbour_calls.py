"""What another addon may call while a message is processed, and how often."""

import email
import email.policy

from odoo.tests import tagged

from ..context_keys import ATTEMPT
from .common import GatewayCase
from .identity_common import IdentityCase, passed
from .replies_common import ReplyCase


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.SMTP)


@tagged("post_install", "-at_install")
class TestNeighbourCalls(GatewayCase):
    def neighbour(self, name, method):
        """Override a method of mail.thread above this addon, as a later addon does."""
        cls = type(self.env["mail.thread"])
        self.patch(cls, name, method(getattr(cls, name)))

    def test_parses_before_processing(self):
        """A filter that parses the message in message_process, and then calls super."""

        def make(core):
            def message_process(self, model, message, *args, **kwargs):
                raw = message if isinstance(message, bytes) else bytes(message)
                values = self.message_parse(parsed(raw))
                if "blocked" in (values.get("subject") or ""):
                    return False
                return core(self, model, message, *args, **kwargs)

            return message_process

        self.neighbour("message_process", make)
        result, row = self.receive(self.mail())
        self.assertEqual(
            (row.state, row.reason_code), ("delivered", "record_created"), (result, row.error)
        )

    def test_routes_twice(self):
        def make(core):
            def message_route(self, message, message_dict, *args, **kwargs):
                core(self, message, dict(message_dict), *args, **kwargs)
                return core(self, message, message_dict, *args, **kwargs)

            return message_route

        self.neighbour("message_route", make)
        _result, row = self.receive(self.mail())
        self.assertReason(row, "delivered", "record_created")

    def test_parses_twice(self):
        def make(core):
            def message_parse(self, message, save_original=False):
                core(self, message, save_original=save_original)
                return core(self, message, save_original=save_original)

            return message_parse

        self.neighbour("message_parse", make)
        _result, row = self.receive(self.mail())
        self.assertReason(row, "delivered", "record_created")

    def test_sender_after_second_routing(self):
        """Another addon corrects the sender and routes again: notices and limits follow it."""
        seen = []

        def make(core):
            def message_route(self, message, message_dict, *args, **kwargs):
                core(self, message, dict(message_dict), *args, **kwargs)
                message_dict["email_from"] = "other@customer.test"
                routes = core(self, message, message_dict, *args, **kwargs)
                seen.append(self.env.context[ATTEMPT].sender.address)
                return routes

            return message_route

        self.neighbour("message_route", make)
        self.receive(self.mail())
        self.assertEqual(seen[0], "other@customer.test")


@tagged("post_install", "-at_install")
class TestNeighbourSenders(IdentityCase):
    def test_attached_message_is_parsed_while_parsing(self):
        """An addon that reads attached messages: one without From takes nothing from the sender."""
        cls = type(self.env["mail.thread"])
        core, seen = cls._message_parse_extract_payload, []

        def extract(thread, message, message_dict, save_original=False):
            for part in message.walk():
                if part.get_content_type() == "message/rfc822":
                    seen.append(thread.message_parse(part.get_payload(0))["email_from"])
            return core(thread, message, message_dict, save_original=save_original)

        self.patch(cls, "_message_parse_extract_payload", extract)
        sender = "boss@postmaster.test"
        raw = (
            passed(sender)
            + b"Return-Path: <boss@postmaster.test>\r\nFrom: Boss <boss@postmaster.test>\r\n"
            b"To: people@postmaster.test\r\nSubject: Fwd\r\nMessage-Id: <fwd-1@postmaster.test>\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0b\r\n\r\n"
            b"--b0b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
            b"--b0b\r\nContent-Type: message/rfc822\r\n\r\n"
            b"To: boss@postmaster.test\r\n"
            b"Subject: Inner\r\nMessage-Id: <inner-1@customer.test>\r\n\r\nHello\r\n"
            b"--b0b--\r\n"
        )
        row = self.receive(raw)[1]
        self.assertEqual(len(seen), 1)
        self.assertActs(row, self.boss)


@tagged("post_install", "-at_install")
class TestNeighbourReplies(ReplyCase):
    def test_reply_to_merged_record(self):
        """An addon leads replies on a record to the one it was merged into, which it checks too."""
        merged = self.env["res.partner"].create({"name": "Merged"})
        merged.message_subscribe((self.follower + self.seller.partner_id).ids)
        old = self.record
        cls = type(self.env["mail.thread"])
        core = cls._routing_check_route

        def check(thread, message, message_dict, route, raise_exception=True):
            checked = core(thread, message, message_dict, route, raise_exception=raise_exception)
            if checked and checked[1] == old.id:
                route = (checked[0], merged.id, *checked[2:])
                return core(thread, message, message_dict, route, raise_exception=raise_exception)
            return checked

        self.patch(cls, "_routing_check_route", check)
        row = self.answer()
        self.assertEqual(row.delivery_ids._record(), merged)
        self.assertNoted(row)

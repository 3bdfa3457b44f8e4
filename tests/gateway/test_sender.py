"""Where a reply would go, and whose rate slots a message takes."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.sender import Sender, sender_of

JANE = "jane@example.com"


class TestOrigin(BaseCase):
    def test_cases(self):
        for header, email_from, expected in [
            (b"", f"Jane <{JANE}>", Sender(JANE, JANE, JANE)),
            (b"Return-Path: <Jane@EXAMPLE.com>", JANE, Sender(JANE, JANE, JANE)),
            (
                b"Return-Path: <jane=x@mail.example.com>",
                JANE,
                Sender(JANE, "jane=x@mail.example.com", JANE),
            ),
            # A third party, or a program that sends for others.
            (b"Return-Path: <victim@bank.test>", JANE, Sender(JANE, "", f"{JANE} bank.test")),
            (
                b"Return-Path: <list-bounces+jane=example.com@lists.test>",
                JANE,
                Sender(JANE, "", f"{JANE} lists.test"),
            ),
            (
                b"Return-Path: a@example.com, b@example.com",
                JANE,
                Sender(JANE, "", f"{JANE} elsewhere"),
            ),
            (b"Return-Path: <>", JANE, Sender(JANE, "", f"{JANE} elsewhere")),
            # The topmost is from the server.
            (
                b"Return-Path: <jane@example.com>\r\nReturn-Path: <victim@bank.test>",
                JANE,
                Sender(JANE, JANE, JANE),
            ),
            (b"Return-Path: <x@notexample.com>", JANE, Sender(JANE, "", f"{JANE} notexample.com")),
            (b"", "root", Sender("", "", "root")),
            (b"", "", Sender("", "", "nobody")),
            (b"", "jane@[192.0.2.1]", Sender("", "", "jane@[192.0.2.1]")),
        ]:
            with self.subTest(header=header, email_from=email_from):
                self.assertEqual(sender_of(header, email_from), expected)

    def test_author_behind_a_forwarder(self):
        header = b"Return-Path: <back@lists.test>\r\nFrom: Jane via List <list@lists.test>\r\n"
        self.assertEqual(sender_of(header, JANE), Sender(JANE, "back@lists.test", JANE))

"""Where a reply would go, and whose rate slots a message takes."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.origin import Origin, read_origin

JANE = "jane@example.com"


class TestOrigin(BaseCase):
    def test_cases(self):
        for header, email_from, expected in [
            (b"", f"Jane <{JANE}>", Origin(JANE, JANE, JANE)),
            (b"Return-Path: <Jane@EXAMPLE.com>", JANE, Origin(JANE, JANE, JANE)),
            (
                b"Return-Path: <jane=x@mail.example.com>",
                JANE,
                Origin(JANE, "jane=x@mail.example.com", JANE),
            ),
            # A third party, or a program that sends for others.
            (b"Return-Path: <victim@bank.test>", JANE, Origin(JANE, "", f"{JANE} bank.test")),
            (
                b"Return-Path: <list-bounces+jane=example.com@lists.test>",
                JANE,
                Origin(JANE, "", f"{JANE} lists.test"),
            ),
            (
                b"Return-Path: a@example.com, b@example.com",
                JANE,
                Origin(JANE, "", f"{JANE} elsewhere"),
            ),
            (b"Return-Path: <>", JANE, Origin(JANE, "", f"{JANE} elsewhere")),
            # The topmost is from the server.
            (
                b"Return-Path: <jane@example.com>\r\nReturn-Path: <victim@bank.test>",
                JANE,
                Origin(JANE, JANE, JANE),
            ),
            (b"Return-Path: <x@notexample.com>", JANE, Origin(JANE, "", f"{JANE} notexample.com")),
            (b"", "root", Origin("", "", "root")),
            (b"", "", Origin("", "", "nobody")),
            (b"", "jane@[192.0.2.1]", Origin("", "", "jane@[192.0.2.1]")),
        ]:
            with self.subTest(header=header, email_from=email_from):
                self.assertEqual(read_origin(header, email_from), expected)

    def test_author_behind_a_forwarder(self):
        header = b"Return-Path: <back@lists.test>\r\nFrom: Jane via List <list@lists.test>\r\n"
        self.assertEqual(read_origin(header, JANE), Origin(JANE, "back@lists.test", JANE))

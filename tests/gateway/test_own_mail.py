"""The marks of what Odoo has sent, as providers leave them."""

from itertools import product

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.own_mail import MOST_OBJECTS, own_address, read_marks

ADDRESSES = {"notifications@own.test", "bounce@own.test"}
ORIGINAL = "<1234.5-openerp-7-crm.lead@odoo.own.test>"
PROVIDERS = {
    "SES": "Message-Id: <0102018f@eu-west-1.amazonses.com>",
    "Mailjet": "Message-Id: <b1a2.c3@mailjet.com>\r\nX-MJ-Mid: 1",
    "Exchange": "Message-Id: <A@A.eurprd05.prod.outlook.com>\r\n"
    f"X-Microsoft-Original-Message-ID: {ORIGINAL}",
    "Postmark": "Message-Id: <1-2-3@mtasv.net>\r\nX-PM-Message-Id: 1-2-3",
    "Gmail": f"Message-Id: <CA@mail.gmail.com>\r\nX-Google-Original-Message-Id: {ORIGINAL}",
}


def marks(*lines):
    return read_marks("\r\n".join(lines).encode())


class TestOwnMail(BaseCase):
    def test_providers(self):
        for provider, has_objects in product(PROVIDERS, (True, False)):
            with self.subTest(provider=provider, has_objects=has_objects):
                found = marks(
                    'From: "Seller" <notifications@own.test>',
                    f"References: <parent@customer.test>\r\n {ORIGINAL}",
                    PROVIDERS[provider],
                    *(["X-Odoo-Objects: crm.lead-7"] if has_objects else []),
                )
                self.assertEqual(found.last_reference, ORIGINAL)
                self.assertEqual(found.objects, {("crm.lead", 7)} if has_objects else set())
                keeps_id = provider in ("Exchange", "Gmail")
                self.assertEqual(found.original_ids, (ORIGINAL,) if keeps_id else ())
                self.assertEqual(own_address(found, ADDRESSES), "From: notifications@own.test")

    def test_own_address(self):
        for sender, return_path, expected in (
            ("Notifications@OWN.test", "x@provider.test", "From: notifications@own.test"),
            ("MAILER-DAEMON <bounce@own.test>", "<>", "From: bounce@own.test"),
            ("jane@customer.test", "bounce@own.test", "Return-Path: bounce@own.test"),
            ("jane@customer.test", "bounce+a1b2-c3@own.test", "Return-Path: bounce@own.test"),
            ("jane@customer.test", "jane@customer.test", ""),
            ("jane@customer.test, notifications@own.test", "jane@customer.test", ""),
            ("notifications@customer.test", "bounce@customer.test", ""),
            ("", "", ""),
            ("notifications", "<>", ""),
        ):
            with self.subTest(sender=sender, return_path=return_path):
                found = marks(f"Return-Path: {return_path}", f"From: {sender}")
                self.assertEqual(own_address(found, ADDRESSES), expected)

    def test_objects(self):
        for text, expected in (
            ("crm.lead-12", {("crm.lead", 12)}),
            ("project.project-3, ,project.task-32", {("project.project", 3), ("project.task", 32)}),
            ("x_my_model-1", {("x_my_model", 1)}),
            ("crm.lead", set()),
            ("crm.lead-", set()),
            ("crm.lead-99999999999", set()),
            ("crm.lead-1; DROP", set()),
            ("", set()),
        ):
            with self.subTest(text=text):
                self.assertEqual(marks(f"X-Odoo-Objects: {text}").objects, expected)
        many = ",".join(f"a-{number}" for number in range(10 * MOST_OBJECTS))
        self.assertEqual(len(marks(f"X-Odoo-Objects: {many}").objects), MOST_OBJECTS)

    def test_folded_id(self):
        found = marks("References: <a@b> <1234.5-\r\n openerp@own.test>")
        self.assertEqual(found.last_reference, "<1234.5-openerp@own.test>")
        self.assertEqual(marks("References: none").last_reference, "")

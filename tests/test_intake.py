"""What is stored of a message before anything is decided."""

import xmlrpc.client

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestIntake(GatewayCase):
    def test_row_and_raw(self):
        raw = self.mail(to="People@Postmaster.test, other@x.test", message_id="<row@customer.test>")
        _result, row = self.receive(raw)
        self.assertEqual(row.message_id, "<row@customer.test>")
        self.assertEqual(row.email_from, "Jane Doe <jane@customer.test>")
        self.assertEqual(row.email_normalized, "jane@customer.test")
        self.assertEqual(row.recipients, "people@postmaster.test, other@x.test")
        self.assertEqual((row.subject, row.size), ("Good morning", len(raw)))
        self.assertEqual((row.source, row.attempts, row.received_count), ("rpc", 1, 1))
        self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)

    def test_every_form_a_caller_uses(self):
        raw = self.eml("latin1")
        forms = {
            "bytes": raw,
            "binary of XML-RPC": xmlrpc.client.Binary(raw),
            "text with its bytes as surrogates": raw.decode("utf-8", "surrogateescape"),
        }
        for form, message in forms.items():
            with self.subTest(form=form):
                _result, row = self.receive(message)
                self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)
                self.assertEqual(row.subject, "Café")

    def test_large_mail_comes_back_unchanged(self):
        raw = self.mail() + bytes(range(1, 256)) * 40_000
        _result, row = self.receive(raw)
        self.assertEqual(self.env["mail.postmaster.raw"]._read_content(row.id), raw)

    def test_same_message_id_makes_one_record(self):
        raw = self.mail(message_id="<twice@customer.test>", subject="Twice")
        self.receive(raw)
        result, row = self.receive(b"Received: from elsewhere\r\n" + raw)
        self.assertIs(result, False)
        self.assertReason(row, "ignored", "duplicate")
        self.assertStep(row, "served")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Twice")]), 1)

    def test_mail_without_message_id_makes_one_record(self):
        raw = self.eml("without_message_id")
        _result, first = self.receive(raw)
        _result, second = self.receive(b"Received: from elsewhere\r\n" + raw)
        self.assertReason(first, "delivered", "record_created")
        self.assertReason(second, "ignored", "duplicate")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Nameless")]), 1)
        self.assertTrue(
            first.delivery_ids.mail_message_id.message_id.endswith("@postmaster.invalid>")
        )

    def test_message_that_was_here_before_the_log(self):
        self.env["res.partner"].create({"name": "Old"}).message_post(
            body="x",
            message_type="email",
            message_id="<old@customer.test>",
            email_from="jane@customer.test",
            subject="Good morning",
        )
        result, row = self.receive(self.mail(message_id="<old@customer.test>"))
        self.assertIs(result, False)
        self.assertReason(row, "ignored", "duplicate_message")

    def test_who_may_submit(self):
        clerk = new_test_user(self.env, "postmaster_clerk", groups="base.group_user")
        gateway = new_test_user(
            self.env,
            "postmaster_gate",
            groups="base.group_user,mail_postmaster.group_gateway",
        )
        with self.assertRaisesRegex(AccessError, "Mail Gateway"):
            self.env["mail.thread"].with_user(clerk).message_process(False, self.mail())
        # A gateway can only name models that something routes to.
        self.env["mail.alias"].create(
            {
                "alias_name": "contacts",
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        self.assertTrue(
            self.env["mail.thread"]
            .with_user(gateway)
            .message_process(
                "res.partner",
                self.mail(subject="Submitted"),
            )
        )
        row = self.log.search([], limit=1)
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(row.user_id, gateway)

    def test_pass_through_leaves_everything_to_core(self):
        self.env.cr.execute(
            "INSERT INTO ir_config_parameter (key, value) "
            "VALUES ('mail.postmaster.enabled', 'False')"
        )
        result, row = self.receive(self.mail(subject="Core alone"))
        self.assertFalse(row)
        self.assertEqual(self.env["res.partner"].browse(result).name, "Core alone")

    def test_caller_that_undoes_its_work_undoes_the_mail(self):
        class Undo(Exception):
            pass

        count = self.log.search_count([])
        with self.assertRaises(Undo), self.env.cr.savepoint():
            self.env["mail.thread"].message_process(False, self.mail(subject="Undone"))
            raise Undo
        self.assertEqual(self.log.search_count([]), count)
        self.assertFalse(self.env["res.partner"].search_count([("name", "=", "Undone")]))

"""Texts of senders in exported files are not formulas."""

from odoo.tests import tagged

from .common import GatewayCase

FORMULA = "=cmd|'/c calc'!A1"


@tagged("post_install", "-at_install")
class TestExports(GatewayCase):
    def export(self, records, *names):
        """Return the exported rows, as the web client asks for them."""
        return records.with_context(import_compat=False).export_data(list(names))["datas"]

    def test_all_models_of_the_log(self):
        """A model that is added later must not be forgotten."""
        ours = self.env["ir.model"].search(
            [("model", "=like", "mail.postmaster.%"), ("transient", "=", False)]
        )
        exported = type(self.env["mail.postmaster.exported"])
        for name in ours.mapped("model"):
            model = self.env[name]
            if not model._abstract:
                with self.subTest(name):
                    self.assertIsInstance(model, exported)

    def test_texts_of_senders(self):
        subjects = (FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
        raw = (
            'From: "=1+1" <ann@customer.test>\r\nTo: people@postmaster.test\r\n'
            f"Subject: {FORMULA}\r\nMessage-Id: <={self.id()}@x>\r\n\r\nHello"
        )
        _result, row = self.receive(raw.encode())
        for subject in subjects:
            self.env.cr.execute(
                "UPDATE mail_postmaster_message SET subject = %s WHERE id = %s",
                [subject, row.id],
            )
            row.invalidate_recordset()
            with self.subTest(subject):
                self.assertEqual(self.export(row, "subject"), [[f"'{subject}"]])
        self.assertEqual(
            self.export(row.delivery_ids, "mail_id/subject", "mail_id")[0][0], f"'{subject}"
        )

    def test_other_values_stay(self):
        _result, row = self.receive(
            b"From: ann@customer.test\r\nTo: people@postmaster.test\r\nSubject: a = b\r\n\r\nHello"
        )
        self.assertEqual(self.export(row, "subject", "size"), [["a = b", row.size]])

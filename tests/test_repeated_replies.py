"""The same text of the same sender to the same record, again and again."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import GatewayCase


@tagged("post_install", "-at_install")
class TestRepeatedReplies(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.records = cls.env["res.partner"].create(
            [{"name": "One", "email": "jane@customer.test"}, {"name": "Two"}]
        )
        cls.questions = {record: cls.ask(record) for record in cls.records}
        cls.number = 0

    @classmethod
    def ask(cls, record):
        return record.message_post(
            body="Question", message_type="comment", subtype_xmlid="mail.mt_comment"
        )

    def reply(self, record=None, attachment=None, **values):
        type(self).number += 1
        question = self.questions[record or self.records[0]]
        headers = f"\r\nIn-Reply-To: {question.message_id}"
        raw = self.mail(message_id=f"<{self.number}@replies>", headers=headers, **values)
        if attachment:
            raw = raw.replace(
                b"Content-Type: text/plain; charset=utf-8",
                b'Content-Type: multipart/mixed; boundary="b"',
            )
            head, _blank, text = raw.partition(b"\r\n\r\n")
            raw = (
                head + b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + text + b"\r\n--b\r\n"
                b'Content-Type: image/png; name="photo.png"\r\n'
                b'Content-Disposition: attachment; filename="photo.png"\r\n\r\n'
                + attachment
                + b"\r\n--b--\r\n"
            )
        return self.receive(raw)[1]

    def assertPosted(self, row):
        self.assertReason(row, "delivered", "reply_posted")

    def assertRepeated(self, row):
        self.assertReason(row, "ignored", "reply_repeated")
        self.assertTrue(row.raw_kept)

    def test_three_times(self):
        self.assertPosted(self.reply())
        self.assertRepeated(self.reply())
        third = self.reply()
        self.assertRepeated(third)
        self.assertEqual(third.release_kind, "ignored")
        third.action_process_again()
        self.assertPosted(third)

    def test_what_differs_is_posted(self):
        self.assertPosted(self.reply())
        for name, values in {
            "subject": {"subject": "Something else"},
            "sender": {"sender": "Paul <jane@customer.test>", "subject": "From Paul"},
            "record": {"record": self.records[1]},
            "attachment": {"attachment": b"one"},
            "another attachment": {"attachment": b"two"},
        }.items():
            with self.subTest(name):
                self.assertEqual(self.reply(**values).state, "delivered")
        self.assertRepeated(self.reply(attachment=b"two"))

    def test_after_the_window(self):
        self.assertPosted(self.reply())
        self.env["mail.postmaster.quota"].search([]).write(
            {"at": fields.Datetime.now() - timedelta(hours=3)}
        )
        self.assertPosted(self.reply())

    def test_allowed_sender(self):
        self.env["mail.gateway.allowed"].create({"email": "jane@customer.test"})
        self.assertPosted(self.reply())
        self.assertPosted(self.reply())

    def test_core_decides_under_its_preset(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        self.assertPosted(self.reply())
        self.assertPosted(self.reply())

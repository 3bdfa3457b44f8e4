"""Automatic mail is handled by policy, and never gets a notice."""

from odoo.tests import tagged

from odoo.addons.mail.tests.common import MockEmail

from .common import GatewayCase

AUTO_REPLY = "\r\nAuto-Submitted: auto-replied"
GENERATED = "\r\nAuto-Submitted: auto-generated"
LIST = "\r\nList-Id: <list.example.org>\r\nPrecedence: list"


@tagged("post_install", "-at_install")
class TestAutomaticMail(GatewayCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.postmaster.policy"].apply_preset("recommended")
        cls.parameters = cls.env["ir.config_parameter"]
        cls.record = cls.env["res.partner"].create({"name": "Talk"})
        cls.follower = cls.env["res.partner"].create({"name": "F", "email": "f@follower.test"})
        cls.record.message_subscribe(cls.follower.ids)
        cls.question = cls.record.message_post(
            body="x",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            incoming_email_to="jane@customer.test",
        )

    def receive_automatic(self, headers, in_reply=False, **fields):
        if in_reply:
            headers += f"\r\nIn-Reply-To: {self.question.message_id}"
        fields.setdefault("message_id", f"<{len(self.log.search([]))}@automatic>")
        with self.mock_mail_gateway():
            _result, row = self.receive(self.mail(headers=headers, **fields))
            self.answers = list(self._mails)
        return row

    def assertSilent(self, message):
        self.assertTrue(message)
        self.assertFalse(message.notified_partner_ids)

    def test_automatic_answer_makes_no_record(self):
        row = self.receive_automatic(AUTO_REPLY)
        self.assertReason(row, "ignored", "auto_reply_ignored")
        self.assertIn("Auto-Submitted: auto-replied", row.reason)
        row.action_process_again()
        self.assertReason(row, "delivered", "record_created")

    def test_automatic_answer_is_a_note_in_its_conversation(self):
        row = self.receive_automatic(AUTO_REPLY, in_reply=True)
        self.assertReason(row, "delivered", "reply_posted")
        message = row.delivery_ids.mail_message_id
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertSilent(message)
        self.assertStep(row, "auto_reply")

    def test_other_automatic_mail_is_accepted(self):
        for headers in (GENERATED, LIST):
            row = self.receive_automatic(headers)
            self.assertReason(row, "delivered", "record_created")
            row = self.receive_automatic(headers, in_reply=True)
            self.assertReason(row, "delivered", "reply_posted")
            self.assertIn(self.follower, row.delivery_ids.mail_message_id.notified_partner_ids)

    def test_subject_alone_proves_nothing(self):
        row = self.receive_automatic("", subject="Automatic reply: Holidays")
        self.assertReason(row, "delivered", "record_created")

    def test_each_policy(self):
        new, reply = ("delivered", "record_created"), ("delivered", "reply_posted")
        for policy, for_new, for_reply, is_notified in [
            ("accept", new, reply, True),
            ("silent", new, reply, False),
            ("note", ("ignored", "auto_reply_ignored"), reply, False),
            ("ignore", ("ignored", "auto_reply_ignored"), ("ignored", "auto_reply_ignored"), None),
            ("park", ("parked", "auto_reply_parked"), ("parked", "auto_reply_parked"), None),
        ]:
            self.parameters.set_param("mail.postmaster.autoreply", policy)
            with self.subTest(policy=policy):
                self.assertReason(self.receive_automatic(AUTO_REPLY), *for_new)
                row = self.receive_automatic(AUTO_REPLY, in_reply=True)
                self.assertReason(row, *for_reply)
                if is_notified is not None:
                    notified = row.delivery_ids.mail_message_id.notified_partner_ids
                    self.assertEqual(self.follower in notified, is_notified)

    def test_alias_before_domain_before_database(self):
        self.domain.automatic_mail_policy = "park"
        self.assertReason(self.receive_automatic(LIST), "parked", "automatic_mail_parked")
        self.alias.automatic_mail_policy = "ignore"
        self.assertReason(self.receive_automatic(LIST), "ignored", "automatic_mail_ignored")
        self.alias.automatic_mail_policy = "accept"
        self.assertReason(self.receive_automatic(LIST), "delivered", "record_created")
        self.assertIn(
            "Other automatic messages: Accept (from this alias)", self.alias.policies_in_force
        )

    def test_domain_of_the_catchall_decides_for_a_reply(self):
        self.domain.auto_reply_policy = "park"
        row = self.receive_automatic(AUTO_REPLY, in_reply=True, to="catchall@postmaster.test")
        self.assertReason(row, "parked", "auto_reply_parked")

    def test_never_answered(self):
        restricted = self.make_alias("friends", "res.partner", alias_contact="partners")
        refusing = self.make_alias("closed", "res.partner", alias_mode="refuse")
        self.parameters.set_param("mail.postmaster.autoreply", "accept")
        robots = (
            AUTO_REPLY,
            GENERATED,
            LIST,
            "\r\nPrecedence: bulk",
            "\r\nX-Auto-Response-Suppress: All",
        )
        aliases = restricted + refusing
        for to in ("catchall@postmaster.test", *aliases.mapped("alias_full_name")):
            for headers in robots:
                with self.subTest(to=to, headers=headers):
                    row = self.receive_automatic(headers, to=to, subject=f"{to} {headers[-9:]}")
                    # The sender does not hear of it.
                    self.assertEqual(row.state, "parked")
                    self.assertStep(row, "answer", hit=False)
                    self.assertFalse(self.answers)
            row = self.receive_automatic("", to=to)
            self.assertEqual(len(self.answers), 1, to)

    def test_null_return_path_is_never_answered(self):
        raw = self.mail(to="catchall@postmaster.test").replace(
            b"Return-Path: <jane@customer.test>",
            b"Return-Path: <>",
        )
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            self.assertFalse(self._mails)
        self.assertReason(row, "parked", "catchall")

    def test_vacation_responder(self):
        user = self.env.ref("base.user_admin")
        self.record.message_subscribe(user.partner_id.ids)
        user.write(
            {
                "notification_type": "email",
                "out_of_office_message": "<p>Away</p>",
                "out_of_office_from": "2020-01-01 00:00:00",
                "out_of_office_to": "2099-01-01 00:00:00",
            }
        )
        self.assertTrue(user.is_out_of_office)
        # The author of a note is notified of replies to it.
        question = self.record.with_user(user).message_post(
            body="By the one who is away",
            message_type="comment",
            incoming_email_to="jane@customer.test",
        )

        def receive(headers, message_id):
            self.receive_automatic(
                f"{headers}\r\nIn-Reply-To: {question.message_id}",
                message_id=message_id,
            )
            return self.env["mail.message"].search_count(
                [
                    ("message_type", "=", "out_of_office"),
                    ("res_id", "=", self.record.id),
                ]
            )

        self.assertEqual(receive(GENERATED, "<robot@x>"), 0)
        self.assertEqual(receive("", "<human@x>"), 1)

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail_postmaster.models.log.mail_postmaster_attention import ACTIVITY

from .screens_common import DOMAIN, ScreensCase, raw_mail


@tagged("post_install", "-at_install")
class TestAttention(ScreensCase):
    def activities(self, user=None):
        return self.env["mail.activity"].search(
            [
                ("activity_type_id", "=", self.env.ref(ACTIVITY).id),
                ("user_id", "=", (user or self.admin).id),
            ]
        )

    def test_one_activity_a_day(self):
        first = self.receive(raw_mail(subject="First"))
        self.receive(raw_mail(subject="Second"))
        activity = self.activities()
        self.assertEqual((activity.res_model, activity.res_id), (first._name, first.id))
        self.assertEqual(activity.summary, f"No alias accepts mail for nobody@{DOMAIN}.")
        # The column has the transaction's own clock, which nothing freezes.
        self.env.cr.execute(
            "UPDATE mail_activity SET create_date = create_date - interval '1 day' WHERE id = %s",
            [activity.id],
        )
        self.receive(raw_mail(subject="Third"))
        self.assertEqual(len(self.activities()), 2)

    def test_another_one_when_the_first_is_done(self):
        self.receive(raw_mail(subject="First"))
        self.as_admin(self.activities()).action_feedback(feedback="seen")
        self.assertFalse(self.activities())
        self.receive(raw_mail(subject="Second"))
        self.assertEqual(len(self.activities()), 1)

    def test_done_when_the_mail_is_settled(self):
        mail = self.receive(raw_mail())
        self.as_admin(mail).action_process_again()
        self.assertEqual((mail.state, len(self.activities())), ("parked", 1))
        self.as_admin(mail).action_ignore()
        self.assertFalse(self.activities())

    def test_nobody_chosen(self):
        parameters = self.env["ir.config_parameter"]
        stranger = self.make_user("elsewhere", "mail_postmaster.group_admin", self.other_company)
        self.env.ref("mail_postmaster.group_admin").all_user_ids.filtered(
            lambda user: user not in self.admin + stranger
        ).active = False
        mail = self.receive(raw_mail())
        for text in (False, "", "nonsense", "999999999", str(stranger.id)):
            parameters.set_param("mail.postmaster.responsible", text)
            expected = stranger if text == str(stranger.id) else self.admin
            with self.subTest(text=text):
                self.assertEqual(mail._responsible_user(), expected)
        parameters.set_param("mail.postmaster.responsible", False)
        mail.company_id = self.other_company
        self.assertEqual(mail._responsible_user(), stranger)
        stranger.active = False
        self.assertFalse(mail._responsible_user())
        mail._schedule_attention()

    def test_what_goes_wrong_does_not_touch_the_mail(self):
        def fail(*args, **kwargs):
            raise ValueError("no activities today")

        messages = type(self.env["mail.postmaster.message"])
        with (
            patch.object(messages, "activity_schedule", fail),
            self.assertLogs(
                "odoo.addons.mail_postmaster.models.log.mail_postmaster_attention",
                "ERROR",
            ),
        ):
            mail = self.receive(raw_mail())
        self.assertEqual((mail.state, mail.reason_code), ("parked", "no_route"))
        self.assertFalse(self.activities())

    def test_few_statements(self):
        self.receive(raw_mail(subject="First"))
        mail = self.receive(raw_mail(subject="Second"))
        mail.invalidate_recordset()
        # Two are for the savepoint, three read this message (its size for the room) and user.
        with self.assertQueryCount(8):
            mail._call_for_attention()
            self.env.cr.precommit.data.pop("bus.bus.values", None)

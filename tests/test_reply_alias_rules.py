"""An alias's rules for senders apply wherever a reply on its records was sent."""

from odoo.tests import tagged

from .common import need
from .replies_common import ReplyCase


@tagged("post_install", "-at_install")
class TestRulesOfAnAlias(ReplyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need(cls.env, "crm", "project")
        cls.parameters.set_param("mail.postmaster.reply", "accept")
        cls.project = cls.env["project.project"].create(
            {
                "name": "Closed circle",
                "alias_name": "circle",
                "alias_domain_id": cls.domain.id,
                "alias_contact": "partners",
                "privacy_visibility": "employees",
            }
        )
        cls.task = cls.env["project.task"].create(
            {
                "name": "Task",
                "project_id": cls.project.id,
            }
        )
        cls.on_task = cls.post(cls.task)
        cls.open_project = cls.env["project.project"].create(
            {
                "name": "Open",
                "alias_name": "open",
                "alias_domain_id": cls.domain.id,
                "alias_contact": "everyone",
            }
        )

    def test_catchall_other_alias_and_own_address(self):
        answers = 0
        for to in (
            "catchall@postmaster.test",
            "open@postmaster.test",
            "circle@postmaster.test",
        ):
            with self.subTest(to=to):
                row = self.answer(self.on_task, to=to, subject=to)
                self.assertReason(row, "refused", "alias_security")
                self.assertEqual(row.delivery_ids.alias_id, self.project.alias_id)
                answers += len(self.sent)
                row = self.answer(self.on_task, to=to, sender="jane@customer.test")
                self.assertReason(row, "delivered", "reply_posted")
        # Once a day about the same.
        self.assertEqual(answers, 1)
        self.assertNotIn("mallory", str(self.task.message_ids.mapped("email_from")))

    def test_followers_alone(self):
        self.project.alias_contact = "followers"
        row = self.answer(self.on_task, sender="jane@customer.test")
        self.assertReason(row, "refused", "alias_security")
        self.assertStep(row, "reply_rules")
        self.task.message_subscribe(self.customer.ids)
        row = self.answer(self.on_task, sender="jane@customer.test")
        self.assertReason(row, "delivered", "reply_posted")

    def test_as_in_odoo(self):
        self.parameters.set_param("mail.postmaster.reply.rules", "odoo")
        self.assertReason(self.answer(self.on_task), "delivered", "reply_posted")
        row = self.answer(self.on_task, to="circle@postmaster.test")
        self.assertReason(row, "refused", "alias_security")

    def test_second_alias_that_is_open(self):
        self.make_alias(
            "record_alias",
            "project.task",
            alias_parent_thread_id=self.project.id,
            alias_parent_model_id=self.env["ir.model"]._get_id("project.project"),
        )
        self.assertReason(self.answer(self.on_task), "delivered", "reply_posted")

    def test_alias_of_the_record_itself(self):
        self.make_alias(
            "record",
            "res.partner",
            alias_force_thread_id=self.record.id,
            alias_contact="followers",
        )
        self.assertReason(
            self.answer(sender="jane@customer.test"),
            "refused",
            "alias_security",
        )
        self.assertJoins(self.answer(sender="f@follower.test"), "recipient")

    def test_refused_before_it_is_judged_as_new(self):
        self.parameters.set_param("mail.postmaster.reply", "new")
        row = self.answer(self.on_task, to="people@postmaster.test", subject="New")
        self.assertReason(row, "delivered", "record_created")

    def test_team(self):
        team = self.env["crm.team"].create(
            {
                "name": "T",
                "alias_name": "team",
                "alias_domain_id": self.domain.id,
                "alias_contact": "partners",
            }
        )
        question = self.post(self.env["crm.lead"].create({"name": "L", "team_id": team.id}))
        self.assertReason(self.answer(question), "refused", "alias_security")

    def test_model_with_rules_of_its_own(self):
        """A mailing list is not a thread: its alias defines its members."""
        alias = self.make_alias("list", "res.partner", alias_force_thread_id=self.record.id)
        replies = self.env["mail.postmaster.reply"]
        row = {"aliases": [[alias.id, "everyone"]], "has_parent": True}
        self.assertFalse(replies._unjudged(self.record, row).is_restricted)
        self.patch(type(replies), "_is_thread", lambda *_args: False)
        reply = replies._unjudged(self.record, row)
        self.assertTrue(reply.is_restricted)
        self.assertIsNone(reply.standing)

    def test_application_that_is_gone(self):
        self.env.cr.execute(
            "UPDATE mail_message SET model = 'no.model' WHERE id = %s",
            [self.on_task.id],
        )
        self.env.invalidate_all()
        row = self.answer(self.on_task, to="people@postmaster.test", subject="Gone")
        self.assertReason(row, "delivered", "record_created")

    def test_record_that_is_gone(self):
        gone = self.env["crm.lead"].create({"name": "L"})
        question = self.post(gone)
        self.env.cr.execute("DELETE FROM crm_lead WHERE id = %s", [gone.id])
        self.env.invalidate_all()
        row = self.answer(question)
        self.assertReason(row, "delivered", "fallback_created")

"""Private conversations, and public addresses."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from ..policy.settings import IDENTITY_UNCHECKED
from .common import need
from .replies_common import STRANGER, ReplyCase


@tagged("post_install", "-at_install")
class TestPrivateConversations(ReplyCase):
    def assertPrivate(self, question, sender=STRANGER):
        row = self.answer(question, sender=sender)
        self.assertReason(row, "parked", "reply_parked_private")
        self.assertStep(row, "reply_private")
        return row

    def make_task(self, privacy):
        project = self.env["project.project"].create(
            {
                "name": privacy,
                "privacy_visibility": privacy,
            }
        )
        return self.env["project.task"].create({"name": "Task", "project_id": project.id})

    def test_internal_note(self):
        note = self.post(self.record, "mail.mt_note")
        self.assertPrivate(note)
        row = self.answer(note, sender="f@follower.test")
        self.assertReason(row, "delivered", "reply_posted")
        self.assertTrue(row.delivery_ids.mail_message_id.is_internal)

    def test_note_between_two_comments(self):
        """A reference that is not the one core uses does not make a conversation private."""
        note = self.post(self.record, "mail.mt_note")
        later = self.post(self.record)
        row = self.answer(later, headers=f"\r\nX-Nothing: {note.message_id}")
        self.assertNoted(row)

    def test_projects(self):
        need(self.env, "project")
        for privacy, is_private in (
            ("followers", True),
            ("invited_users", True),
            ("employees", False),
            ("portal", False),
        ):
            with self.subTest(privacy=privacy):
                task = self.make_task(privacy)
                task.message_unsubscribe(task.message_partner_ids.ids)
                question = self.post(task, partner_ids=self.customer.ids)
                if is_private:
                    self.assertPrivate(question)
                else:
                    self.assertNoted(self.answer(question))
                self.assertJoins(self.answer(question, sender="jane@customer.test"), "recipient")

    def test_channels(self):
        channels = self.env["discuss.channel"]
        team = channels.create({"name": "Team", "channel_type": "channel"})
        managers = channels.create(
            {
                "name": "Managers",
                "channel_type": "channel",
                "group_public_id": self.env.ref("base.group_system").id,
            }
        )
        group = channels.create({"name": "Group", "channel_type": "group"})
        for channel, code in (
            # Members of a channel, including guests, would see a note.
            (team, "reply_parked"),
            (managers, "reply_parked_private"),
            (group, "reply_parked_private"),
        ):
            question = self.post(channel)
            with self.subTest(channel=channel.name):
                self.assertReason(self.answer(question), "parked", code)
        group.add_members(self.customer.ids)
        self.assertJoins(self.answer(question, sender="jane@customer.test"), "contact")

    def test_record_rule_of_one_company_hides_nothing(self):
        company = self.env["res.company"].create({"name": "Second"})
        record = self.env["res.partner"].create({"name": "R", "company_id": company.id})
        self.assertNoted(self.answer(self.post(record)))

    def test_rule_that_can_not_be_asked_hides(self):
        replies = self.env["mail.postmaster.reply"]
        rules = ((False, "[('id', 'in', user.none_such.ids)]"),)
        with patch.object(type(replies), "_reading_rules", lambda *_args: rules):
            self.assertTrue(replies._is_hidden(self.record))

    def test_policy_for_private_ones(self):
        need(self.env, "project")
        task = self.make_task("followers")
        for policy, private, state, code in [
            ("accept", "park", "parked", "reply_parked_private"),
            ("accept", "note", "delivered", "reply_noted"),
            # "Accept" grants no more here than elsewhere.
            ("park", "accept", "parked", "reply_parked_private"),
            ("accept", "accept", "delivered", "reply_posted"),
        ]:
            self.parameters.set_param("mail.postmaster.reply", policy)
            self.parameters.set_param("mail.postmaster.reply.private", private)
            with self.subTest(policy=policy, private=private):
                row = self.answer(self.post(task), sender=f"m@{policy}-{private}.test")
                self.assertReason(row, state, code)


@tagged("post_install", "-at_install")
class TestOurOwn(ReplyCase):
    """Addresses of our own organisation are public."""

    def setUp(self):
        super().setUp()
        self.colleague = new_test_user(
            self.env,
            "colleague",
            email="colleague@postmaster.test",
            groups="base.group_user",
        )
        self.freelancer = new_test_user(
            self.env,
            "freelancer",
            email="free@gmail.com",
            groups="base.group_user",
        )
        self.note = self.post(self.record, "mail.mt_note")

    def test_without_authentication(self):
        """Messages from outside in the name of one of us prove nothing."""
        for sender in ("colleague@postmaster.test", "free@gmail.com", "anybody@postmaster.test"):
            with self.subTest(sender=sender):
                self.assertNoted(self.answer(sender=sender), "unproved")

    def test_without_authentication_as_in_odoo(self):
        """As in core, except in private conversations."""
        self.parameters.set_param(IDENTITY_UNCHECKED, "off")
        for sender, reason in (
            ("colleague@postmaster.test", "internal_user"),
            ("free@gmail.com", "internal_user"),
            ("anybody@postmaster.test", "organisation"),
        ):
            with self.subTest(sender=sender):
                self.assertJoins(self.answer(sender=sender), reason)
                row = self.answer(self.note, sender=sender)
                # A sender who has written in it before is an author anyway.
                self.assertStep(row, "reply_author")
                other = self.post(self.env["res.partner"].create({"name": "O"}), "mail.mt_note")
                row = self.answer(other, sender=sender)
                self.assertReason(row, "parked", "reply_parked_private")
                self.assertStranger(row, "unproved")

    def test_passed(self):
        self.identify("pass")
        row = self.answer(self.note, sender="colleague@postmaster.test")
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, "reply_internal_user")

    def test_neither_passed_nor_failed(self):
        self.identify("none")
        self.assertNoted(self.answer(sender="colleague@postmaster.test"), "unproved")
        self.assertNoted(self.answer(sender="anybody@postmaster.test"), "unproved")
        self.assertJoins(self.answer(sender="jane@customer.test"), "recipient")
        self.assertJoins(self.answer(sender="boss@customer.test"), "organisation")

    def test_failed(self):
        self.identify("fail")
        for sender in ("jane@customer.test", "seller@postmaster.test", "f@follower.test"):
            self.assertNoted(self.answer(sender=sender), "unproved")

    def test_domain_of_an_internal_user_that_is_no_alias_domain(self):
        self.seller.partner_id.email = "seller@the-house.test"
        self.identify("none")
        self.assertNoted(self.answer(sender="anybody@the-house.test"), "unproved")

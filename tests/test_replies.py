"""A mail that quotes a Message-Id joins the conversation only when its sender is part of it."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail

from ..gateway.authentication import Identity, Verdict
from ..models.attempt import Attempt
from .common import GatewayCase

STRANGER = "Mallory <mallory@stranger.test>"


class ReplyCase(GatewayCase, MockEmail):
    """A lead with a customer, whose seller has written to them, and a follower beside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["mail.postmaster.policy"]
        cls.parameters = cls.env["ir.config_parameter"]
        cls.policy.apply_preset("recommended")
        cls.seller = new_test_user(
            cls.env, "seller", email="seller@postmaster.test", notification_type="email",
            groups="base.group_user,base.group_partner_manager",
        )
        cls.customer = cls.make_partner("Jane", "jane@customer.test")
        cls.follower = cls.make_partner("Follower", "f@follower.test")
        cls.record = cls.env["res.partner"].create({"name": "Talk"})
        cls.record.message_subscribe((cls.follower + cls.seller.partner_id).ids)
        cls.question = cls.post(cls.record, partner_ids=cls.customer.ids)

    @classmethod
    def make_partner(cls, name, email):
        return cls.env["res.partner"].create({"name": name, "email": email})

    @classmethod
    def post(cls, record, subtype="mail.mt_comment", **values):
        return record.with_user(cls.seller).sudo().message_post(
            body="Question", message_type="comment", subtype_xmlid=subtype, **values,
        )

    def quoting(self, question, sender=STRANGER, **fields):
        """Return a mail that answers a message, sent to the catchall."""
        headers = fields.pop("headers", "") + (
            f"\r\nIn-Reply-To: {question.message_id}\r\nReferences: {question.message_id}"
        )
        fields.setdefault("message_id", f"<{len(self.log.search([]))}@replies>")
        fields.setdefault("to", "catchall@postmaster.test")
        return self.mail(sender=sender, headers=headers, **fields)

    def answer(self, question=None, sender=STRANGER, **fields):
        """Receive an answer, keep the mails it has caused, and return its row of the log."""
        raw = self.quoting(question or self.question, sender, **fields)
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            self.sent = list(self._mails)
        return row

    def assertJoins(self, row, reason):
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, f"reply_{reason}")
        message = row.delivery_ids.mail_message_id
        self.assertFalse(message.is_internal)
        return message

    def assertStranger(self, row, why="stranger"):
        self.assertStep(row, f"reply_{why}", hit=False)

    def assertNoted(self, row, why="stranger"):
        """Check that an answer is a note that nobody outside and nobody by mail was told of."""
        self.assertReason(row, "delivered", "reply_noted")
        self.assertStranger(row, why)
        message = row.delivery_ids.mail_message_id
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertTrue(message.is_internal)
        self.assertFalse(self.sent)
        self.assertEqual(set(message.notification_ids.mapped("notification_type")) - {"inbox"}, set())
        self.assertFalse(message.notified_partner_ids.filtered("partner_share"))
        return message

    def identify(self, outcome):
        """Let the mails of a test be judged: ``pass``, ``fail`` or ``none``."""
        found = Identity("", Verdict(outcome, "dmarc_pass"), False, ())
        original = Attempt.__init__

        def identified(attempt, *args, **kwargs):
            original(attempt, *args, **kwargs)
            attempt.identity = found
        patcher = patch.object(Attempt, "__init__", identified)
        patcher.start()
        self.addCleanup(patcher.stop)


@tagged("post_install", "-at_install")
class TestPartOfAConversation(ReplyCase):
    def test_recipient(self):
        message = self.assertJoins(self.answer(sender="jane@customer.test"), "recipient")
        self.assertIn(self.follower, message.notified_partner_ids)

    def test_sub_address_of_a_recipient_and_back(self):
        self.assertJoins(self.answer(sender="jane+work@customer.test"), "recipient")
        shop = self.make_partner("Shop", "jim+shop@gmail.com")
        question = self.post(self.record, partner_ids=shop.ids)
        self.assertJoins(self.answer(question, sender="Jim@gmail.com"), "recipient")

    def test_follower(self):
        late = self.make_partner("Late", "late@gmail.com")
        self.record.message_subscribe(late.ids)
        self.assertJoins(self.answer(sender="late@gmail.com"), "follower")

    def test_contact_by_partner_by_address_and_by_copy(self):
        leads = self.env["crm.lead"].create([
            {"name": "Lead", "partner_id": self.customer.id},
            {"name": "Lead", "email_from": "Jim <jim@elsewhere.test>"},
            {"name": "Lead", "email_cc": "Cc <cc@third.test>"},
        ])
        senders = ("jane@customer.test", "jim@elsewhere.test", "cc@third.test")
        for lead, sender in zip(leads, senders, strict=True):
            question = self.post(lead)
            with self.subTest(sender=sender):
                self.assertJoins(self.answer(question, sender=sender), "contact")
                self.assertNoted(self.answer(question))

    def test_recipients_of_a_mail_that_came_in(self):
        row = self.answer(
            sender="jane@customer.test",
            headers="\r\nCc: Second <second@gmail.com>",
        )
        message = self.assertJoins(row, "recipient")
        self.assertJoins(self.answer(message, sender="second@gmail.com"), "recipient")
        self.assertNoted(self.answer(message, sender="third@gmail.com"))

    def test_author_before_the_address_changed(self):
        self.assertJoins(self.answer(sender="jane@customer.test"), "recipient")
        self.customer.email = "jane@newjob.test"
        self.assertJoins(self.answer(sender="jane@customer.test"), "author")
        self.assertJoins(self.answer(sender="jane@newjob.test"), "recipient")

    def test_colleague_of_a_recipient_answers_a_forwarded_thread(self):
        for sender in ("boss@customer.test", "boss@mail.customer.test"):
            with self.subTest(sender=sender):
                self.assertJoins(self.answer(sender=sender), "organisation")

    def test_public_provider_is_no_organisation(self):
        for domain in ("gmail.com", "yahoo.co.uk", "hotmail.be"):
            friend = self.make_partner("Friend", f"friend@{domain}")
            question = self.post(self.record, partner_ids=friend.ids)
            with self.subTest(domain=domain):
                self.assertJoins(self.answer(question, sender=f"friend@{domain}"), "recipient")
                self.assertNoted(self.answer(question, sender=f"stranger@{domain}"))

    def test_provider_that_an_administrator_names(self):
        self.parameters.set_param("mail.postmaster.reply.providers", "customer.test")
        self.assertNoted(self.answer(sender="boss@customer.test"))
        self.assertJoins(self.answer(sender="jane@customer.test"), "recipient")

    def test_thread_that_was_moved(self):
        other = self.env["res.partner"].create({"name": "Other"})
        self.record.message_change_thread(other)
        row = self.answer(sender="jane@customer.test")
        self.assertJoins(row, "recipient")
        self.assertEqual(row.delivery_ids.res_id, other.id)
        self.assertNoted(self.answer())

    def test_merged_leads(self):
        senders = ("one@first.test", "two@second.test")
        leads = self.env["crm.lead"].create([
            {"name": sender, "email_from": sender} for sender in senders
        ])
        questions = []
        for lead, sender in zip(leads, senders, strict=True):
            lead.message_post(body="Hello", message_type="email", email_from=sender,
                              author_id=False, subtype_xmlid="mail.mt_comment")
            questions.append(self.post(lead))
        kept = leads.merge_opportunity()
        for question in questions:
            for sender in senders:
                row = self.answer(question, sender=sender)
                self.assertJoins(row, "author")
                self.assertEqual(row.delivery_ids.res_id, kept.id)
            self.assertNoted(self.answer(question))

    def test_delivery_report_is_no_answer(self):
        raw = self.eml(
            "delivery_failed", message_id="<r1@mx>", original=self.question.message_id,
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "delivered", "report_recorded")

    def test_automatic_answer_of_a_recipient_and_of_a_stranger(self):
        headers = "\r\nAuto-Submitted: auto-replied"
        row = self.answer(sender="jane@customer.test", headers=headers)
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, "reply_recipient")
        row = self.answer(headers=headers)
        self.assertReason(row, "delivered", "reply_posted")
        message = row.delivery_ids.mail_message_id
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertFalse(message.notified_partner_ids)

    def test_message_of_another_conversation_lends_nothing(self):
        """Core takes the record from References, and the parent from In-Reply-To."""
        theirs = self.post(self.env["res.partner"].create({"name": "Theirs"}))
        raw = self.mail(
            sender="jane@customer.test", to="catchall@postmaster.test",
            headers=f"\r\nIn-Reply-To: {self.question.message_id}"
                    f"\r\nReferences: {theirs.message_id}",
        )
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
            self.sent = list(self._mails)
        message = self.assertNoted(row)
        self.assertEqual(message.res_id, theirs.res_id)
        self.assertStep(row, "reply_elsewhere")
        self.assertNotEqual(message.parent_id, self.question)


@tagged("post_install", "-at_install")
class TestStrangers(ReplyCase):
    def test_who_learnt_a_message_id(self):
        message = self.assertNoted(self.answer())
        self.assertEqual(message.notified_partner_ids, self.seller.partner_id)
        self.assertNotIn("mallory", str(self.record.message_partner_ids.mapped("email")))

    def test_note_makes_nobody_a_part(self):
        """Neither whoever wrote what is a note, nor whom they have written to beside."""
        accomplice = self.make_partner("Eve", "eve@accomplice.test")
        lead = self.env["crm.lead"].create({"name": "Lead"})
        task = self.env["project.task"].create({
            "name": "Task", "project_id": self.env["project.project"].create({"name": "P"}).id,
        })
        for record in (lead, task):
            question = self.post(record, partner_ids=self.customer.ids)
            with self.subTest(record=record):
                row = self.answer(question, headers="\r\nCc: Eve <eve@accomplice.test>")
                note = self.assertNoted(row)
                self.assertNotIn(accomplice, record.message_partner_ids)
                self.assertNotIn("eve", str(record.email_cc or ""))
                for sender in (STRANGER, "eve@accomplice.test"):
                    self.assertNoted(self.answer(question, sender=sender))
                    self.assertReason(
                        self.answer(note, sender=sender), "parked", "reply_parked_private",
                    )

    def test_blind_copy_shows_nowhere(self):
        row = self.answer(
            sender="jane@customer.test", headers="\r\nX-Original-Bcc: hidden@third.test",
        )
        message = self.assertJoins(row, "recipient")
        self.assertNoted(self.answer(message, sender="hidden@third.test"))

    def test_member_of_a_list_that_got_a_copy(self):
        group = self.make_partner("List", "list@lists.customer-group.test")
        question = self.post(self.record, partner_ids=group.ids)
        headers = "\r\nList-Id: <list.lists.customer-group.test>\r\nPrecedence: list"
        self.assertNoted(self.answer(question, sender="member@far.test", headers=headers))
        # What lists do whose members' domains publish a policy (RFC 7960).
        row = self.answer(
            question, sender="Member via List <list@lists.customer-group.test>", headers=headers,
        )
        self.assertReason(row, "delivered", "reply_posted")
        self.assertStep(row, "reply_recipient")

    def test_our_own_message_comes_back_through_a_list(self):
        raw = self.mail(message_id=self.question.message_id, sender=STRANGER)
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "own_message")

    def test_each_policy(self):
        for policy, state, code in [
            ("accept", "delivered", "reply_posted"), ("note", "delivered", "reply_noted"),
            ("park", "parked", "reply_parked"), ("new", "refused", "catchall"),
        ]:
            self.parameters.set_param("mail.postmaster.reply", policy)
            # Of somebody else each time: who is accepted has written in it then.
            row = self.answer(sender=f"mallory@{policy}.test")
            with self.subTest(policy=policy):
                self.assertReason(row, state, code)
                self.assertStranger(row)

    def test_new_is_routed_by_its_recipients(self):
        self.parameters.set_param("mail.postmaster.reply", "new")
        row = self.answer(to="people@postmaster.test", subject="Something else")
        self.assertReason(row, "delivered", "record_created")
        self.assertStep(row, "reply_as_new")
        message = row.delivery_ids.mail_message_id
        self.assertNotEqual(message.res_id, self.record.id)
        self.assertFalse(message.parent_id)
        note = self.post(self.record, "mail.mt_note")
        self.parameters.set_param("mail.postmaster.reply.private", "new")
        row = self.answer(note, to="people@postmaster.test", subject="Another")
        self.assertReason(row, "delivered", "record_created")
        self.assertFalse(row.delivery_ids.mail_message_id.is_internal)
        self.assertReason(self.answer(to="nobody@postmaster.test"), "refused", "no_route_refused")

    def test_alias_before_domain_before_database(self):
        team = self.env["crm.team"].create({
            "name": "T", "alias_name": "team", "alias_domain_id": self.domain.id,
        })
        question = self.post(self.env["crm.lead"].create({"name": "L", "team_id": team.id}))
        self.assertReason(self.answer(question), "delivered", "reply_noted")
        self.domain.reply_policy = "park"
        self.assertReason(self.answer(question), "parked", "reply_parked")
        team.alias_id.reply_policy = "accept"
        self.assertIn(
            "Answers of strangers: Accept (from this alias)", team.alias_id.policies_in_force,
        )
        self.assertReason(self.answer(question), "delivered", "reply_posted")

    def test_domain_of_another_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        company.alias_domain_id = self.env["mail.alias.domain"].create({
            "name": "second.test", "catchall_alias": "catchall", "bounce_alias": "bounce",
            "reply_policy": "park",
        })
        record = self.env["res.partner"].create({"name": "R", "company_id": company.id})
        question = self.post(record)
        self.assertEqual(question.record_alias_domain_id, company.alias_domain_id)
        self.assertReason(self.answer(question), "parked", "reply_parked")
        self.assertReason(self.answer(), "delivered", "reply_noted")
        self.assertReason(
            self.answer(question, sender=self.seller.email), "delivered", "reply_posted",
        )

    def test_released(self):
        self.policy.apply_preset("strict")
        row = self.answer()
        self.assertReason(row, "parked", "reply_parked")
        self.assertFalse(self.record.message_ids.filtered(lambda one: "mallory" in one.email_from))
        with self.mock_mail_gateway():
            row.action_process_again()
        self.assertReason(row, "delivered", "reply_posted")
        message = row.delivery_ids.mail_message_id
        self.assertIn(self.follower, message.notified_partner_ids)
        self.assertJoins(self.answer(), "author")

    def test_out_of_office_of_the_seller_is_not_for_strangers(self):
        self.seller.write({
            "out_of_office_message": "<p>Away</p>",
            "out_of_office_from": "2020-01-01 00:00:00", "out_of_office_to": "2099-01-01 00:00:00",
        })
        self.assertNoted(self.answer())
        self.assertFalse(self.env["mail.message"].search_count([
            ("message_type", "=", "out_of_office"), ("res_id", "=", self.record.id),
        ]))

    def test_without_an_address(self):
        row = self.answer(sender="nobody at all")
        self.assertNoted(row, "no_address")

    def test_preset_of_odoo_decides_nothing(self):
        self.policy.apply_preset("odoo")
        row = self.answer()
        self.assertReason(row, "delivered", "reply_posted")
        self.assertNotIn("reply_", str([step["step"] for step in row.trace]))
        self.assertIn(self.follower, row.delivery_ids.mail_message_id.notified_partner_ids)


@tagged("post_install", "-at_install")
class TestPrivateConversations(ReplyCase):
    def assertPrivate(self, question, sender=STRANGER):
        row = self.answer(question, sender=sender)
        self.assertReason(row, "parked", "reply_parked_private")
        self.assertStep(row, "reply_private")
        return row

    def make_task(self, privacy):
        project = self.env["project.project"].create({
            "name": privacy, "privacy_visibility": privacy,
        })
        return self.env["project.task"].create({"name": "Task", "project_id": project.id})

    def test_internal_note(self):
        note = self.post(self.record, "mail.mt_note")
        self.assertPrivate(note)
        row = self.answer(note, sender="f@follower.test")
        self.assertReason(row, "delivered", "reply_posted")
        self.assertTrue(row.delivery_ids.mail_message_id.is_internal)

    def test_note_between_two_comments(self):
        """A reference that is not the one core takes makes no conversation private."""
        note = self.post(self.record, "mail.mt_note")
        later = self.post(self.record)
        row = self.answer(later, headers=f"\r\nX-Nothing: {note.message_id}")
        self.assertNoted(row)

    def test_projects(self):
        for privacy, is_private in (
            ("followers", True), ("invited_users", True), ("employees", False), ("portal", False),
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
        managers = channels.create({
            "name": "Managers", "channel_type": "channel",
            "group_public_id": self.env.ref("base.group_system").id,
        })
        group = channels.create({"name": "Group", "channel_type": "group"})
        for channel, is_private in ((team, False), (managers, True), (group, True)):
            question = self.post(channel)
            row = self.answer(question)
            with self.subTest(channel=channel.name):
                self.assertEqual(row.reason_code == "reply_parked_private", is_private, row.reason)
        group.add_members(self.customer.ids)
        self.assertJoins(self.answer(question, sender="jane@customer.test"), "contact")

    def test_record_rule_of_one_company_hides_nothing(self):
        company = self.env["res.company"].create({"name": "Second"})
        record = self.env["res.partner"].create({"name": "R", "company_id": company.id})
        self.assertNoted(self.answer(self.post(record)))

    def test_rule_that_can_not_be_asked_hides(self):
        replies = self.env["mail.postmaster.reply"]
        with patch.object(
            type(replies), "_reading_rules", lambda *_args: ((False, "[('id', 'in', user.none_such.ids)]"),),
        ):
            self.assertTrue(replies._is_hidden(self.record))

    def test_policy_for_private_ones(self):
        task = self.make_task("followers")
        for policy, private, state, code in [
            ("accept", "park", "parked", "reply_parked_private"),
            ("accept", "note", "delivered", "reply_noted"),
            # To accept is no opinion: it lets in no more than elsewhere.
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
    """Addresses of one's own organisation are known to everybody."""

    def setUp(self):
        super().setUp()
        self.colleague = new_test_user(
            self.env, "colleague", email="colleague@postmaster.test", groups="base.group_user",
        )
        self.freelancer = new_test_user(
            self.env, "freelancer", email="free@gmail.com", groups="base.group_user",
        )
        self.note = self.post(self.record, "mail.mt_note")

    def test_without_authentication(self):
        """As in core, except where a conversation is private."""
        for sender, reason in (
            ("colleague@postmaster.test", "internal_user"), ("free@gmail.com", "internal_user"),
            ("anybody@postmaster.test", "organisation"),
        ):
            with self.subTest(sender=sender):
                self.assertJoins(self.answer(sender=sender), reason)
                row = self.answer(self.note, sender=sender)
                # Whoever has written in it before is an author, and no question.
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


@tagged("post_install", "-at_install")
class TestRulesOfAnAlias(ReplyCase):
    """What an alias asks of senders holds wherever an answer on its records was sent to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters.set_param("mail.postmaster.reply", "accept")
        cls.project = cls.env["project.project"].create({
            "name": "Closed circle", "alias_name": "circle", "alias_domain_id": cls.domain.id,
            "alias_contact": "partners", "privacy_visibility": "employees",
        })
        cls.task = cls.env["project.task"].create({
            "name": "Task", "project_id": cls.project.id,
        })
        cls.on_task = cls.post(cls.task)
        cls.open_project = cls.env["project.project"].create({
            "name": "Open", "alias_name": "open", "alias_domain_id": cls.domain.id,
            "alias_contact": "everyone",
        })

    def test_catchall_other_alias_and_own_address(self):
        answers = 0
        for to in (
            "catchall@postmaster.test", "open@postmaster.test", "circle@postmaster.test",
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
            "door", "project.task", alias_parent_thread_id=self.project.id,
            alias_parent_model_id=self.env["ir.model"]._get_id("project.project"),
        )
        self.assertReason(self.answer(self.on_task), "delivered", "reply_posted")

    def test_alias_of_the_record_itself(self):
        self.make_alias(
            "record", "res.partner", alias_force_thread_id=self.record.id,
            alias_contact="followers",
        )
        self.assertReason(
            self.answer(sender="jane@customer.test"), "refused", "alias_security",
        )
        self.assertJoins(self.answer(sender="f@follower.test"), "recipient")

    def test_refused_before_it_is_judged_as_new(self):
        self.parameters.set_param("mail.postmaster.reply", "new")
        row = self.answer(self.on_task, to="people@postmaster.test", subject="New")
        self.assertReason(row, "delivered", "record_created")

    def test_team(self):
        team = self.env["crm.team"].create({
            "name": "T", "alias_name": "team", "alias_domain_id": self.domain.id,
            "alias_contact": "partners",
        })
        question = self.post(self.env["crm.lead"].create({"name": "L", "team_id": team.id}))
        self.assertReason(self.answer(question), "refused", "alias_security")

    def test_record_that_is_gone(self):
        gone = self.env["crm.lead"].create({"name": "L"})
        question = self.post(gone)
        self.env.cr.execute("DELETE FROM crm_lead WHERE id = %s", [gone.id])
        self.env.invalidate_all()
        row = self.answer(question)
        self.assertReason(row, "delivered", "fallback_created")


@tagged("post_install", "-at_install")
class TestStatements(ReplyCase):
    """An answer costs two statements more, a new mail none."""

    def count(self, raw):
        before = self.env.cr.sql_log_count
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
        return self.env.cr.sql_log_count - before, row

    def measure(self, make):
        """Return the statements for a mail by policy of Odoo and by ours, when caches are warm."""
        counts = []
        for values in (("False", "False", "odoo"), ("note", "park", "record")):
            for key, value in zip(("", ".private", ".rules"), values, strict=True):
                self.parameters.set_param(
                    f"mail.postmaster.reply{key}", value != "False" and value,
                )
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                count, row = self.count(make())
            counts.append(count)
        return (*counts, row)

    def test_new_mail(self):
        without, with_ours, row = self.measure(
            lambda: self.mail(message_id=f"<{len(self.log.search([]))}@new>"),
        )
        self.assertReason(row, "delivered", "record_created")
        self.assertEqual(with_ours, without)

    def test_answer(self):
        lead = self.env["crm.lead"].create({"name": "L", "partner_id": self.customer.id})
        question = self.post(lead)
        without, with_ours, row = self.measure(
            lambda: self.quoting(question, sender="jane@customer.test"),
        )
        self.assertReason(row, "delivered", "reply_posted")
        self.assertLessEqual(with_ours - without, 2)

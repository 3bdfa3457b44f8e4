"""Participants may reply in a conversation; non-participants learn nothing more."""

from unittest import skipUnless

from odoo.tests import tagged

from ..gateway.authentication import domains
from .common import keep_markers, need
from .replies_common import ReplyCase


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
        need(self.env, "crm")
        leads = self.env["crm.lead"].create(
            [
                {"name": "Lead", "partner_id": self.customer.id},
                {"name": "Lead", "email_from": "Jim <jim@elsewhere.test>"},
                {"name": "Lead", "email_cc": "Cc <cc@third.test>"},
            ]
        )
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
        self.assertJoins(self.answer(sender="boss@customer.test"), "organisation")

    @skipUnless(domains.is_available(), domains.ABSENT)
    def test_colleague_with_an_address_in_a_subdomain(self):
        self.assertJoins(self.answer(sender="boss@mail.customer.test"), "organisation")

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
        need(self.env, "crm")
        senders = ("one@first.test", "two@second.test")
        leads = self.env["crm.lead"].create(
            [{"name": sender, "email_from": sender} for sender in senders]
        )
        questions = []
        for lead, sender in zip(leads, senders, strict=True):
            lead.message_post(
                body="Hello",
                message_type="email",
                email_from=sender,
                author_id=False,
                subtype_xmlid="mail.mt_comment",
            )
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
            "delivery_failed",
            message_id="<r1@mx>",
            original=self.question.message_id,
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
            sender="jane@customer.test",
            to="catchall@postmaster.test",
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
class TestStatements(ReplyCase):
    """A reply costs two more statements, one of a colleague three, a new message none."""

    def count(self, raw):
        before = self.env.cr.sql_log_count
        with self.mock_mail_gateway():
            _result, row = self.receive(raw)
        return self.env.cr.sql_log_count - before, row

    def measure(self, make):
        """Return the statements for a message by Odoo's policy and by ours, with warm caches."""
        keep_markers(self)
        counts = []
        for values in (("False", "False", "odoo"), ("note", "park", "record")):
            for key, value in zip(("", ".private", ".rules"), values, strict=True):
                self.parameters.set_param(
                    f"mail.postmaster.reply{key}",
                    value != "False" and value,
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
        need(self.env, "crm")
        lead = self.env["crm.lead"].create({"name": "L", "partner_id": self.customer.id})
        question = self.post(lead)
        without, with_ours, row = self.measure(
            lambda: self.quoting(question, sender="jane@customer.test"),
        )
        self.assertReason(row, "delivered", "reply_posted")
        self.assertLessEqual(with_ours - without, 2)

    def test_answer_of_a_colleague(self):
        without, with_ours, row = self.measure(
            lambda: self.quoting(
                self.post(
                    self.env["res.partner"].create({"name": "T"}), partner_ids=self.customer.ids
                ),
                sender="boss@customer.test",
            ),
        )
        self.assertStep(row, "reply_organisation")
        self.assertLessEqual(with_ours - without, 3)

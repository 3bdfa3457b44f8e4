"""The effect of reports on the messages they are about, on counters and on lists."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mail.tools.discuss import Store
from odoo.addons.mail_postmaster.gateway.reports.enhanced_status import CODES
from odoo.addons.mail_postmaster.models.core.mail_notification import RECEIPTS
from odoo.addons.mail_postmaster.words.report_sentences import WHY, encode_outcomes

from ..policy.settings import AUTHSERV
from .common import DATA
from .identity_common import SERVER, failed, passed
from .reports_common import JANE, JOHN, ReportsCase

PERSON = "Jane <jane@customer.test>"


@tagged("post_install", "-at_install")
class TestDeliveryReports(ReportsCase):
    def test_two_failed_recipients_mark_two_notifications(self):
        _result, row = self.receive(self.report("postfix_two_failed"))
        self.assertReason(row, "delivered", "report_recorded")
        for partner, why, server in (
            (self.jane, "the mailbox does not exist", "mx.example.org responded: 550 5.1.1"),
            (self.john, "the mailbox is full", "mx.example.net responded: 552 5.2.2"),
        ):
            notification = self.notification(partner)
            self.assertEqual(notification.notification_status, "bounce")
            self.assertEqual(notification.failure_type, "mail_bounce")
            self.assertIn(f"Not delivered: {why}. {server}", notification.failure_reason)
            self.assertIn("This is the mail system at host", notification.failure_reason)
            self.assertIn(why, notification.postmaster_note)
            self.assertEqual(partner.message_bounce, 1)
            self.assertIn(f"{partner.email} did not receive it: {why}.", row.reason)
        self.assertEqual(row.delivery_ids.mail_message_id, self.sent)
        self.assertEqual(row.delivery_ids._record(), self.record)

    def test_one_of_two_failed(self):
        _result, row = self.receive(
            self.report(
                "postfix_two_failed",
                replace=(
                    (b"Final-Recipient: rfc822; john", b"X-Nothing: 1"),
                    (b"Original-Recipient: rfc822;john", b"X-Nothing: 2"),
                    (b"552 5.2.2", b"552"),
                ),
            )
        )
        self.assertReason(row, "delivered", "report_recorded")
        self.assertEqual(self.notification(self.jane).notification_status, "bounce")
        self.assertEqual(self.notification(self.john).notification_status, "sent")

    def test_passing_failures_and_successes_count_for_nobody(self):
        for name, note in (
            ("postfix_delayed", "yet: the recipient's server does not respond"),
            (
                "postfix_relayed",
                "Delivery report: it was relayed to a server that does not send reports",
            ),
            ("gmail_delayed", "Not delivered yet"),
        ):
            with self.subTest(name=name):
                _result, row = self.receive(self.report(name))
                self.assertReason(row, "delivered", "report_recorded")
                self.assertNotBounced()
                self.assertIn(note, self.notification(self.jane).postmaster_note)
                self.assertFalse(self.notification(self.jane).failure_reason)
                self.assertIn(JANE, row.reason)

    def test_failed_with_a_status_that_passes(self):
        _result, row = self.receive(
            self.report(
                "postfix_two_failed",
                replace=(
                    (b"5.1.1", b"4.4.7"),
                    (b"5.2.2", b"4.2.2"),
                    (b" 550 ", b" 450 "),
                    (b" 552 ", b" 452 "),
                ),
            )
        )
        self.assertReason(row, "delivered", "report_recorded")
        self.assertNotBounced()
        self.assertIn(
            "delivery did not succeed in time", self.notification(self.jane).postmaster_note
        )

    def test_delivered_to_one_and_failed_for_another(self):
        _result, row = self.receive(
            self.report(
                "postfix_delivered_and_failed",
                replace=((b"john@example.org", JOHN.encode()),),
            )
        )
        self.assertReason(row, "delivered", "report_recorded")
        self.assertNotBounced(self.jane)
        self.assertEqual(self.notification(self.john).notification_status, "bounce")

    def test_a_later_delay_does_not_hide_a_failure(self):
        self.receive(self.report("postfix_two_failed"))
        self.receive(self.report("postfix_delayed"))
        self.assertIn("mailbox does not exist", self.notification(self.jane).postmaster_note)

    def test_what_a_user_wrote_into_the_field_stops_no_report(self):
        self.notification(self.jane).postmaster_report = ["anything"]
        _result, row = self.receive(self.report("postfix_delayed"))
        self.assertReason(row, "delivered", "report_recorded")
        self.assertIn("Not delivered yet", self.notification(self.jane).postmaster_note)

    def test_text_for_people_alone(self):
        for number, name in enumerate(("qmail", "gmx")):
            with self.subTest(name=name):
                sent = self.send(self.jane)
                _result, row = self.receive(self.report(name, sent))
                self.assertReason(row, "delivered", "report_recorded")
                self.assertEqual(sent.notification_ids.notification_status, "bounce")
                self.assertEqual(self.jane.message_bounce, number + 1)

    def test_forwarded_to_an_address_that_is_not_known(self):
        """It could be invented, unless it arrived at the signed return path."""
        sent = self.send(self.john)
        raw = self.report("exim_failed", sent)
        self.assertNotIn(JOHN.encode(), raw)
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "report_unmatched")
        self.assertEqual(sent.notification_ids.notification_status, "sent")
        self.assertEqual(self.john.message_bounce, 0)

    def test_reason_in_the_authors_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        author = self.env["res.partner"].create({"name": "Author", "lang": "fr_FR"})
        sent = self.send(self.jane, author_id=author.id)
        reports = type(self.env["mail.postmaster.report"])
        with patch.object(reports, "_words", lambda reports, content: reports.env.lang):
            self.receive(self.report("postfix_two_failed", sent))
        self.assertTrue(sent.notification_ids.failure_reason.startswith("fr_FR"))

    def test_second_copy_counts_once(self):
        """Two separate transactions: the caller of each has written nothing."""
        raw = self.report("postfix_two_failed")
        with (
            patch.object(type(self.pipeline), "_has_written", lambda pipeline: False),
            self.own_transactions(),
        ):
            self.receive(raw)
            _result, row = self.receive(b"Received: by another mailbox\n" + raw)
        self.assertReason(row, "ignored", "duplicate")
        self.assertEqual((self.jane.message_bounce, self.john.message_bounce), (1, 1))

    def own_transactions(self):
        """Make the pipeline's separate transactions part of the test's transaction."""
        pipelines = type(self.pipeline)
        short, work = pipelines._short_transaction, pipelines._transaction
        return patch.multiple(
            pipelines,
            _short_transaction=lambda pipeline, joins: short(pipeline, True),
            _transaction=lambda pipeline, joins: work(pipeline, True),
            _share_changes=lambda pipeline, joins: None,
        )

    def test_processing_again_counts_once(self):
        _result, row = self.receive(self.report("postfix_two_failed", self.env["mail.message"]))
        self.assertReason(row, "ignored", "report_unmatched")
        self.assertEqual((self.jane.message_bounce, self.john.message_bounce), (1, 1))
        row.action_process_again()
        self.assertReason(row, "ignored", "report_unmatched")
        self.assertEqual((self.jane.message_bounce, self.john.message_bounce), (1, 1))

    def test_unmatched_report_is_kept_with_what_was_looked_for(self):
        _result, row = self.receive(self.report("postfix_delayed", self.env["mail.message"]))
        self.assertReason(row, "ignored", "report_unmatched")
        self.assertIn(f"{JANE} has not received it yet", row.reason)
        self.assertStep(row, "report_original", hit=False)
        step = next(step for step in row.trace if step["step"] == "report_original")
        self.assertIn("<unknown@example.com>", step["params"]["references"])

    def test_same_under_the_preset_of_odoo(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        for name, status in (
            ("thunderbird_read", "sent"),
            ("postfix_delayed", "sent"),
            ("yahoo_complaint", "sent"),
            ("postfix_two_failed", "bounce"),
        ):
            with self.subTest(name=name):
                self.receive(self.report(name))
                self.assertEqual(self.notification(self.jane).notification_status, status)

    def test_what_core_takes_for_no_report_is_none_under_its_preset(self):
        """A complaint in the form of Outlook.com has no report type."""
        raw = self.report("outlook_complaint").replace(
            b"abuse@example.com", b"people@postmaster.test"
        )
        for preset, code in (("odoo", "record_created"), ("recommended", "complaint_recorded")):
            with self.subTest(preset=preset):
                self.env["mail.postmaster.policy"].apply_preset(preset)
                _result, row = self.receive(raw.replace(b"<outlook", f"<{preset}".encode()))
                self.assertReason(row, "delivered", code)

    def test_report_without_parts(self):
        """Core stops on it with an AttributeError."""
        raw = (
            b"From: MAILER-DAEMON@mx.customer.test\nTo: bounce@postmaster.test\n"
            b"Message-Id: <empty@mx>\nAuto-Submitted: auto-replied\n"
            b"Content-Type: multipart/report; report-type=delivery-status\n\nNothing\n"
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "report_unmatched")

    def test_every_code_has_words(self):
        receipts = {f"receipt_{name}" for name, _label in RECEIPTS}
        self.assertFalse(({*CODES} | receipts) - {*WHY})

    def test_many_outcomes_are_told_in_short(self):
        class Outcome:
            kind, code, address = "hard", "mailbox_unknown", f"{'a' * 40}@example.com"

        text = encode_outcomes([Outcome] * 50)
        self.assertLess(len(text), 300)
        _result, row = self.receive(self.mail())
        row.write({"reason_code": "report_recorded", "reason_params": {"outcomes": text}})
        self.assertRegex(
            row.reason, r"did not receive it: the mailbox does not exist\. And 4\d more\.$"
        )


@tagged("post_install", "-at_install")
class TestForgedReports(ReportsCase):
    """Anyone can write a report about any Message-Id they know and any address."""

    STRANGER = "stranger@example.com"

    def blacklisted(self):
        return self.env["mail.blacklist"].search([]).mapped("email")

    def counted(self):
        return self.env["mail.postmaster.bounce"].search([]).mapped("address")

    def test_about_a_mail_that_was_received(self):
        """Its sender knows the Message-Id and can write reports about it."""
        _result, seed = self.receive(self.mail(sender=PERSON, message_id="<own@customer.test>"))
        received = seed.delivery_ids.mail_message_id
        self.assertEqual(received.message_id, "<own@customer.test>")
        received.outgoing_email_to = self.STRANGER
        for raw in (
            self.complaint(received.message_id, self.STRANGER),
            self.delivery_report(received.message_id, self.STRANGER),
        ):
            _result, row = self.receive(raw)
            self.assertReason(row, "ignored", "report_unmatched")
            self.assertStep(row, "report_original", hit=False)
        self.assertFalse(self.blacklisted() + self.counted())

    def test_a_received_mail_that_was_sent_on_to_followers(self):
        """Core sends it with its original Message-Id."""
        sent_on = self.send(self.jane)
        sent_on.message_type = "email"
        _result, row = self.receive(self.delivery_report(sent_on.message_id, JANE))
        self.assertReason(row, "delivered", "report_recorded")
        self.assertEqual(sent_on.notification_ids.notification_status, "bounce")

    def test_an_address_the_message_was_not_sent_to(self):
        """Core counts the address as that of a report about nothing, and marks no record."""
        stranger = self.env["res.partner"].create({"name": "S", "email": self.STRANGER})
        for sent in (self.sent, self.send(self.jane)):
            for raw in (
                self.delivery_report(sent.message_id, self.STRANGER, number=sent.id),
                self.complaint(sent.message_id, self.STRANGER, number=sent.id),
            ):
                with self.subTest(recipients=len(sent.notification_ids)):
                    _result, row = self.receive(raw)
                    self.assertReason(row, "ignored", "report_unmatched")
                    self.assertStep(row, "report_outcome", hit=False)
                    statuses = sent.notification_ids.mapped("notification_status")
                    self.assertEqual(set(statuses), {"sent"})
                    self.assertFalse(any(sent.notification_ids.mapped("postmaster_report")))
        self.assertEqual((stranger.message_bounce, self.jane.message_bounce), (2, 0))
        self.assertFalse(self.blacklisted() + self.counted())

    def test_addresses_without_a_notification(self):
        sent = self.send(self.jane)
        sent.outgoing_email_to = f'"Loose" <{self.STRANGER}>'
        self.receive(self.delivery_report(sent.message_id, self.STRANGER))
        self.assertEqual(self.counted(), [self.STRANGER])
        self.assertEqual(sent.notification_ids.notification_status, "sent")
        mailed = self.send(self.jane)
        self.env["mail.mail"].create(
            {
                "mail_message_id": mailed.id,
                "email_to": "mailed@example.com",
                "recipient_ids": self.john.ids,
            }
        )
        for number, address in enumerate(("mailed@example.com", JOHN)):
            self.receive(self.delivery_report(mailed.message_id, address, number=f"m{number}"))
        self.assertEqual({*self.counted()}, {self.STRANGER, "mailed@example.com", JOHN})

    def test_nobody_named(self):
        """The only recipient is marked, but not added to a list."""
        sent = self.send(self.jane)
        _result, row = self.receive(self.complaint(sent.message_id, ""))
        self.assertReason(row, "delivered", "complaint_recorded")
        self.assertTrue(sent.notification_ids.postmaster_report)
        self.assertFalse(self.blacklisted())
        _result, row = self.receive(self.complaint(self.sent.message_id, "", number=2))
        self.assertReason(row, "ignored", "report_unmatched")

    def test_another_address_of_a_contact(self):
        """Only the failed address counts."""
        self.jane.email = f"{JANE}, second@example.org"
        sent = self.send(self.jane)
        self.receive(self.delivery_report(sent.message_id, "second@example.org"))
        self.assertEqual(sent.notification_ids.notification_status, "bounce")
        self.assertEqual(self.counted(), ["second@example.org"])

    def test_what_was_shown_in_the_inbox_can_not_bounce(self):
        user = self.env["res.users"].create(
            {
                "name": "User",
                "login": "user@example.com",
                "email": "user@example.com",
                "notification_type": "inbox",
            }
        )
        sent = self.send(self.jane + user.partner_id)
        self.assertEqual(self.notification(user.partner_id, sent).notification_type, "inbox")
        _result, row = self.receive(self.delivery_report(sent.message_id, "user@example.com"))
        self.assertReason(row, "ignored", "report_unmatched")
        # A contact with the same address was sent a message.
        user.partner_id.email = JANE
        self.receive(self.delivery_report(sent.message_id, JANE, number=2))
        self.assertEqual(self.notification(self.jane, sent).notification_status, "bounce")
        self.assertEqual(self.notification(user.partner_id, sent).notification_status, "sent")


@tagged("post_install", "-at_install")
class TestOverridesOfOthers(ReportsCase):
    """What addons loaded later see after we have handled a report.

    For example mass_mailing: it marks as bounced what ``bounced_msg_ids`` names, and checks for
    the blacklist whether ``bounced_email`` has bounced too often.
    """

    def seen(self, raw):
        """Receive a message; return ``(address, contacts, Message-Ids)`` for each call."""
        threads = type(self.env["mail.thread"])
        inner = threads._routing_handle_bounce
        seen = []

        def outer(thread, email_message, message_dict):
            inner(thread, email_message, message_dict)
            seen.append(
                tuple(message_dict[f"bounced_{name}"] for name in ("email", "partner", "msg_ids"))
            )

        with patch.object(threads, "_routing_handle_bounce", outer):
            _result, self.row = self.receive(raw)
        return seen

    def test_nothing_has_failed(self):
        about = self.sent.message_id
        for number, raw in enumerate(
            (
                self.delivery_report(about, JANE, "4.2.2"),
                self.delivery_report(about, JANE, "4.4.1", "delayed", 2),
                self.delivery_report(about, JANE, "2.0.0", "delivered", 3),
                self.complaint(about, JANE),
                self.report("thunderbird_read"),
            )
        ):
            with self.subTest(number=number):
                [(email, partner, message_ids)] = self.seen(raw)
                self.assertFalse(email or partner or message_ids)

    def test_one_has_failed(self):
        for preset in ("odoo", "recommended"):
            with self.subTest(preset=preset):
                self.env["mail.postmaster.policy"].apply_preset(preset)
                sent = self.send(self.jane)
                raw = self.delivery_report(sent.message_id, JANE, number=preset)
                self.assertEqual(self.seen(raw), [(JANE, self.jane, [sent.message_id])])

    def test_each_that_has_failed_is_seen_once(self):
        seen = self.seen(self.report("postfix_two_failed"))
        self.assertCountEqual([email for email, _partner, _ids in seen], [JANE, JOHN])
        for _email, _partner, message_ids in seen:
            self.assertEqual(message_ids, [self.sent.message_id])
        self.assertEqual((self.jane.message_bounce, self.john.message_bounce), (1, 1))


@tagged("post_install", "-at_install")
class TestReceipts(ReportsCase):
    def test_receipts_are_no_bounces(self):
        for name, receipt, words in (
            ("m365_not_read", "deleted", "Deleted without being read"),
            ("thunderbird_read", "displayed", "Read"),
            ("outlook_read", "displayed", "Read"),
            # It was read; a later deletion does not change that.
            ("m365_not_read", "displayed", "Read"),
        ):
            with self.subTest(name=name, receipt=receipt):
                _result, row = self.receive(self.report(name))
                self.assertReason(row, "delivered", "receipt_recorded")
                notification = self.notification(self.jane)
                self.assertEqual(notification.postmaster_receipt, receipt)
                self.assertTrue(notification.postmaster_receipt_date)
                self.assertTrue(notification.postmaster_note.startswith(words))
                self.assertNotBounced()
        self.assertFalse(self.notification(self.john).postmaster_receipt)

    def test_receipt_of_an_unknown_message(self):
        raw = self.report("thunderbird_read", self.env["mail.message"])
        _result, row = self.receive(raw)
        self.assertReason(row, "ignored", "report_unmatched")

    def test_receipts_are_no_mails_of_their_sender(self):
        """They create no record, and do not count for loop protection."""
        before = self.env["mail.postmaster.quota"].search_count([])
        self.receive(
            self.report(
                "thunderbird_read",
                replace=((b"sales@example.com", b"people@postmaster.test"),),
            )
        )
        self.assertEqual(self.env["mail.postmaster.quota"].search_count([]), before)

    def test_web_client_gets_the_note(self):
        self.receive(self.report("thunderbird_read"))
        data = Store().add(self.sent.notification_ids).get_result()["mail.notification"]
        notes = {values["id"]: values.get("postmaster_note") for values in data}
        self.assertTrue(notes[self.notification(self.jane).id].startswith("Read"))
        self.assertIsNone(notes[self.notification(self.john).id])


@tagged("post_install", "-at_install")
class TestComplaints(ReportsCase):
    def blacklisted(self):
        return self.env["mail.blacklist"].search([("email", "in", [JANE, JOHN])]).mapped("email")

    def test_complaint_puts_the_address_on_the_blacklist(self):
        _result, row = self.receive(self.report("yahoo_complaint"))
        self.assertReason(row, "delivered", "complaint_recorded")
        self.assertEqual(self.blacklisted(), [JANE])
        self.assertStep(row, "blacklisted_complaint")
        self.assertNotBounced()
        self.assertIn("reported as spam", self.notification(self.jane).postmaster_note)

    def test_complaint_that_its_sender_has_not_written(self):
        """By a recipient who knows the Message-Id, in the name of a provider."""
        self.env["ir.config_parameter"].set_param(AUTHSERV, SERVER)
        sender = "feedback@arf.example.net"
        for number, (top, expected) in enumerate(((failed(sender), []), (passed(sender), [JANE]))):
            raw = self.report("yahoo_complaint", number=number)
            _result, row = self.receive(top + raw)
            self.assertReason(row, "delivered", "complaint_recorded")
            self.assertEqual(self.blacklisted(), expected)

    def test_complaint_can_be_recorded_alone(self):
        self.env["ir.config_parameter"].set_param("mail.postmaster.complaints", "record")
        _result, row = self.receive(self.report("yahoo_complaint"))
        self.assertReason(row, "delivered", "complaint_recorded")
        self.assertFalse(self.blacklisted())

    def test_what_is_no_complaint(self):
        _result, row = self.receive(self.report("auth_failure"))
        self.assertReason(row, "delivered", "complaint_recorded")
        self.assertFalse(self.blacklisted())

    def test_whom_it_was_sent_to_is_a_guess_where_they_are_several(self):
        both = (b'"Jane Doe" <jane@example.org>', f"{JANE}, {JOHN}".encode())
        self.receive(self.report("complaint_without_recipient", replace=(both,)))
        self.assertNotIn(JOHN, self.blacklisted())

    def test_anybody_can_write_a_complaint(self):
        """So it must be about a message of ours."""
        _result, row = self.receive(self.report("yahoo_complaint", self.env["mail.message"]))
        self.assertReason(row, "ignored", "report_unmatched")
        self.assertFalse(self.blacklisted())


@tagged("post_install", "-at_install")
class TestMailToTheBounceAddress(ReportsCase):
    def test_a_person_is_not_lost(self):
        _result, row = self.receive(self.mail(to="bounce@postmaster.test", sender=PERSON))
        self.assertReason(row, "parked", "bounce_address_person")

    def test_as_core_under_its_preset(self):
        self.env["mail.postmaster.policy"].apply_preset("odoo")
        _result, row = self.receive(self.mail(to="bounce@postmaster.test", sender=PERSON))
        self.assertReason(row, "ignored", "report_unmatched")

    def test_a_person_who_also_writes_to_an_alias(self):
        _result, row = self.receive(
            self.mail(to="people@postmaster.test, bounce@postmaster.test", sender=PERSON)
        )
        self.assertReason(row, "delivered", "record_created")

    def test_a_person_is_released(self):
        reply = f"\r\nReferences: {self.sent.message_id}"
        _result, row = self.receive(
            self.mail(to="bounce@postmaster.test", sender=PERSON, headers=reply)
        )
        self.assertReason(row, "parked", "bounce_address_person")
        row.action_process_again()
        self.assertReason(row, "delivered", "reply_posted")
        self.assertEqual(row.delivery_ids._record(), self.record)

    def test_mailer_daemon_that_nobody_understands(self):
        robot = "MAILER-DAEMON@mx.customer.test"
        _result, row = self.receive(self.mail(sender=robot, headers="\r\nReturn-Path: <>"))
        self.assertReason(row, "ignored", "report_unreadable")

    def test_automatic_mail_that_is_no_report(self):
        automatic = "\r\nAuto-Submitted: auto-generated"
        _result, row = self.receive(self.mail(to="bounce@postmaster.test", headers=automatic))
        self.assertReason(row, "ignored", "report_unreadable")
        self.assertIn("Auto-Submitted: auto-generated", row.reason)

    def test_what_a_person_may_have_written(self):
        """A subject or an unsubscribe link is not evidence of a program."""
        for number, fields in enumerate(
            (
                {"subject": "Out of office"},
                {"headers": "\r\nList-Unsubscribe: <https://example.com/unsubscribe>"},
            )
        ):
            with self.subTest(fields=fields):
                _result, row = self.receive(
                    self.mail(
                        to="bounce@postmaster.test",
                        sender=PERSON,
                        message_id=f"<weak{number}@x>",
                        **fields,
                    )
                )
                self.assertReason(row, "parked", "bounce_address_person")

    def test_out_of_office_answers_the_return_path(self):
        """RFC 3834 section 4: they go there, and their policy decides how they are handled."""
        raw = self.mail(
            to="bounce@postmaster.test",
            sender=f"Jane <{JANE}>",
            subject="Out of office",
            headers=f"\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: {self.sent.message_id}",
        )
        _result, row = self.receive(raw)
        self.assertReason(row, "delivered", "reply_posted")
        self.assertTrue(row.delivery_ids.mail_message_id.is_internal)
        self.assertEqual(row.delivery_ids._record(), self.record)

    def test_report_of_another_kind_reaches_its_alias(self):
        raw = (DATA / "reports" / "no_tls_report.eml").read_bytes()
        _result, row = self.receive(
            raw.replace(b"postmaster@example.com", b"people@postmaster.test")
        )
        self.assertReason(row, "delivered", "record_created")

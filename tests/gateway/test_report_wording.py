from unittest.mock import patch

from odoo.addons.mail_postmaster.gateway.reports import heuristics, read_report

from .report_case import ReportCase

JANE, JOHN = "jane@example.org", "john@example.org"
DAEMON = "MAILER-DAEMON@mx.example.org"


def mail(text, sender=DAEMON, subject="failure notice", extra=""):
    return (
        f"From: {sender}\nTo: sales@example.com\nSubject: {subject}\n{extra}\n{text}\n"
    ).encode()


class TestWording(ReportCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(heuristics, "all_failures", None))

    def failed(self, *args, **kwargs):
        report = read_report(mail(*args, **kwargs))
        return [found.address for found in report.recipients] if report else None

    def test_how_a_text_names_the_address_that_failed(self):
        for text in (
            f"Unknown user: {JANE}",
            f"Unable to deliver message to: <{JANE}>",
            f"Could not be delivered to: <{JANE}>",
            f"SMTP Server <mx.example.org> rejected recipient <{JANE}>",
            f"Failed Recipient: {JANE}\nReason: no",
            f"  Recipient address: {JANE}\n  Reason: no",
            f"Your message sent to {JANE} is lost.",
            f">>> RCPT TO:<{JANE}>",
            f"Recipient: [SMTP:{JANE}]",
            f"{JANE} - no such user here.",
            f"<{JANE}>: mailbox is full",
            f"{JANE} [User unknown]",
            f"The following address failed:\n\n * {JANE}",
            f"554 <{JANE}>... Host unknown",
            f"Something else.\n{JANE}",
            f"Message for user {JANE}.",
        ):
            with self.subTest(text):
                self.assertEqual(self.failed(text), [JANE])

    def test_the_surest_way_counts_alone(self):
        sure, reply, alone = f"Unknown user: {JANE}", f"550 5.1.1 <{JOHN}> no", "a@b.test"
        self.assertEqual(self.failed(f"{alone}\n{reply}\n{sure}"), [JANE])
        self.assertEqual(self.failed(f"{alone}\n{reply}"), [JOHN])
        self.assertEqual(self.failed(alone), ["a@b.test"])

    def test_a_list_goes_on(self):
        addresses = [f"u{number}@example.org" for number in range(8)]
        text = "The following recipients did not get it:\n\n" + "\n".join(addresses)
        self.assertEqual(self.failed(text), addresses)
        # What is far below is not part of it.
        self.assertEqual(
            self.failed(f"The following user failed:\n{JANE}\n\n\n\n\n\n{JOHN}"), [JANE]
        )

    def test_who_reports_and_to_whom_has_not_failed(self):
        self.assertIsNone(self.failed(f"Unknown user: sales@example.com\n{DAEMON}"))

    def test_subject_and_returned_mail_are_the_last_resort(self):
        returned = f"Received: from x\nTo: <{JANE}>\n"
        self.assertEqual(self.failed("No.\n\n" + returned), [JANE])
        self.assertEqual(self.failed("No.\n\n" + returned, subject=f"failed: {JOHN}"), [JOHN])
        several = returned.replace(JANE, f"{JANE}>, <{JOHN}")
        self.assertIsNone(self.failed("No.\n\n" + several))

    def test_a_list_that_a_mail_was_posted_to_has_not_failed(self):
        returned = f"Received: from x\nList-Id: <x>\nTo: <{JANE}>\n"
        self.assertIsNone(self.failed("No.\n\n" + returned))

    def test_a_mail_that_arrived(self):
        text = f"The following recipients:\n{JANE}"
        for subject in (
            "Delivered: Offer",
            "Read: Offer",
            "Return receipt",
            "Message status - opened",
            "Delivery Status Notification (Success)",
            "Successful delivery",
        ):
            with self.subTest(subject):
                self.assertIsNone(self.failed(text, subject=subject))
        self.assertIsNone(self.failed(f"It was delivered to:\n{JANE}"))
        self.assertEqual(self.failed(f"It was delivered to: {JOHN}\nThis failed:\n{JANE}"), [JANE])

    def test_who_returns_mail(self):
        text = f"Unknown user: {JANE}"
        for sender, subject, extra, expected in (
            ("<MAILER-DAEMON>", "x", "", True),
            ("Mail Delivery System <x@example.org>", "x", "", True),
            ("postmaster@example.org", "x", "", True),
            ("Smtp_Mail_Service@example.org", "Returned Mail - Error During Delivery", "", True),
            ("ndr@example.org", "Mail delivery failed", "", True),
            ("x@example.org", "x", "Return-Path: <MAILER-DAEMON@example.com>\n", False),
            ("x@example.org", "Undeliverable", "Return-Path:\n", True),
            ("x@example.org", "Automatic reply", "Return-Path: <>\n", False),
            ("jane@example.com", "Mail delivery failed", "", False),
            ("no-reply@example.org", "Delivery failed", "", False),
            ("ndr@example.org", "Re: Mail delivery failed", "", False),
            ("ndr@example.org", "Mail delivery failed", "In-Reply-To: <a@b>\n", False),
        ):
            with self.subTest(sender=sender, subject=subject, extra=extra):
                found = self.failed(text, sender, subject, extra)
                self.assertEqual(found, [JANE] if expected else None)

    def test_a_postmaster_writes_of_other_things_too(self):
        self.assertIsNone(self.failed(f"Ask:\n{JANE}", "postmaster@example.org", "New rules"))
        self.assertEqual(
            self.failed(f"It could not be delivered.\n{JANE}", "postmaster@example.org", "x"),
            [JANE],
        )

    def test_a_warning_is_soft(self):
        raw = mail(f"Unknown user: {JANE}\nDelivery attempts will continue.")
        self.assertEqual(self.only(read_report(raw)).outcome, "soft")

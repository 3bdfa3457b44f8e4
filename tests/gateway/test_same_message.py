"""Which messages with one Message-Id are copies of one message, as matrices."""

from datetime import datetime
from itertools import product

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.same_message import (
    Headline,
    have_same_date,
    is_copy,
    known_headline,
    read_headline,
)

from .timing import GrowthCase

ALICE = "Alice <alice@author.test>"
LIST = "Alice via Sales <sales@lists.test>"
MORNING = "Mon, 2 Mar 2026 09:00:00 +0100"
MORNING_IN_UTC = "Mon, 2 Mar 2026 08:00:00 +0000"
EVENING = "Mon, 2 Mar 2026 19:00:00 +0100"
ID = "List-Id: Sales <sales.lists.test>"
ANY = Headline("alice@author.test")


def headline(sender=ALICE, subject="Good morning", date=MORNING, *more):
    lines = [f"From: {sender}", f"Subject: {subject}", *([f"Date: {date}"] if date else []), *more]
    return read_headline("\r\n".join(lines).encode())


class TestIsCopy(BaseCase):
    def assertCopies(self, one, other, expected):
        """Assert the same in both orders: either may arrive first."""
        self.assertIs(is_copy(one, other), expected)
        self.assertIs(is_copy(other, one), expected)

    def test_sender_subject_and_date(self):
        first = headline()
        for sender, subject, date in product(
            (ALICE, "alice@AUTHOR.test", "Mallory <mallory@other.test>", ""),
            ("Good morning", "good  MORNING", "Invoice 17", ""),
            (MORNING, MORNING_IN_UTC, EVENING, "", "soon"),
        ):
            with self.subTest(sender=sender, subject=subject, date=date):
                expected = "alice" in sender.lower() and subject.lower().startswith("good")
                other = headline(sender, subject, date)
                self.assertCopies(first, other, expected)
                self.assertIs(have_same_date(first, other), date != EVENING)

    def test_from_rewritten_by_a_list(self):
        for forms, is_list, expected in (
            (["Reply-To: Alice <alice@author.test>"], False, True),
            (["Reply-To: sales@lists.test, alice@author.test"], False, True),
            (["X-Original-From: Alice <alice@author.test>"], False, True),
            (["X-Original-Sender: alice@author.test"], False, True),
            (["X-Original-From: alice@author.test", "Reply-To: sales@lists.test"], True, True),
            (["Reply-To: bob@author.test"], True, False),
            (["X-Original-From: bob@author.test"], True, False),
            ([], True, False),
        ):
            for subject, date in product(
                ("Good morning", "[sales] Good morning", "Re: [sales] Good morning", "Invoice"),
                (MORNING, EVENING),
            ):
                with self.subTest(forms=forms, subject=subject, date=date):
                    copy = headline(LIST, subject, date, *forms, *([ID] if is_list else []))
                    self.assertCopies(headline(), copy, expected and subject != "Invoice")

    def test_two_lists(self):
        one = headline(LIST, "[sales] Hi", MORNING, ID, "Reply-To: alice@author.test")
        for author, expected in (("alice@author.test", True), ("bob@author.test", False)):
            other = headline(
                "via X <all@x.test>", "[all] Hi", MORNING, "List-Id: x", f"Reply-To: {author}"
            )
            with self.subTest(author=author):
                self.assertCopies(one, other, expected)

    def test_form_that_names_people_in_reply_to(self):
        form = ("noreply@shop.test", "Contact form", MORNING)
        one = headline(*form, "Reply-To: jane@customer.test")
        self.assertCopies(one, headline(*form, "Reply-To: jane@customer.test"), True)
        self.assertCopies(one, headline(*form, "Reply-To: paul@customer.test"), False)
        self.assertCopies(one, headline(*form), True)
        # A list writes its own address there.
        self.assertCopies(one, headline(*form, "Reply-To: sales@lists.test", ID), True)

    def test_subjects(self):
        for one, other, expected in (
            ("Hi", "Re: Hi", True),
            ("Hi", "RE : Fwd: AW: Hi", True),
            ("Hi", "Re[2]: Hi", True),
            ("Hi", "Re: [sales] Re: Hi", True),
            ("Hi", "[sales] Hi", True),
            ("Hi", "[EXTERNAL] [sales] Hi", True),
            ("Hi", "***SPAM*** Hi", True),
            ("[sales] Hi", "[sales] [all] Hi", True),
            ("[Order 1] New order", "[Order 2] New order", False),
            ("[1]", "[2]", False),
            ("Hi", "Hi again", False),
            ("Hi", "", False),
            ("", "", True),
            ("Grüße", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", True),
            ("返信: 見積", "見積", True),
            ("Order 1", "Order 2", False),
        ):
            with self.subTest(one=one, other=other):
                self.assertCopies(headline(subject=one), headline(subject=other), expected)

    def test_word_that_a_filter_puts_first(self):
        for subject, date, expected in (
            ("SPAM: Good morning", MORNING, True),
            ("SPAM: Good morning", EVENING, False),
            ("SPAM: Good morning", "", False),
            ("", MORNING, False),
        ):
            with self.subTest(subject=subject, date=date):
                self.assertCopies(headline(), headline(subject=subject, date=date), expected)

    def test_message_whose_header_is_gone(self):
        known = known_headline(ALICE, "Good morning", datetime(2026, 3, 2, 8))
        self.assertTrue(is_copy(known, headline()))
        self.assertTrue(
            is_copy(known, headline(LIST, "[s] Good morning", "", "Reply-To: alice@author.test"))
        )
        self.assertFalse(is_copy(known, headline("mallory@other.test")))
        self.assertEqual(known_headline(None, None, None), Headline(""))


class TestHostile(GrowthCase):
    def test_long_fields(self):
        for part in ("[", "[a] ", "Re: ", "*", "*a", "x@y.test, "):
            with self.subTest(part):
                self.assertGrowsWithSize(
                    lambda text: is_copy(headline(text, text, MORNING, f"Reply-To: {text}"), ANY),
                    lambda size, part=part: part * size,
                    2_000,
                )

"""Which Message-Ids make a conversation."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.conversation import (
    MOST_FIRST,
    MOST_LAST,
    conversation,
)
from odoo.addons.mail_postmaster.gateway.envelope import read_envelope


class TestConversation(BaseCase):
    def test_mails_that_share_an_id(self):
        first = set(conversation("<a@x.test>"))
        for name, answer in {
            "References": conversation("<b@x.test>", references="<a@x.test>"),
            "In-Reply-To": conversation("<b@x.test>", in_reply_to="<a@x.test>"),
            "among others": conversation("<b@x.test>", references="<z@x.test>\r\n <a@x.test>"),
            "without spaces": conversation("<b@x.test>", references="<z@x.test><a@x.test>"),
            "with a comment": conversation("<b@x.test>", in_reply_to='Your mail <a@x.test> "Re"'),
        }.items():
            with self.subTest(name):
                self.assertTrue(first & set(answer))
        self.assertFalse(first & set(conversation("<b@x.test>", references="<c@x.test>")))

    def test_what_is_no_id(self):
        for text in ("", "a@x.test", "<>", "< a@x.test", "<a b>", "<<>>", "\0"):
            with self.subTest(text):
                self.assertEqual(conversation(text), [])

    def test_long_lists_keep_their_ends(self):
        names = [f"<{number}@x.test>" for number in range(1000)]
        numbers = conversation("<own@x.test>", references=" ".join(names))
        self.assertEqual(len(numbers), 1 + MOST_FIRST + MOST_LAST)
        self.assertIn(conversation(names[0])[0], numbers)

    def test_each_id_once(self):
        numbers = conversation("<a@x.test>", "<b@x.test> <b@x.test>", "<a@x.test>")
        self.assertEqual(len(numbers), 2)

    def test_read_with_the_envelope(self):
        raw = b"Message-ID: <b@x.test>\r\nReferences: <r@x.test>\r\n <a@x.test>\r\n\r\n"
        self.assertEqual(
            list(read_envelope(raw).conversation),
            conversation("<b@x.test>", "<r@x.test> <a@x.test>"),
        )

    @given(st.text(), st.text())
    def test_numbers_fit_the_database(self, message_id, references):
        for number in conversation(message_id, references):
            self.assertTrue(-(2**63) <= number < 2**63)

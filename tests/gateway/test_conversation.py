"""Which messages belong to one conversation."""

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.conversation import (
    MOST_FIRST,
    MOST_LAST,
    link,
    read_thread,
)
from odoo.addons.mail_postmaster.gateway.envelope import read_envelope

from .properties import given, st


def number(name):
    return read_thread(f"<{name}@x.test>").own


class TestThread(BaseCase):
    def test_root_and_ancestors(self):
        a, z = number("a"), number("z")
        for name, references, in_reply_to, root, ancestors in (
            ("alone", "", "", number("own"), ()),
            ("References", "<a@x.test>", "", a, (a,)),
            ("In-Reply-To", "", "<a@x.test>", a, (a,)),
            ("the nearest first", "<z@x.test>\r\n <a@x.test>", "", z, (a, z)),
            ("without spaces", "<z@x.test><a@x.test>", "", z, (a, z)),
            ("with a comment", "", 'Your mail <a@x.test> "Re"', a, (a,)),
            ("each once", "<z@x.test> <a@x.test> <a@x.test>", "<a@x.test>", z, (a, z)),
            ("itself", "<a@x.test> <own@x.test>", "", a, (a,)),
        ):
            with self.subTest(name):
                thread = read_thread("<own@x.test>", references, in_reply_to)
                self.assertEqual(
                    (thread.own, thread.root, thread.ancestors), (number("own"), root, ancestors)
                )

    def test_what_is_no_id(self):
        for text in ("", "a@x.test", "<>", "< a@x.test", "<a b>", "<<>>", "\0"):
            with self.subTest(text):
                thread = read_thread(text, text, text)
                self.assertEqual((thread.own, thread.root, thread.ancestors), (None, None, ()))

    def test_long_lists_keep_their_ends(self):
        names = " ".join(f"<{place}@x.test>" for place in range(1000))
        thread = read_thread("<own@x.test>", references=names)
        self.assertEqual(len(thread.ancestors), MOST_FIRST + MOST_LAST)
        self.assertEqual((thread.root, thread.ancestors[0]), (number("0"), number("999")))

    def test_read_with_the_envelope(self):
        raw = b"Message-ID: <b@x.test>\r\nReferences: <r@x.test>\r\n <a@x.test>\r\n\r\n"
        self.assertEqual(
            read_envelope(raw).thread, read_thread("<b@x.test>", "<r@x.test> <a@x.test>")
        )

    @given(st.text(), st.text())
    def test_numbers_fit_the_database(self, message_id, references):
        thread = read_thread(message_id, references)
        for known in (*thread.ancestors, *filter(None, (thread.own, thread.root))):
            self.assertTrue(-(2**63) <= known < 2**63)


class TestLink(BaseCase):
    def test_stored_together(self):
        first = read_thread("<a@x.test>")
        for name, others in {
            "a chain that names the one before alone": (
                read_thread("<b@x.test>", in_reply_to="<a@x.test>"),
                read_thread("<c@x.test>", in_reply_to="<b@x.test>"),
                read_thread("<d@x.test>", in_reply_to="<c@x.test>"),
            ),
            "the beginning of the list was cut": (
                read_thread("<b@x.test>", "<a@x.test>"),
                read_thread("<c@x.test>", "<x@x.test> <b@x.test>"),
            ),
        }.items():
            with self.subTest(name):
                self.assertEqual(set(link([first, *others], {})), {first.own})

    def test_replies_to_a_message_that_is_not_there(self):
        threads = [
            read_thread("<b@x.test>", "<a@x.test>"),
            read_thread("<c@x.test>", "", "<a@x.test>"),
        ]
        self.assertEqual(link(threads, {}), [number("a")] * 2)

    def test_with_messages_that_wait(self):
        known = {number("a"): 7}
        threads = [
            read_thread("<b@x.test>", in_reply_to="<a@x.test>"),
            read_thread("<c@x.test>", in_reply_to="<b@x.test>"),
            read_thread("<d@x.test>"),
        ]
        self.assertEqual(link(threads, known), [7, 7, number("d")])

    def test_the_nearest_counts(self):
        known = {number("a"): 7, number("z"): 8}
        self.assertEqual(link([read_thread("<b@x.test>", "<z@x.test> <a@x.test>")], known), [7])

    def test_a_reply_that_came_before_its_message(self):
        early = read_thread("<e@x.test>", in_reply_to="<a@x.test>")
        message = read_thread("<a@x.test>", "<z@x.test>")
        answer = read_thread("<b@x.test>", "<z@x.test> <a@x.test>", "<a@x.test>")
        known = {early.root: early.root}
        for keys in (link([early, message, answer], {})[1:], link([message, answer], known)):
            self.assertEqual(keys[0], keys[1])

    def test_without_any_id(self):
        self.assertEqual(link([read_thread(""), read_thread("")], {}), [None, None])

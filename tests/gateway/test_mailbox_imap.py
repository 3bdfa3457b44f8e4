"""IMAP commands, parsing of the answers, and which messages are new."""

from datetime import date

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mailbox.batches import MOST_BYTES, MOST_MAILS, batches
from odoo.addons.mail_postmaster.gateway.mailbox.folder import (
    ALL,
    DATE,
    NOW,
    OVERLAP,
    Folder,
    Status,
)
from odoo.addons.mail_postmaster.gateway.mailbox.imap import (
    folder_argument,
    read_contents,
    read_sizes,
    read_uids,
    since,
    uid_set,
)

from .properties import given, st


class TestWords(BaseCase):
    def test_uid_set(self):
        for uids, text in (
            ([7], "7"),
            ([1, 2, 3], "1:3"),
            ([1, 3, 4, 9], "1,3:4,9"),
            ([4294967295], "4294967295"),
        ):
            self.assertEqual(uid_set(uids), text)

    @given(st.sets(st.integers(1, 300), min_size=1))
    def test_uid_set_names_all_and_no_others(self, uids):
        named = set()
        for part in uid_set(sorted(uids)).split(","):
            first, _colon, last = part.partition(":")
            named |= set(range(int(first), int(last or first) + 1))
        self.assertEqual(named, uids)

    def test_since_is_english(self):
        self.assertEqual(since(date(2026, 5, 3)), "SINCE 3-May-2026")

    def test_folder_argument(self):
        for name, argument in (
            ("inbox", "INBOX"),
            ("Sales/2026", '"Sales/2026"'),
            ('a "b" \\c', '"a \\"b\\" \\\\c"'),
            ("Entwürfe", '"Entw&APw-rfe"'),
            ("R&D", '"R&-D"'),
            ("台北", '"&U,BTFw-"'),
            ("&ü", '"&-&APw-"'),
        ):
            self.assertEqual(folder_argument(name), argument)

    @given(st.text(min_size=1))
    def test_folder_argument_is_one_line_of_ascii(self, name):
        argument = folder_argument(name)
        self.assertTrue(argument.isascii())
        self.assertNotIn("\n", argument)
        self.assertNotIn("\r", argument)


class TestAnswers(BaseCase):
    def test_uids(self):
        self.assertEqual(read_uids([b"9 7", b"8"]), [7, 8, 9])
        self.assertEqual(read_uids([None]), [])
        self.assertEqual(read_uids([b""]), [])

    def test_sizes(self):
        self.assertEqual(
            read_sizes([b"1 (UID 7 RFC822.SIZE 30)", b"2 (RFC822.SIZE 9 UID 8)", b"3 (FLAGS ())"]),
            {7: 30, 8: 9},
        )

    def test_contents(self):
        raw = b"Subject: UID 5\r\n\r\n(UID 6 BODY[] {3}\r\n"
        for label, data, expected in (
            ("before", [(b"1 (UID 7 BODY[] {9}", raw), b")"], {7: raw}),
            ("after", [(b"1 (BODY[] {9}", raw), b" UID 7 FLAGS (\\Seen))"], {7: raw}),
            (
                "two",
                [(b"1 (UID 7 BODY[] {1}", b"a"), b")", (b"2 (UID 8 BODY[] {1}", b"b"), b")"],
                {7: b"a", 8: b"b"},
            ),
            ("empty", [b'1 (UID 7 BODY[] "")'], {7: b""}),
            ("quoted", [b'1 (BODY[] "say \\"UID 9\\"" UID 7)'], {7: b'say "UID 9"'}),
            ("NIL", [b"1 (UID 7 BODY[] NIL)"], {}),
            ("unasked", [b"1 (FLAGS (\\Seen))", (b"1 (UID 7 BODY[] {1}", b"a"), b")"], {7: b"a"}),
            ("nothing", [None], {}),
        ):
            with self.subTest(label):
                self.assertEqual(read_contents(data), expected)

    @given(st.lists(st.one_of(st.none(), st.binary(), st.tuples(st.binary(), st.binary()))))
    def test_nothing_raises(self, data):
        read_contents(data)
        read_sizes(data)


class TestBatches(BaseCase):
    @given(st.lists(st.integers(0, 2 * MOST_BYTES), max_size=300))
    def test_all_in_their_order_within_the_bounds(self, octets):
        sizes = dict(enumerate(octets))
        divided = list(batches(sizes))
        self.assertEqual([number for batch in divided for number in batch], list(sizes))
        for batch in divided:
            self.assertLessEqual(len(batch), MOST_MAILS)
            if len(batch) > 1:
                self.assertLessEqual(sum(sizes[number] for number in batch), MOST_BYTES)


class TestFolder(BaseCase):
    def test_starts(self):
        for choice, next_uid, criteria in (
            (NOW, 50, "UID 50:*"),
            (ALL, 1, "UID 1:*"),
            (DATE, 1, "UID 1:* OR UID 50:* SINCE 2-Jan-2026"),
        ):
            folder = Folder()
            self.assertFalse(folder.meet(Status(9, 50, 40)))
            self.assertTrue(folder.is_asking)
            folder.start(choice, date(2026, 1, 2))
            with self.subTest(choice):
                self.assertEqual((folder.next_uid, folder.criteria), (next_uid, criteria))
                self.assertTrue(folder.meet(Status(9, 60, 45)))
                self.assertEqual(folder.contact_uid, 50)

    def test_date_means_nothing_for_later_mail(self):
        folder = Folder()
        folder.meet(Status(9, 50, 40))
        folder.start(DATE, date(2026, 1, 2))
        folder.pass_over(49)
        self.assertEqual(folder.criteria, "UID 50:*")
        self.assertFalse(folder.is_importing)

    def test_new_uidvalidity(self):
        """Messages of the days before the last fetch are recognised; older ones are left alone."""
        folder = Folder(
            uidvalidity=9,
            next_uid=60,
            contact_uid=50,
            last_success=date(2026, 5, 10),
        )
        self.assertFalse(folder.meet(Status(10, 20, 19)))
        self.assertFalse(folder.is_asking)
        self.assertEqual(folder.since, date(2026, 5, 10) - OVERLAP)
        self.assertEqual(folder.criteria, "UID 1:* OR UID 20:* SINCE 3-May-2026")

    def test_new_uidvalidity_in_the_middle_of_an_import(self):
        for before in (None, date(2020, 1, 1)):
            folder = Folder(
                uidvalidity=9,
                next_uid=5,
                contact_uid=50,
                since=before,
                last_success=date(2026, 5, 10),
            )
            folder.meet(Status(10, 20, 19))
            self.assertEqual((folder.since, folder.next_uid), (before, 1))

    def test_new_uidvalidity_while_asking(self):
        folder = Folder(uidvalidity=9, is_asking=True, contact_uid=50)
        folder.meet(Status(10, 20, 19))
        self.assertTrue(folder.is_asking)
        self.assertEqual(folder.contact_uid, 20)

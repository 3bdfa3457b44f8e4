"""The messages in an mbox, a Maildir or a folder, and their order."""

import os
import tempfile
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import mail_files
from odoo.addons.mail_postmaster.gateway.mail_files import find_mails

from .properties import given, settings, st


def mail(subject, day=20, body=b"body\n", date=None):
    date = f"Fri, {day} Nov 2026 10:00:00 +0000" if date is None else date
    return f"Subject: {subject}\nDate: {date}\n\n".encode() + body


def mbox(*mails, separator=b"From jane@customer.test Fri Nov 20 10:00:00 2026\n", end=b"\n"):
    return b"".join(separator + raw + end for raw in mails)


class TestMailFiles(BaseCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def read(self, *names):
        return [found.read() for found in find_mails(self.folder / name for name in names or [""])]

    def test_mbox(self):
        mails = [mail("One"), mail("Two", body=b"a\n\nFrom here it goes on.\n\nFrom 9 to 5\n")]
        path = self.write("INBOX", mbox(*mails))
        self.assertEqual(self.read(), mails)
        # The file itself may be named, too.
        self.assertEqual([found.read() for found in find_mails([path])], mails)

    def test_separators_of_programs(self):
        raw = mail("One")
        for separator in (
            b"From - Fri Nov 20 10:00:00 2026\n",
            b"From MAILER-DAEMON Fri Nov 20 10:00:00 2026\n",
            b"From 1234567890@xxx Fri Nov 20 10:00:00 +0000 2026\n",
            b"From jane@customer.test Fri Nov 20 10:00 CET 2026\n",
            b"From jane@customer.test Fri, 20 Nov 2026 10:00:00 +0000\n",
            # Thunderbird since 2024: neither sender nor date.
            b"From \r\n",
            b"From \n",
        ):
            with self.subTest(separator):
                self.write("INBOX", mbox(raw, raw, separator=separator))
                self.assertEqual(self.read(), [raw, raw])

    def test_sentence_with_a_time_is_no_separator(self):
        raw = mail("One", body=b"a\n\nFrom 10:00 to 12:00 nobody is here.\n\nFrom \xe4\n\nFrom\n")
        self.write("INBOX", mbox(raw, raw))
        self.assertEqual(self.read(), [raw, raw])

    def test_mbox_with_line_ends_of_windows(self):
        raw = mail("One").replace(b"\n", b"\r\n")
        separator = b"From - Fri Nov 20 10:00:00 2026\r\n"
        self.write("INBOX", mbox(raw, raw, separator=separator, end=b"\r\n"))
        self.assertEqual(self.read(), [raw, raw])

    def test_quoted_lines(self):
        quoted = mail("One", body=b">From a friend\n>>From two\n> From three\n")
        self.write("INBOX", mbox(quoted))
        self.write("two.eml", quoted)
        plain = mail("One", body=b"From a friend\n>From two\n> From three\n")
        self.assertEqual(sorted(self.read()), sorted([plain, quoted]))

    def test_maildir(self):
        kept = {"cur/1.a:2,S": "One", "new/2.b": "Two", ".Sub/cur/3.c:2,RS": "Three"}
        left = {"cur/4.d:2,ST": "Trash", "cur/5.e:2,D": "Draft", "tmp/6.f": "Unfinished"}
        for name, subject in {**kept, **left}.items():
            self.write(name, mail(subject))
        self.write("maildirfolder", b"")
        self.assertEqual(sorted(self.read()), sorted(mail(subject) for subject in kept.values()))

    def test_folder_of_files(self):
        self.write("a/b/one.EML", mail("One"))
        self.write("a/two.eml", mail("Two"))
        self.write("a/notes.txt", b"From the beginning, no mail")
        self.write("a/archive.mbox", mbox(mail("Three"), mail("Four")))
        (self.folder / "a" / "loop").symlink_to(self.folder)
        found = [mail(subject) for subject in ("Four", "One", "Three", "Two")]
        self.assertEqual(sorted(self.read()), found)

    def test_what_mozilla_has_thrown_away(self):
        kept = b"X-Mozilla-Status: 0001\n" + mail("One")
        gone = b"X-Mozilla-Status: 0009\n" + mail("Two")
        self.write("INBOX", mbox(kept, gone))
        self.assertEqual(self.read(), [kept])

    def test_status_of_mozilla_in_the_text_of_a_mail(self):
        """A message about a deleted message is not deleted."""
        text = b"An old header:\n\nX-Mozilla-Status: 0009\nSubject: x\n"
        kept = [mail("One", body=text), mail("Two", body=text).replace(b"\n", b"\r\n")]
        self.write("INBOX", mbox(*kept))
        self.assertEqual(self.read(), kept)

    def test_oldest_first(self):
        days = (22, 20, 23, 21)
        self.write("INBOX", mbox(*(mail(f"Day {day}", day) for day in days)))
        undated = self.write("undated.eml", mail("No date", date="soon"))
        os.utime(undated, (1795255200, 1795255200))
        found = find_mails([self.folder])
        self.assertEqual([one.date.day for one in found], [20, 21, 21, 22, 23])
        self.assertEqual(found[1].date, datetime(2026, 11, 21, 10))

    def test_odd_files(self):
        self.write("empty.eml", b"")
        self.write("empty.mbox", b"")
        self.write("nothing.mbox", mbox(b""))
        self.write("bytes.eml", bytes(range(256)))
        self.assertEqual(sorted(self.read()), [b"", b"", bytes(range(256)), b"\n"])
        with self.assertRaises(FileNotFoundError):
            self.read("missing")

    def test_file_that_can_not_be_read_holds_up_no_other(self):
        """A mail program has just renamed it: it is found, and reading it fails."""
        self.write("cur/1.a:2,S", mail("One"))
        (self.folder / "cur" / "2.b:2,S").symlink_to("gone")
        (self.folder / "three.eml").symlink_to("gone")
        found = find_mails([self.folder])
        self.assertEqual(found[0].read(), mail("One"))
        for gone in found[1:]:
            with self.assertRaises(FileNotFoundError):
                gone.read()
        self.assertEqual([one.path.name for one in found], ["1.a:2,S", "2.b:2,S", "three.eml"])

    def test_what_is_no_file_is_left_out(self):
        """A pipe would never end."""
        (self.folder / "cur").mkdir()
        os.mkfifo(self.folder / "cur" / "1.a:2,S")
        os.mkfifo(self.folder / "two.eml")
        self.assertEqual(self.read(), [])

    def test_large_mbox_is_read_in_pieces(self):
        """Wherever a chunk ends: each message once, with all its bytes."""
        mails = [mail(f"Number {n}", body=b"x" * n + b"\n\nFrom here\n") for n in range(60)]
        self.write("INBOX", mbox(*mails))
        for chunk in (1200, 1201, 1333, 4096):
            with self.subTest(chunk), patch.object(mail_files, "_CHUNK", chunk):
                self.assertEqual(sorted(self.read()), sorted(mails))

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.binary(max_size=60), min_size=1, max_size=8))
    def test_nothing_is_raised_and_nothing_is_lost(self, contents):
        # What is neither a separator nor a quote stays unchanged.
        mails = [b"A: b\n\n" + text.replace(b"From ", b"from ") + b"\n" for text in contents]
        self.write("INBOX", mbox(*mails))
        self.assertEqual(sorted(self.read()), sorted(mails))

"""A file that could not be written does not prevent the next attempt to write it."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.mail_postmaster.context_keys import ATTEMPT, WHOLE_FILES

CONTENT = b"The content of an attachment."


@tagged("post_install", "-at_install")
class TestFilestore(TransactionCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        attachments = self.env.registry["ir.attachment"]
        self.startPatcher(patch.object(attachments, "_filestore", lambda _self: folder.name))
        self.users = self.env["ir.attachment"]
        self.messages = self.users.with_context(**{ATTEMPT: object()})
        self.checksum = self.users._compute_checksum(CONTENT)
        self.path = self.folder / self.checksum[:2] / self.checksum

    def create(self, attachments):
        return attachments.create({"name": "plan.txt", "raw": CONTENT})

    def leave(self, content):
        """Put a file where that of the attachment belongs."""
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(content)

    def files(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def test_a_write_that_fails_leaves_nothing(self):
        for attachments in (self.messages, self.users.with_context(**{WHOLE_FILES: True})):
            full = patch.object(self.env.registry["ir.attachment"], "_mark_for_gc", autospec=True)
            with full as mark, self.assertRaisesRegex(OSError, "no space"):
                mark.side_effect = OSError("no space")
                self.create(attachments)
            mark.assert_called_once()
            self.assertFalse(self.files())
        self.assertEqual(self.create(self.messages).raw, CONTENT)

    def test_a_file_is_written_under_another_name_and_renamed(self):
        seen = []
        attachments = self.env.registry["ir.attachment"]
        core = attachments._mark_for_gc

        def look(attachment, name):
            seen.extend((path.parent, path.read_bytes()) for path in self.files())
            seen.append(self.path.exists())
            core(attachment, name)

        with patch.object(attachments, "_mark_for_gc", look):
            attachment = self.create(self.messages)
        self.assertEqual(seen, [(self.path.parent, CONTENT), False])
        self.assertEqual(attachment.raw, CONTENT)
        mark = self.folder / "checklist" / self.path.relative_to(self.folder)
        self.assertCountEqual(self.files(), [self.path, mark])

    def test_the_beginning_of_the_content_is_completed(self):
        for length in (0, 1, len(CONTENT) - 1):
            with self.subTest(length=length):
                self.leave(CONTENT[:length])
                self.assertEqual(self.create(self.messages).raw, CONTENT)
                self.assertEqual(self.path.read_bytes(), CONTENT)
                # Removed by core if the transaction is rolled back.
                self.assertTrue((self.folder / "checklist" / self.checksum[:2]).is_dir())

    def test_a_file_of_other_content_is_never_overwritten(self):
        for other in (CONTENT + b"!", CONTENT[:-1] + b"!", b"!", CONTENT[1:]):
            with self.subTest(other=other):
                self.leave(other)
                with self.assertRaisesRegex(UserError, "collides"):
                    self.create(self.messages)
                self.assertEqual(self.path.read_bytes(), other)

    def test_a_whole_file_with_the_same_checksum_is_never_overwritten(self):
        """Even if its content is the beginning of the other one."""
        self.leave(CONTENT[:5])
        attachments = self.env.registry["ir.attachment"]
        with patch.object(attachments, "_compute_checksum", lambda *_content: self.checksum):
            with self.assertRaisesRegex(UserError, "collides"):
                self.create(self.messages)
        self.assertEqual(self.path.read_bytes(), CONTENT[:5])

    def test_a_file_that_cannot_be_completed_stays_as_it_is(self):
        self.leave(CONTENT[:5])
        with patch("os.replace", side_effect=OSError("no space")):
            with self.assertRaisesRegex(OSError, "no space"):
                self.create(self.messages)
        self.assertEqual(self.path.read_bytes(), CONTENT[:5])
        self.assertFalse([path for path in self.files() if len(path.name) > len(self.checksum)])

    def test_an_upload_of_a_user_is_left_to_core(self):
        self.leave(b"")
        with self.assertRaisesRegex(UserError, "collides"):
            self.create(self.users)
        self.assertEqual(self.path.read_bytes(), b"")

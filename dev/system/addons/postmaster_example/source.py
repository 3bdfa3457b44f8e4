from pathlib import Path

from odoo import api, models

from odoo.addons.mail_postmaster.pipeline.submission import Submission


class Folder(models.AbstractModel):
    _name = "postmaster.example.folder"
    _description = "Reads messages from a folder"

    @api.model
    def _read(self, folder):
        """Submit the files of a folder; remove each when it is stored, and not before."""
        for path in sorted(Path(folder).glob("*.eml")):
            submission = Submission(
                raw=path.read_bytes(), entry_model="mail.thread", source="example"
            )
            # It returns after the commit. After an exception the file is still there.
            self.env["mail.postmaster.pipeline"]._hand_over(submission)
            path.unlink()

import os
import uuid
from contextlib import contextmanager, suppress

from odoo import api, models

from ...context_keys import ATTEMPT, UNFINISHED, WHOLE_FILES


class IrAttachment(models.Model):
    """Files of messages are whole or absent, so that a full disk does not prevent a retry.

    Core writes a file under its final name, the checksum of its content. If the disk is full, the
    beginning remains, and core refuses the same content from then on, because it "collides".
    Only what an attempt or the removal of the addon writes is treated differently here: a user's
    upload is left to core.
    """

    _inherit = "ir.attachment"

    def _writes_whole_files(self):
        return ATTEMPT in self.env.context or WHOLE_FILES in self.env.context

    @api.model
    def _file_write(self, bin_value, checksum):
        """Write a file under a temporary name, then rename it.

        Relies on core, which opens the path that ``_get_path`` returns, if there is no such file.
        """
        if not self._writes_whole_files():
            return super()._file_write(bin_value, checksum)
        _name, path = self._get_path(bin_value, checksum)
        with _renamed_to(path) as unfinished:
            writer = self.with_context(**{UNFINISHED: unfinished})
            return super(IrAttachment, writer)._file_write(bin_value, checksum)

    @api.model
    def _get_path(self, bin_data, sha):
        name, path = super()._get_path(bin_data, sha)
        unfinished = self.env.context.get(UNFINISHED)
        # A file that exists is whole, and core leaves it.
        return name, unfinished if unfinished and not os.path.exists(path) else path

    @api.model
    def _same_content(self, bin_data, filepath):
        """Complete a file that has only the beginning of the content that it should have."""
        if super()._same_content(bin_data, filepath):
            return True
        if not self._writes_whole_files() or not self._is_beginning(bin_data, filepath):
            return False
        # Core has not done so, and the transaction may be rolled back.
        self._mark_for_gc("/".join(filepath.split(os.sep)[-2:]))
        with _renamed_to(filepath) as unfinished, open(unfinished, "xb") as file:
            file.write(bin_data)
        return True

    def _is_beginning(self, bin_data, path):
        """Return whether an interrupted write has left a file; a whole one has its own checksum."""
        with open(path, "rb") as file:
            # One byte more than is needed shows that the file is longer.
            found = file.read(len(bin_data) + 1)
        is_beginning = bin_data[: len(found)] == found
        return is_beginning and self._compute_checksum(found) != os.path.basename(path)


@contextmanager
def _renamed_to(path):
    """Yield a temporary path for a file; rename the file at the end, or remove it on failure."""
    unfinished = f"{path}.{uuid.uuid4().hex}"
    try:
        yield unfinished
        # Nothing was written if another process has stored the same content meanwhile.
        with suppress(FileNotFoundError):
            os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise

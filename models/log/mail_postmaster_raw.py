import io
import struct
from collections import deque

from odoo import fields, models

from . import (
    mail_postmaster_exported,  # noqa: F401  what is extended here
    schema,
)

# The part of a large message that is in memory twice while it is read or written.
CHUNK = 4 << 20

# PostgreSQL manual, COPY, binary format: signature, flags, length of the extension;
# each row begins with its number of fields, each field with its length.
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_ROW = struct.Struct("!hiii")
_FIELDS, _INTEGER = 2, 4
_TRAILER = struct.pack("!h", -1)


class MailPostmasterRaw(models.Model):
    """The bytes of received messages, one row per message.

    Read and written bypassing the ORM: a binary field would decode base64, and a statement with the
    message as its parameter takes several times its size in memory and writes the message into the
    server's log if it fails.
    """

    _name = "mail.postmaster.raw"
    _description = "Raw content of received messages"
    _inherit = ["mail.postmaster.exported"]
    _log_access = False

    message_id = fields.Many2one("mail.postmaster.message", required=True, ondelete="cascade")

    _message_unique = models.UniqueIndex("(message_id)")

    def init(self):
        # Not compressed (EXTERNAL): messages are mostly base64, which compresses badly and slowly,
        # and a part can be read without the rest.
        schema.add_columns(self.env.cr, self._table, {"content": "bytea NOT NULL"})
        schema.set_storage(self.env.cr, self._table, "content", "e", "EXTERNAL")

    def _write_contents(self, cr, contents):
        """Store the bytes of messages.

        :param cr: the cursor of the intake
        :param contents: ``(id of the mail.postmaster.message, the message as received)`` of each
        """
        if not contents:
            return
        parts = [_HEADER]
        for mail_id, content in contents:
            parts += (_ROW.pack(_FIELDS, _INTEGER, mail_id, len(content)), content)
        cr.copy_expert(
            "COPY mail_postmaster_raw (message_id, content) FROM STDIN (FORMAT binary)",
            _Concatenation(*parts, _TRAILER),
            size=CHUNK,
        )

    def _read_content(self, mail_id, limit=None):
        """Return the bytes of a message, or None if they were removed.

        :param int mail_id: id of the ``mail.postmaster.message``
        :param limit: about how many bytes of the beginning are enough, or None for all
        """
        content = bytearray()
        while True:
            self.env.cr.execute(
                "SELECT substring(content FROM %s FOR %s), length(content) "
                "FROM mail_postmaster_raw WHERE message_id = %s",
                [len(content) + 1, min(CHUNK, limit or CHUNK), mail_id],
            )
            row = self.env.cr.fetchone()
            if not row:
                return None
            content += row[0]
            if len(content) >= (min(row[1], limit) if limit else row[1]):
                return bytes(content)


class _Concatenation(io.RawIOBase):
    """Consecutive bytes as one file, without copying the large ones."""

    def __init__(self, *parts):
        super().__init__()
        self._parts = deque(memoryview(part) for part in parts if part)

    # The bytes are held here, so the base class is not called.
    def read(self, size=-1):  # pylint: disable=method-required-super
        taken, left = [], size
        while self._parts and left:
            part = self._parts.popleft()
            if 0 <= left < len(part):
                self._parts.appendleft(part[left:])
                part = part[:left]
            taken.append(part)
            left -= len(part) if size >= 0 else 0
        return b"".join(taken)

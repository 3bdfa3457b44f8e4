import hashlib
import hmac
import logging
import re
import secrets
from typing import NamedTuple

from odoo import api, fields, models

from . import (
    mail_postmaster_exported,  # noqa: F401  what is extended here
    schema,
)

_logger = logging.getLogger(__name__)

# The prefix by which secret scanners can recognize a token.
PREFIX = "postmaster"
# The public part is stored as it is, so that a token is found by an index. The secret part has 256
# bits, too many to try, so that one round of a fast digest is enough.
PUBLIC_BYTES = 6
SECRET_BYTES = 32
# Short enough for an administrator who checks whether a source is alive.
NOTE_USE = "1 minute"

_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * PUBLIC_BYTES}}})_([A-Za-z0-9_-]{{1,200}})")
# Compared if there is no such token, so that the check takes equally long.
_NOBODYS = hashlib.sha256(b"").digest()


class Credentials(NamedTuple):
    """The client that posts, identified by its token.

    :param int token_id: id of the ``mail.postmaster.token``
    :param int source_id: id of the ``mail.postmaster.source``
    :param int company_id: its company
    :param user_id: id of the user it acts as, or None
    :param bool refuses: see ``unknown_recipient``
    :param int most_megabytes: of a request
    """

    token_id: int
    source_id: int
    company_id: int
    user_id: int | None
    refuses: bool
    most_megabytes: int


class MailPostmasterToken(models.Model):
    """A secret that identifies a source. Its digest is stored, in no field of the ORM."""

    _name = "mail.postmaster.token"
    _description = "Token of an HTTP source"
    _inherit = ["mail.postmaster.exported"]
    _order = "id desc"
    _rec_name = "public"

    source_id = fields.Many2one(
        "mail.postmaster.source",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    public = fields.Char(
        "Begins with",
        required=True,
        readonly=True,
        help="The part of the token that is not secret and identifies it.",
    )
    last_used = fields.Datetime(readonly=True)
    revoked_at = fields.Datetime("Revoked", readonly=True)

    _public_unique = models.UniqueIndex("(public)")

    def init(self):
        # Not a field: what is in no field cannot be read, exported or written through the ORM.
        schema.add_columns(self.env.cr, self._table, {"digest": "bytea NOT NULL"})

    @api.model
    def _generate(self, source):
        """Return a new token of a source; it cannot be shown again.

        The caller has checked access.
        """
        public, secret = secrets.token_hex(PUBLIC_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        self.env.cr.execute(
            """
            INSERT INTO mail_postmaster_token
                (source_id, public, digest, create_uid, create_date, write_uid, write_date)
            VALUES (%(source)s, %(public)s, %(digest)s, %(uid)s, now() AT TIME ZONE 'UTC',
                %(uid)s, now() AT TIME ZONE 'UTC')
            """,
            {
                "source": source.id,
                "public": f"{PREFIX}_{public}",
                "digest": _digest(secret),
                "uid": self.env.uid,
            },
            log_exceptions=False,
        )
        source.invalidate_recordset(["token_ids"])
        _logger.info("User %s created a token for the HTTP source %s", self.env.uid, source.id)
        return f"{PREFIX}_{public}_{secret}"

    @api.model
    def _authenticate(self, token):
        """Return the :class:`Credentials` of a token, or None.

        :param str token: as the client sent it
        """
        match = _TOKEN.fullmatch(token)
        self.env.cr.execute(
            """
            SELECT token.digest, token.id, source.id, source.company_id, source.user_id,
                source.unknown_recipient = 'refuse', source.most_megabytes
            FROM mail_postmaster_token AS token
            JOIN mail_postmaster_source AS source ON source.id = token.source_id
            WHERE token.public = %s AND token.revoked_at IS NULL AND source.active
            """,
            [f"{PREFIX}_{match[1]}" if match else ""],
        )
        row = self.env.cr.fetchone()
        stored = bytes(row[0]) if row else _NOBODYS
        # The duration does not reveal how much of a token is right.
        is_right = hmac.compare_digest(stored, _digest(match[2] if match else token))
        return Credentials(*row[1:]) if row and is_right else None

    @api.model
    def _looks_like(self, text):
        """Return whether a text looks like a token, valid or not."""
        return bool(_TOKEN.search(text))

    @api.model
    def _note_use(self, token_id):
        """Record that a token was used, after the message was stored.

        Outside the transaction of the request, which has written nothing, so that a message is
        stored in a separate one.
        """
        pipeline = self.env["mail.postmaster.pipeline"]
        joins = pipeline._has_written()
        with pipeline._short_transaction(joins) as cr:
            cr.execute(
                """
                UPDATE mail_postmaster_token SET last_used = now() AT TIME ZONE 'UTC'
                WHERE id = (
                    SELECT id FROM mail_postmaster_token
                    WHERE id = %s AND (
                        last_used IS NULL
                        OR last_used < now() AT TIME ZONE 'UTC' - %s::interval
                    ) FOR UPDATE SKIP LOCKED
                )
                """,
                [token_id, NOTE_USE],
            )

    def action_revoke(self):
        """Revoke these tokens, at once and permanently."""
        self.source_id.check_access("write")
        # No user has write access; the right to write the source was checked above.
        valid = self.sudo().filtered(lambda token: not token.revoked_at)
        valid.write({"revoked_at": self.env.cr.now()})
        _logger.info("User %s revoked the tokens %s", self.env.uid, valid.ids)
        return True


class MailPostmasterTokenShow(models.AbstractModel):
    """The dialog that shows a token once, like that of core for an API key."""

    _name = "mail.postmaster.token.show"
    _description = "Show a new token"

    # Without it the form cannot ask for the default values.
    id = fields.Id()
    token = fields.Char(readonly=True)
    url = fields.Char("URL to post to", readonly=True)


def _digest(secret):
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

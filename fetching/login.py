import imaplib
import re
import sys
from contextlib import contextmanager
from functools import partial

import psycopg2

from odoo import models
from odoo.tools import exception_to_unicode

from ..gateway.error_text import name, safe_error, short_sentence, without_credentials
from ..gateway.mailbox.bounds import ImapBounds

SECRET = re.compile("password|token|secret")


class FetchmailServer(models.Model):
    """Logging in with any password, and errors that do not reveal it.

    Core shows and stores the text of any exception that ends a login or a fetch.
    """

    _inherit = "fetchmail.server"

    def _imap_login__(self, connection):
        """Let core log in with non-ASCII credentials, which the command LOGIN cannot carry."""
        # A connection that core has opened has no limits yet.
        ImapBounds.of(connection)
        if not all(text.isascii() for text in (self.user or "", self.password or "")):
            # Only core's password login calls this method: token logins use authenticate.
            connection.login = partial(self._login_plain, connection)
        return super()._imap_login__(connection)

    def _login_plain(self, connection, user, password):
        """Log in with user and password in UTF-8 (RFC 4616).

        :raises imaplib.IMAP4.error: if the server refuses, or does not support this login
        """
        if "AUTH=PLAIN" not in connection.capabilities:
            raise imaplib.IMAP4.error(
                self.env._(
                    "The user name or the password contains non-ASCII characters, and this server "
                    "does not offer a login method that supports them (AUTH=PLAIN). Use ASCII "
                    "characters only, or enable AUTH=PLAIN on the server."
                )
            )
        credentials = f"\0{user}\0{password}".encode()
        return connection.authenticate("PLAIN", lambda _challenge: credentials)

    # --- errors -----------------------------------------------------------------------

    @contextmanager
    def _safe_errors(self):
        """Re-raise exceptions as :meth:`_safe_error` returns them, without the original one."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  all of them are shown
            raise self._safe_error(error) from None

    def _safe_error(self, error):
        """Return an exception of the same class whose text can be shown and stored."""
        text = self._error_text(error)
        # Other code may compare the exception by identity.
        is_harmless = getattr(error, "is_safe", False) or text == exception_to_unicode(error)
        return error if is_harmless else safe_error(error, text)

    def _error_text(self, error):
        """Return what can be shown of an exception from these servers."""
        try:
            return short_sentence(error, *self._credentials())
        except psycopg2.Error:
            # Unknown credentials cannot be removed from the text.
            return name(error)

    def _without_credentials(self, text):
        """Return a server's response without the credentials that were sent to it."""
        return without_credentials(text, *self._credentials())

    def _credentials(self):
        """Return ``(passwords and tokens, user names)`` of these servers."""
        # To remove them from what is shown to users who may not read them.
        servers = self.sudo()
        names = [
            name
            for name, field in self._fields.items()
            if field.type in ("char", "text") and field.store and SECRET.search(name)
        ]
        secrets = {server[name] for server in servers for name in names}
        return list(filter(None, secrets)), list(filter(None, servers.mapped("user")))

    def _with_safe_error(self, vals):
        """Return values to write, without credentials in the text of an error."""
        if not vals.get("error_message"):
            return vals
        # The text is core's, about the exception that it is handling.
        error, text = sys.exc_info()[1], vals["error_message"]
        is_of_error = error is not None and text == exception_to_unicode(error)
        text = self._error_text(error) if is_of_error else self._without_credentials(text)
        return {**vals, "error_message": text}

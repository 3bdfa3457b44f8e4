import imaplib
import re
import sys
from contextlib import contextmanager
from functools import partial

import psycopg2

from odoo import models
from odoo.tools import exception_to_unicode

from ..gateway.error_text import name, safe_error, short_sentence, without_credentials

SECRET = re.compile("password|token|secret")


class FetchmailServer(models.Model):
    """Logging in with any password, and errors that do not tell it.

    Core shows and stores the text of whatever exception a login or a fetch ends with.
    """

    _inherit = "fetchmail.server"

    def _imap_login__(self, connection):
        """Let core log in with what is not ASCII, which the command LOGIN cannot carry."""
        if not all(text.isascii() for text in (self.user or "", self.password or "")):
            # Core's login alone calls this one: those with a token authenticate.
            connection.login = partial(self._login_plain, connection)
        return super()._imap_login__(connection)

    def _login_plain(self, connection, user, password):
        """Log in with user and password in UTF-8 (RFC 4616).

        :raises imaplib.IMAP4.error: when the server refuses, or has no such login
        """
        if "AUTH=PLAIN" not in connection.capabilities:
            raise imaplib.IMAP4.error(
                self.env._(
                    "The user name or the password has characters outside ASCII, and this server "
                    "does not offer the login that can carry them (AUTH=PLAIN). Use a password of "
                    "ASCII characters, or let the server offer it."
                )
            )
        credentials = f"\0{user}\0{password}".encode()
        return connection.authenticate("PLAIN", lambda _challenge: credentials)

    # --- errors -----------------------------------------------------------------------

    @contextmanager
    def _safe_errors(self):
        """Let exceptions out as :meth:`_safe_error` has them, without the one before."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  all of them are shown
            raise self._safe_error(error) from None

    def _safe_error(self, error):
        """Return an exception of the same kind whose text can be shown and stored."""
        text = self._error_text(error)
        # Others may look for the very exception.
        is_harmless = getattr(error, "is_safe", False) or text == exception_to_unicode(error)
        return error if is_harmless else safe_error(error, text)

    def _error_text(self, error):
        """Return what can be said of an exception of these servers."""
        try:
            return short_sentence(error, *self._credentials())
        except psycopg2.Error:
            # What is not known cannot be left out.
            return name(error)

    def _without_credentials(self, text):
        """Return the words of a server without the credentials that it was given."""
        return without_credentials(text, *self._credentials())

    def _credentials(self):
        """Return ``(passwords and tokens, user names)`` of these servers."""
        # To leave them out of what is shown to those who may not read them.
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
        # Core's, of the exception that it is handling.
        error, text = sys.exc_info()[1], vals["error_message"]
        is_of_error = error is not None and text == exception_to_unicode(error)
        text = self._error_text(error) if is_of_error else self._without_credentials(text)
        return {**vals, "error_message": text}

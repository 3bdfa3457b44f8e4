import imaplib
import poplib
import ssl
from contextlib import contextmanager
from contextvars import ContextVar

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.mail.models import fetchmail

from ..gateway.error_text import short_sentence
from ..gateway.mailbox.bounds import bounded

VERIFY, ANY = "verify", "any"
# The server whose connection this thread is opening; None if core decides how.
_OPENING = ContextVar("mail_postmaster_opening", default=None)


class FetchmailServer(models.Model):
    """TLS of incoming servers: the certificate is verified, and STARTTLS is a choice.

    Core accepts any certificate, so a man in the middle can read the password.
    """

    _inherit = "fetchmail.server"

    certificate_policy = fields.Selection(
        [(VERIFY, "Verify"), (ANY, "Accept any")],
        "Certificate",
        default=VERIFY,
        required=True,
        help="Accept any certificate only if the server has none that this machine trusts: the "
        "password may then be read by a third party.",
    )
    starttls = fields.Boolean(
        "STARTTLS",
        help="Start unencrypted and switch to TLS before the password is sent.",
    )

    # As core does for outgoing servers: access to servers does not include access to their
    # passwords.
    password = fields.Char(groups="base.group_system")

    def _init_column(self, column_name):
        """Let servers from before the addon fetch as they did; a filter of their list shows them.

        This does not use ``write``: core's (19.0) enables or disables the scheduled action that
        fetches, and an administrator may have chosen otherwise, on a copy for example.
        """
        if column_name != "certificate_policy":
            super()._init_column(column_name)
            return
        self.env.cr.execute(
            SQL(
                "UPDATE %(table)s SET certificate_policy = %(value)s "
                "WHERE certificate_policy IS NULL",
                table=SQL.identifier(self._table),
                value=ANY,
            )
        )

    @api.onchange("is_ssl")
    def _onchange_is_ssl(self):
        if self.is_ssl:
            self.starttls = False

    @contextmanager
    def _opening_with_tls(self):
        """Let core and other addons open a connection with the certificate policy and STARTTLS.

        Core offers no way to pass it a TLS context (``_connect__`` of 19.0), so the classes that it
        opens connections with ask for one, see :func:`_steered`.

        :raises ssl.SSLError: naming what is wrong with the certificate
        """
        is_core = self.certificate_policy == ANY and not self.starttls
        token = _OPENING.set(None if is_core else self)
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            # An SSLError, as callers expect.
            raise ssl.SSLError(
                self.env._(
                    "The certificate of %(server)s cannot be trusted: %(problem)s. Install a "
                    "valid certificate there, or accept any certificate for this server.",
                    server=self.server,
                    problem=error.verify_message,
                )
            ) from error
        finally:
            _OPENING.reset(token)

    def _tls_context(self):
        context = ssl.create_default_context()
        if self.certificate_policy == ANY:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _open(self, kind, *arguments, **options):
        """Return a connection of one of core's classes, opened as this server requires.

        :param kind: the class; the others are its arguments
        """
        context = self._tls_context()
        if issubclass(kind, imaplib.IMAP4_SSL):
            return bounded(kind)(*arguments, ssl_context=context, **options)
        if issubclass(kind, poplib.POP3_SSL):
            return bounded(kind)(*arguments, context=context, **options)
        connection = bounded(kind)(*arguments, **options)
        if not self.starttls:
            return connection
        if issubclass(kind, imaplib.IMAP4):
            return _with_starttls(connection, connection.starttls, context, imaplib.IMAP4.error)
        return _with_starttls(connection, connection.stls, context, poplib.error_proto)


def _steered(kind):
    """Return a class of core's connections that opens those of the server in hand as it requires.

    Elsewhere it is the class itself.
    """

    class Steered(kind):
        def __new__(cls, *arguments, **options):
            server = _OPENING.get()
            if server is None:
                return super().__new__(cls)
            # Not of this class, so that it is not initialized again.
            return server._open(kind, *arguments, **options)

    Steered.__name__, Steered.__qualname__ = kind.__name__, kind.__qualname__
    Steered.__module__ = kind.__module__
    return Steered


for _name in ("OdooIMAP4", "OdooIMAP4_SSL", "OdooPOP3", "OdooPOP3_SSL"):
    setattr(fetchmail, _name, _steered(getattr(fetchmail, _name)))


def _with_starttls(connection, switch_on, context, refusal):
    """Return a connection after STARTTLS; close it if STARTTLS fails.

    :raises ssl.SSLError: if the server offers no encryption
    """
    try:
        switch_on(context)
    except refusal as error:
        connection.sock.close()
        raise ssl.SSLError(f"STARTTLS: {short_sentence(error)}") from error
    except OSError:
        connection.sock.close()
        raise
    return connection

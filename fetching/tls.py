import imaplib
import poplib
import ssl

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.mail.models import fetchmail
from odoo.addons.mail.models.fetchmail import MAIL_TIMEOUT

from ..gateway.error_text import short_sentence
from ..gateway.mailbox.bounds import bounded

VERIFY, ANY = "verify", "any"


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

    def _connect_with_tls(self, allow_archived):
        """Return a connection with a verified certificate or with STARTTLS; else None.

        Core offers no way to pass it a TLS context (``_connect__`` of 19.0), so this method opens
        the connection, with core's classes and core's login.

        :raises ssl.SSLError: naming what is wrong with the certificate
        """
        self.ensure_one()
        is_core = self.certificate_policy == ANY and not self.starttls
        kind = self._get_connection_type()
        if is_core or not (self.is_ssl or self.starttls) or kind not in ("imap", "pop"):
            return None
        if not allow_archived and not self.active:
            raise UserError(
                self.env._(
                    'The server "%s" cannot be used because it is archived.',
                    self.display_name,
                )
            )
        try:
            connection = self._open_imap() if kind == "imap" else self._open_pop()
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
        if kind == "imap":
            self._imap_login__(connection)
        else:
            connection.user(self.user)
            connection.pass_(self.password)
        return connection

    def _tls_context(self):
        context = ssl.create_default_context()
        if self.certificate_policy == ANY:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _open_imap(self):
        server, port, context = self.server, int(self.port), self._tls_context()
        if self.is_ssl:
            kind = bounded(fetchmail.OdooIMAP4_SSL)
            return kind(server, port, ssl_context=context, timeout=MAIL_TIMEOUT)
        connection = bounded(fetchmail.OdooIMAP4)(server, port, timeout=MAIL_TIMEOUT)
        return _with_starttls(connection, connection.starttls, context, imaplib.IMAP4.error)

    def _open_pop(self):
        server, port, context = self.server, int(self.port), self._tls_context()
        if self.is_ssl:
            kind = bounded(fetchmail.OdooPOP3_SSL)
            return kind(server, port, context=context, timeout=MAIL_TIMEOUT)
        connection = bounded(fetchmail.OdooPOP3)(server, port, timeout=MAIL_TIMEOUT)
        return _with_starttls(connection, connection.stls, context, poplib.error_proto)


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

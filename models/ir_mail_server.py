from odoo import fields, models

# In the header of a mail between core's composing and its sending: the From it leaves with.
FROM_IN_PLACE = "X-Postmaster-From"
# The return path of what must not be answered (RFC 5321 section 4.5.5).
NULL_SENDER = "<>"


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    takes_null_sender = fields.Boolean(
        "Automatic answers without a return address",
        default=True,
        help="What Postmaster answers leaves with an empty envelope sender, so that nobody "
        "answers it. Untick it for a server that only sends for the address it was logged in "
        "with; then the bounce address is used.",
    )

    def _connect__(self, *args, **kwargs):
        try:
            session = super()._connect__(*args, **kwargs)
        except UnicodeError:
            # It holds what could not be encoded: the name and the password in clear, which core
            # would write on the message and show.
            raise UnicodeError(
                self.env._(
                    "The server's name, the user name or the password has characters that this "
                    "login cannot carry."
                )
            ) from None
        if session and (server_id := kwargs.get("mail_server_id")):
            session.takes_null_sender = self.browse(server_id)._may_send_from_nobody()
        return session

    def _may_send_from_nobody(self):
        # Google and Microsoft send for the account alone.
        return self.takes_null_sender and self.smtp_authentication not in ("gmail", "outlook")

    def _prepare_email_message__(self, message, smtp_session):
        """Send what carries a null return path from nobody, which core takes for no address.

        And what nobody is known to have written, with another From.
        """
        sender = message[FROM_IN_PLACE]
        del message[FROM_IN_PLACE]
        if message["Return-Path"] == NULL_SENDER:
            smtp_from, recipients, message = self._prepare_from_nobody(message, smtp_session)
        else:
            smtp_from, recipients, message = super()._prepare_email_message__(message, smtp_session)
        if sender:
            # Afterwards: core puts there what it has connected for.
            del message["From"]
            message["From"] = sender
        return smtp_from, recipients, message

    def _prepare_from_nobody(self, message, smtp_session):
        del message["Return-Path"]
        # In place of the empty one in the context: core writes answers as the bounce address
        # of the company.
        server = self.with_context(domain_bounce_address=message["From"])
        smtp_from, recipients, message = super(IrMailServer, server)._prepare_email_message__(
            message, smtp_session
        )
        if getattr(smtp_session, "takes_null_sender", True):
            smtp_from = ""
        return smtp_from, recipients, message

from odoo import fields, models

from ...pipeline.notices import NULL_SENDER

# A header field of a message between core's composing and sending: the From to send it with.
FROM_IN_PLACE = "X-Postmaster-From"


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    takes_null_sender = fields.Boolean(
        "Notices without a return address",
        default=True,
        help="Postmaster sends its notices with an empty envelope sender, so that they are not "
        "replied to. Clear this for a server that only accepts the address of its login as "
        "the sender; the bounce address is then used.",
    )

    def _connect__(self, *args, **kwargs):
        try:
            session = super()._connect__(*args, **kwargs)
        except UnicodeError:
            # The error contains what could not be encoded: the name and the password in clear text,
            # which core would write on the message and show.
            raise UnicodeError(
                self.env._(
                    "The server name, the user name or the password contains characters that this "
                    "login method does not support."
                )
            ) from None
        if session and (server_id := kwargs.get("mail_server_id")):
            session.takes_null_sender = self.browse(server_id)._may_send_from_nobody()
        return session

    def _may_send_from_nobody(self):
        # Google and Microsoft send only as the account.
        return self.takes_null_sender and self.smtp_authentication not in ("gmail", "outlook")

    def _prepare_email_message__(self, message, smtp_session):
        """Send messages with a null return path, which core does not take as an address.

        Also send messages of an unauthenticated author with another From.
        """
        sender = message[FROM_IN_PLACE]
        del message[FROM_IN_PLACE]
        if message["Return-Path"] == NULL_SENDER:
            smtp_from, recipients, message = self._prepare_from_nobody(message, smtp_session)
        else:
            smtp_from, recipients, message = super()._prepare_email_message__(message, smtp_session)
        if sender:
            # Only now: core sets From to match the connection.
            del message["From"]
            message["From"] = sender
        return smtp_from, recipients, message

    def _prepare_from_nobody(self, message, smtp_session):
        del message["Return-Path"]
        # In place of the empty one in the context: core sends notices as the bounce address of the
        # company.
        server = self.with_context(domain_bounce_address=message["From"])
        smtp_from, recipients, message = super(IrMailServer, server)._prepare_email_message__(
            message, smtp_session
        )
        if getattr(smtp_session, "takes_null_sender", True):
            smtp_from = ""
        return smtp_from, recipients, message

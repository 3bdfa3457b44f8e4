import logging

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request

from ..gateway.preview import LONGEST_MAIL, preview

_logger = logging.getLogger(__name__)

# No content sniffing, no use by other sites, and no cache.
PRIVATE_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
]

# Nothing is fetched, run, submitted or followed. The frame has an attribute that says the same;
# these headers also apply if the preview is opened in a window of its own.
PREVIEW_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'; sandbox",
    ),
    ("X-DNS-Prefetch-Control", "off"),
    ("Referrer-Policy", "no-referrer"),
    *PRIVATE_HEADERS,
]


class PostmasterMail(http.Controller):
    """The content of a received message, for administrators of its company."""

    @http.route("/postmaster/mail/<int:mail_id>/raw", type="http", auth="user", methods=["GET"])
    def raw(self, mail_id):
        """Download the bytes as they were received; each download is logged."""
        mail = self._mail(mail_id)
        content = self._content(mail)
        # The route also accepts HEAD, which sends no content.
        if request.httprequest.method == "GET":
            self._log_download(mail)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "message/rfc822"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(f"received-mail-{mail.id}.eml")),
                # For a browser that displays it anyway.
                ("Content-Security-Policy", "default-src 'none'; sandbox"),
                *PRIVATE_HEADERS,
            ],
        )

    @http.route(
        "/postmaster/mail/<int:mail_id>/preview",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def preview(self, mail_id):
        """Show the text of a message as a page, whatever its bytes are."""
        mail = self._mail(mail_id)
        words = {
            "empty": mail.env._("This message has no text."),
            "cut": mail.env._("The rest is not shown. Download the message to see it completely."),
        }
        page = preview(self._content(mail, LONGEST_MAIL + 1), words)
        return request.make_response(page, headers=PREVIEW_HEADERS)

    def _mail(self, mail_id):
        """Return the message. A missing one and one of another company raise the same error."""
        mail = request.env["mail.postmaster.message"].browse(mail_id).exists()
        if not mail:
            raise NotFound()
        try:
            mail._check_administrator()
        except AccessError as error:
            raise NotFound() from error
        return mail

    def _log_download(self, mail):
        # No user has the right to write this log.
        mail.env["mail.postmaster.download"].sudo().create(
            {
                "mail_id": mail.id,
                "mail_number": mail.id,
                "message_id": mail.message_id,
                "company_id": mail.company_id.id,
            }
        )
        _logger.info("User %s downloaded received message %s", mail.env.uid, mail.id)

    def _content(self, mail, limit=None):
        # No user may read the model of the raw content; the right to see the message was checked.
        content = mail.env["mail.postmaster.raw"].sudo()._read_content(mail.id, limit)
        if content is None:
            raise NotFound(mail.env._("The content of this message was removed."))
        return content

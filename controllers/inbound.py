import werkzeug.routing

from odoo import SUPERUSER_ID, api, http
from odoo.http import request
from odoo.tools import config

from ..gateway.posted import URLENCODED, NoMail, read_posted, with_return_path
from ..models.log.mail_postmaster_source import PATH
from ..pipeline.submission import POSTED, Submission
from ..policy.guard import COPY, OFF
from .inbound_dispatcher import MEGABYTE, InboundDispatcher, Refused, answer, in_flight

ADDON = "mail_postmaster"
ROUTES = [
    PATH,
    # Mailgun posts the raw message only to URLs that end with this word.
    f"{PATH}/mime",
]
RECIPIENT_FIELD = "X-Postmaster-Recipient"
SENDER_FIELD = "X-Postmaster-Sender"
RECIPIENT, SENDER = "recipient", "sender"
# Each byte of a message may be encoded as three.
URLENCODED_FACTOR = 3

ON_HOLD = {
    COPY: "This database is an unconfirmed copy.",
    OFF: "Postmaster is switched off.",
}
NO_MAIL = {
    "unsupported": (415, "Post the message as message/rfc822, in a form or in a JSON document."),
    "malformed": (400, "The form cannot be read, or is incomplete."),
    "no_field": (415, "No field of the form contains a raw message."),
    "empty": (400, "This request contains no message."),
    "bad_envelope": (400, "The sender or a recipient of the envelope cannot be read."),
}


class PostmasterInbound(http.Controller):
    """The HTTP ingress; docs/ingress.md is its reference."""

    @http.route(
        ROUTES,
        type=InboundDispatcher.routing_type,
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        # A replica may not know yet that a token was revoked.
        readonly=False,
    )
    def inbound(self):
        """Store a message, and respond with 200 once it is committed."""
        if not request.db:
            raise Refused(503, "no_database", "The database cannot be reached or selected.")
        # Before the token, which a copy may not know: a provider drops a message at 401.
        if hold := request.env["mail.postmaster.policy"]._on_hold():
            raise Refused(503, hold, ON_HOLD[hold])
        credentials = self._authenticate()
        most_bytes = self._most_bytes(credentials)
        length = request.httprequest.content_length
        with in_flight.reserved(min(most_bytes if length is None else length, most_bytes)):
            dispatcher = request.dispatcher
            dispatcher.posted = dispatcher.posted or self._read_posted(most_bytes)
            return self._take_in(dispatcher.posted, credentials)

    # --- who -------------------------------------------------------------------------

    def _authenticate(self):
        """Return the ``Credentials`` of the request.

        :raises Refused: 400 for a token in the URL, 401 for a missing or wrong one
        """
        tokens = request.env["mail.postmaster.token"].sudo()
        query = request.httprequest.args.items(multi=True)
        if any(tokens._looks_like(text) for named in query for text in named):
            # It is in the log of every server on the way.
            raise Refused(
                400,
                "token_in_url",
                "Revoke this token and send a new one in the Authorization header.",
            )
        given = _given_token()
        credentials = tokens._authenticate(given) if given else None
        if not credentials:
            raise Refused(401, "unauthorized", "The token is missing or not valid.")
        return credentials

    # --- what ------------------------------------------------------------------------

    def _most_bytes(self, credentials):
        most_bytes = credentials.most_megabytes * MEGABYTE
        is_urlencoded = request.httprequest.mimetype == URLENCODED
        return most_bytes * URLENCODED_FACTOR if is_urlencoded else most_bytes

    def _read_posted(self, most_bytes):
        """Return the ``Posted`` message of the request, with its envelope.

        :raises Refused: if there is none
        """
        headers, query = request.httprequest.headers, request.httprequest.args
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "unsupported", "Post the message without compression.")
        recipients = [_decoded(text) for text in headers.getlist(RECIPIENT_FIELD)]
        sender = headers.get(SENDER_FIELD)
        try:
            return read_posted(
                headers.get("Content-Type", ""),
                request.dispatcher.read_body(most_bytes),
                recipients=recipients or query.getlist(RECIPIENT),
                sender=query.get(SENDER) if sender is None else _decoded(sender),
            )
        except NoMail as error:
            status, text = NO_MAIL[error.code]
            raise Refused(status, error.code, text) from error

    # --- where to --------------------------------------------------------------------

    def _take_in(self, posted, credentials):
        env = api.Environment(request.env.cr, credentials.user_id or SUPERUSER_ID, {}, su=True)
        submission = Submission(
            raw=with_return_path(posted.raw, posted.sender),
            entry_model="mail.thread",
            source=POSTED,
            source_id=credentials.source_id,
            company_id=credentials.company_id,
            recipients=posted.recipients,
            refuses=credentials.refuses,
        )
        try:
            env["mail.postmaster.pipeline"]._hand_over(submission)
        except ValueError as error:
            # Core does everything if this addon has just been switched off, and raises the same
            # if a record cannot be created.
            if not credentials.refuses or env["mail.postmaster.policy"]._on_hold():
                raise
            raise Refused(422, "no_route", "No alias uses this address.") from error
        env["mail.postmaster.token"]._note_use(credentials.token_id)
        return answer(200, "stored", "Stored.")


def _given_token():
    """Return the token of the request: the Bearer token or the password of Basic, or None.

    Providers that support nothing else put it into the URL, as ``https://any:token@host/``,
    which clients send as Basic authentication.
    """
    try:
        authorization = request.httprequest.authorization
    except ValueError:
        # werkzeug handles invalid Base64, but not text that is not ASCII.
        return None
    if authorization is None:
        return None
    if authorization.type == "basic":
        return authorization.password
    return authorization.token if authorization.type == "bearer" else None


def _decoded(text):
    """Return a header field as it was sent: WSGI decodes its bytes as Latin-1 (PEP 3333)."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def answer_without_database():
    """Let the route respond while no database can be reached.

    Core then responds with 404, at which providers drop the message. Without a database it knows
    only the routes of server-wide modules. Once this addon has been loaded for a database, its
    route is known too.
    """
    if ADDON in config["server_wide_modules"]:
        # It may be loaded before other addons, whose routes core is still going to collect.
        return
    for url, endpoint in http._generate_routing_rules([ADDON], nodb_only=True):
        if url in ROUTES:
            http.root.nodb_routing_map.add(
                werkzeug.routing.Rule(url, endpoint=endpoint, methods=["POST"])
            )

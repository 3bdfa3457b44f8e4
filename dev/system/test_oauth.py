"""Servers of google_gmail and microsoft_outlook fetch through our connection.

An HTTP server of the test issues and checks the tokens.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from mails import mail
from setup_gateway import USER, set_up

from environment.dovecot import OAuthDovecot
from environment.processes import LOOPBACK

TOKEN, REFRESH = "token-of-today", "refresh-me"
LIFETIME = 3600


class Endpoint(BaseHTTPRequestHandler):
    """Issue an access token for the refresh token, and tell a server which user it belongs to."""

    def do_GET(self):
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        self.server.asked.append(address.path)
        ends_at = int(time.time()) + LIFETIME
        answers = {
            "/api/mail_oauth/1/gmail_access_token": [TOKEN, ends_at],
            "/api/mail_oauth/1/outlook_access_token": [REFRESH, TOKEN, "id", ends_at],
        }
        if address.path in answers:
            is_good, answer = query.get("refresh_token") == [REFRESH], answers[address.path]
        else:
            is_good, answer = query.get("access_token") == [TOKEN], {"email": USER}
        self.send_response(200 if is_good else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer if is_good else {}).encode())

    def log_message(self, *arguments):
        """Log nothing."""


@pytest.fixture
def endpoint():
    server = ThreadingHTTPServer((LOOPBACK, 0), Endpoint)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def dovecot(endpoint):
    url = f"http://{LOOPBACK}:{endpoint.server_port}/tokeninfo?access_token="
    server = OAuthDovecot("test-oauth", url)
    server.remove()
    yield server.start()
    server.remove()


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        ("gmail", "google_gmail"),
        ("outlook", "microsoft_outlook"),
    ],
)
def test_fetches_with_a_token(database, dovecot, endpoint, kind, prefix):
    dovecot.add_user(USER)
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param(
            f"mail.server.{kind}.iap.endpoint",
            f"http://{LOOPBACK}:{endpoint.server_port}",
        )
        server = env["fetchmail.server"].create(
            {
                "name": kind,
                "server_type": kind,
                "server": dovecot.host,
                "user": USER,
                "port": dovecot.imaps_port,
                "is_ssl": True,
                "certificate_policy": "any",
                f"{prefix}_refresh_token": REFRESH,
                "delivered_folder": "Done",
            }
        )
        server.button_confirm_login()
    assert f"/api/mail_oauth/1/{kind}_access_token" in endpoint.asked
    for number in range(3):
        dovecot.deliver(USER, mail(subject=f"Number {number}"))
    with database.env() as env:
        env["fetchmail.server"].browse(server.id).fetch_mail()
    with database.env() as env:
        assert env["crm.lead"].search_count([]) == 3
        server = env["fetchmail.server"].browse(server.id)
        assert (server.fetch_state, server.new_mail) == ("working", "number")
        # Stored in one batch, by its UIDs.
        assert server.folder_ids.next_uid == 4
        rows = env["mail.postmaster.message"].search([])
        assert len(set(rows.mapped("create_date"))) == 1
        assert set(rows.mapped("state")) == {"delivered"}
    assert not dovecot.stored(USER)
    assert len(dovecot.stored(USER, "Done")) == 3


def test_wrong_token_is_a_failure_that_is_said(database, dovecot, endpoint):
    dovecot.add_user(USER)
    with database.env() as env:
        set_up(env)
        server = env["fetchmail.server"].create(
            {
                "name": "Gmail",
                "server_type": "gmail",
                "server": dovecot.host,
                "user": USER,
                "port": dovecot.imaps_port,
                "is_ssl": True,
                "certificate_policy": "any",
                "google_gmail_access_token": "of-yesterday",
                "google_gmail_access_token_expiration": int(time.time()) + LIFETIME,
                "state": "done",
            }
        )
        assert env["fetchmail.server"].browse(server.id)._fetch_mail()
    with database.env() as env:
        server = env["fetchmail.server"].browse(server.id)
        assert (server.fetch_state, server.failures) == ("failing", 1)
        assert "AUTHENTICATIONFAILED" in server.error_message

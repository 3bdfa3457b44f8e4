"""Shared by the tests of authentication: headers, and results built from a few words."""

from odoo.addons.mail_postmaster.gateway.authentication.field import read_field
from odoo.addons.mail_postmaster.gateway.authentication.results import TRUSTED, Results

OURS = "mail.example.com"
RECEIVED = b"Received: from mx.example.org by mail.example.com; Fri, 20 Nov 2026 10:00:00 +0100\r\n"


def judged(text):
    """Return the results of a trusted server with this value."""
    return Results(TRUSTED, OURS, read_field(f"{OURS}; {text}").results)


def field(text, authserv_id=OURS):
    """Return an Authentication-Results field in bytes."""
    return f"Authentication-Results: {authserv_id}; {text}\r\n".encode()

"""Core's own script for mail servers, ``odoo-mailgate.py``, against a real server."""

import subprocess
import sys

import pytest
from mails import mail
from setup_gateway import set_up

from environment import odoo as odoo_source
from environment.processes import LOOPBACK

EX_OK, EX_NOUSER = 0, 67
LOG = "mail.postmaster.message"


@pytest.fixture
def mailgate(database, odoo_server):
    """Function that passes a message to the script and returns its exit status."""
    with database.env() as env:
        set_up(env)
    server = odoo_server(database)
    script = odoo_source.locate().core_addons / "mail/static/scripts/odoo-mailgate.py"

    def hand_over(raw, user=2, password="admin"):
        return subprocess.run(
            [
                sys.executable,
                script,
                "-d",
                database.name,
                "-u",
                str(user),
                "-p",
                password,
                "--host",
                LOOPBACK,
                "--port",
                str(server.port),
            ],
            input=raw,
            capture_output=True,
            check=False,
            timeout=120,
        ).returncode

    return hand_over


def last_mail(database):
    with database.env() as env:
        row = env[LOG].search([], limit=1)
        return row.state, row.reason_code


def test_good_mail(database, mailgate):
    assert mailgate(mail()) == EX_OK
    assert last_mail(database) == ("delivered", "record_created")


def test_no_route_lets_the_mail_server_refuse(database, mailgate):
    raw = mail(to="nobody@example.com")
    assert mailgate(raw) == EX_NOUSER
    assert last_mail(database) == ("refused", "no_route_refused")
    # The mail server retries the same message once the address exists.
    with database.env() as env:
        env["crm.team"].search([], limit=1).alias_name = "nobody"
    assert mailgate(raw) == EX_OK
    assert last_mail(database) == ("delivered", "record_created")


def test_refused_sender_does_not_get_in_by_trying_again(database, mailgate):
    with database.env() as env:
        env["crm.team"].search([], limit=1).alias_id.alias_contact = "partners"
    raw = mail()
    for _try in range(2):
        assert mailgate(raw) == EX_OK
        assert last_mail(database) == ("refused", "alias_security")
    with database.env() as env:
        assert env[LOG].search_count([]) == 1
        assert not env["crm.lead"].search_count([])
        assert env["mail.message"].search_count([("subject", "like", "was not delivered")]) == 1


def test_mail_stopped_as_a_loop(database, mailgate):
    """Core returns None here, which XML-RPC cannot transmit: the script would exit with 70."""
    with database.env() as env:
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "1")
    assert mailgate(mail()) == EX_OK
    assert mailgate(mail()) == EX_OK
    assert last_mail(database) == ("refused", "sender_limit")


def test_fault_on_a_stored_mail_is_not_the_mail_servers(database, mailgate):
    with database.env() as env:
        env["crm.team"].search([], limit=1).alias_id.alias_defaults = "{'team_id': 999999}"
    assert mailgate(mail()) == EX_OK
    assert last_mail(database) == ("retry", "alias_failed")


def test_unreadable_mail_is_stored(database, mailgate):
    assert mailgate(mail(content_type="text/plain; " + "x*0*=" * 20_000)) == EX_OK
    assert last_mail(database)[0] == "parked"


def test_user_who_is_no_gateway(database, mailgate):
    with database.env() as env:
        user = env["res.users"].create(
            {
                "name": "Clerk",
                "login": "clerk",
                "password": "clerk-password",
                "group_ids": [(6, 0, env.ref("base.group_user").ids)],
            }
        )
    assert mailgate(mail(), user.id, "clerk-password") != EX_OK
    with database.env() as env:
        assert not env[LOG].search_count([])
        env["res.users"].browse(user.id).group_ids += env.ref("mail_postmaster.group_gateway")
    assert mailgate(mail(), user.id, "clerk-password") == EX_OK
    assert last_mail(database) == ("delivered", "record_created")

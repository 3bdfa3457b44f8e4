"""Two users process the same messages again: the second is told, and nothing is done twice."""

import pytest
from mails import mail
from setup_gateway import add_server, set_up

from odoo.exceptions import UserError

LOG = "mail.postmaster.message"


@pytest.fixture
def mails(database, dovecot):
    """Ids of two parked messages whose alias has been created since."""
    with database.env() as env:
        team = set_up(env)
        server_id = add_server(env, dovecot).id
    for number in range(2):
        with database.env(context={"default_fetchmail_server_id": server_id}) as env:
            raw = mail(to="offers@example.com", subject=f"Mail {number}")
            env["mail.thread"].message_process(False, raw)
    with database.env() as env:
        team = env["crm.team"].browse(team.id)
        team.alias_name = "offers"
        found = env[LOG].search([("state", "=", "parked")])
        assert len(found) == 2
        return found.ids


def process(database, mail_id):
    with database.env() as env:
        env[LOG].browse(mail_id).action_process_again()


def test_many_go_on_when_one_was_delivered_meanwhile(database, mails):
    with database.env() as late:
        selected = late[LOG].browse(mails)
        assert selected.mapped("state") == ["parked", "parked"]
        process(database, mails[0])
        assert selected.process_selected() == {"skipped": 1, "delivered": 1}
    with database.env() as env:
        assert env["crm.lead"].search_count([]) == 2


def test_dialog_says_that_the_mail_was_delivered_meanwhile(database, mails):
    with database.env() as env:
        dialog = env["mail.postmaster.redirect"].create(
            {
                "mail_id": mails[0],
                "addresses": "offers@example.com",
            }
        )
    with database.env() as late:
        dialog = late["mail.postmaster.redirect"].browse(dialog.id)
        assert dialog.mail_id.state == "parked"
        process(database, mails[0])
        with pytest.raises(UserError, match="in the meantime"):
            dialog.action_process()
        with pytest.raises(UserError, match="were delivered"):
            dialog.mail_id.action_process_again()
    with database.env() as env:
        assert env["crm.lead"].search_count([]) == 1

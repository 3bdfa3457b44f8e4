"""A message leaves over SMTP with its own return path, which identifies it in a report."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from setup_gateway import recommend, set_up

from environment.places import ROOT

SAMPLE = ROOT / "tests" / "data" / "reports" / "postfix_two_failed.eml"
JANE = "jane@example.org"
COPIES = 4


@pytest.fixture
def sent(database, smtp_sink):
    """``(id of the message, message as sent)`` for a message to Jane."""
    with database.env() as env:
        set_up(env)
        recommend(env)
        env["ir.config_parameter"].set_param("mail.postmaster.return_path", "signed")
        env["ir.mail_server"].create(
            {
                "name": "Out",
                "smtp_host": smtp_sink.host,
                "smtp_port": smtp_sink.port,
            }
        )
        jane = env["res.partner"].create({"name": "Jane", "email": JANE})
        lead = env["crm.lead"].create({"name": "Desks"})
        message = lead.message_post(
            body="Our offer",
            partner_ids=jane.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_from="sales@example.com",
            mail_auto_delete=False,
            force_send=False,
        )
        message.mail_ids.send()
    [mail] = smtp_sink.messages
    return message.id, mail


def receive(database, raw):
    with database.env() as env:
        return env["mail.thread"].message_process(None, raw)


def test_report_of_a_service_that_replaced_the_message_id(database, sent):
    message_id, mail = sent
    assert re.fullmatch(rf"bounce\+{message_id}-[0-9a-f]{{10}}@example\.com", mail.mail_from)
    raw = SAMPLE.read_bytes().replace(b"bounce@example.com", mail.mail_from.encode())
    # Copies from several mailboxes at the same moment.
    with ThreadPoolExecutor(COPIES) as pool:
        list(
            pool.map(
                lambda number: receive(database, b"Received: by mailbox %d\n" % number + raw),
                range(COPIES),
            )
        )
    with database.env() as env:
        log = env["mail.postmaster.message"].search([])
        assert sorted(log.mapped("state")) == ["delivered", *["ignored"] * (COPIES - 1)]
        message = env["mail.message"].browse(message_id)
        assert message.notification_ids.notification_status == "bounce"
        assert message.notification_ids.res_partner_id.message_bounce == 1
        assert env["mail.postmaster.bounce"].search_count([("address", "=", JANE)]) == 1

"""Notices leave by a real SMTP server: sender, company and time."""

import time
from email.utils import formatdate

import pytest
from forks import Fork
from mails import mail
from setup_gateway import recommend, send_by, send_queue, set_up

SLOW = 5
SOON = 2
JANE = "jane@customer.test"


@pytest.fixture
def server(database, smtp_sink):
    """Set up a database with a second company; return the id of its ``ir.mail_server``."""
    with database.env() as env:
        set_up(env)
        branch = env["mail.alias.domain"].create(
            {
                "name": "branch.example",
                "bounce_alias": "returned",
                "catchall_alias": "catchall",
            }
        )
        company = env["res.company"].create({"name": "Branch", "alias_domain_id": branch.id})
        # Set later: a new company with an address is looked up on the internet.
        company.email = "office@branch.example"
        recommend(env)
        return send_by(env, smtp_sink, from_filter="example.com,branch.example").id


def receive(database, to="catchall@branch.example", **fields):
    """Deliver a message, and return how many seconds it took."""
    start = time.monotonic()
    with database.env() as env:
        env["mail.thread"].message_process(False, mail(to=to, date=formatdate(), **fields))
    return time.monotonic() - start


def test_answer_is_from_nobody_and_from_the_company(database, smtp_sink, server):
    receive(database)
    assert not smtp_sink.messages
    send_queue(database)
    [answer] = smtp_sink.messages
    assert answer.mail_from == ""
    assert answer.recipients == [JANE]
    head = answer.raw.partition(b"\r\n\r\n")[0].decode()
    assert "\nAuto-Submitted: auto-replied" in head
    assert "\nX-Auto-Response-Suppress: All" in head
    assert 'From: "MAILER-DAEMON" <returned@branch.example>' in head
    assert "\nReply-To: office@branch.example" in head
    assert "\nReturn-Path" not in head


def test_scheduled_action_is_told(database, smtp_sink, server):
    """A notice does not wait an hour for the scheduled action."""
    receive(database)
    with database.env() as env:
        action = env.ref("mail.ir_cron_mail_scheduler_action")
        assert env["ir.cron.trigger"].search_count([("cron_id", "=", action.id)])


def test_server_that_needs_an_address(database, smtp_sink, server):
    with database.env() as env:
        env["ir.mail_server"].browse(server).takes_null_sender = False
    receive(database)
    send_queue(database)
    [answer] = smtp_sink.messages
    assert answer.mail_from == "returned@branch.example"
    assert b"\nAuto-Submitted: auto-replied" in answer.raw


def locks(database):
    """Return the locks on the addon's tables and on records, without those of this query."""
    return database.query("""
        SELECT relation::regclass, mode FROM pg_locks
        WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND locktype IN ('relation', 'tuple', 'advisory')
            AND (relation IS NULL OR relation::regclass::text ~ '^(mail_postmaster|crm_)')
    """)


def test_slow_mail_server_holds_nobody_up(database, smtp_sink, server):
    smtp_sink.delay = SLOW
    assert receive(database, subject="First") < SOON
    sending = Fork(database, send_queue)
    while not smtp_sink.is_busy:
        time.sleep(0.05)
    assert locks(database) == ""
    # From the same sender, one of the same kind and one that creates a record.
    assert receive(database, subject="Second") < SOON
    assert receive(database, to="sales@example.com", subject="Third") < SOON
    assert sending.is_running()
    assert sending.wait(SLOW * 2)
    with database.env() as env:
        assert env["crm.lead"].search_count([("name", "=", "Third")]) == 1
        assert env["mail.postmaster.message"].search([], order="id").mapped("state") == [
            "refused",
            "refused",
            "delivered",
        ]
    assert len(smtp_sink.messages) == 1

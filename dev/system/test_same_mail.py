"""However often and by whatever route a message arrives, it is delivered once per target."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from forks import Fork, barrier
from mails import mail
from setup_gateway import add_server, set_up

from odoo import SUPERUSER_ID, api

LOG = "mail.postmaster.message"
PROCESSES = 8
ROUNDS = 100

pytestmark = pytest.mark.usefixtures("each_core")


def deliver_together(database, start, raw, context):
    start.wait()
    with database.env(context=context) as env:
        env["mail.thread"].message_process(False, raw)


def deliver_at_once(database, raw, contexts):
    start = barrier(len(contexts))
    forks = [Fork(database, deliver_together, start, raw, context) for context in contexts]
    return [fork.wait(120) for fork in forks]


def leads(database):
    with database.env() as env:
        return env["crm.lead"].search([]).mapped("name")


def log(database, *names):
    with database.env() as env:
        rows = env[LOG].search([], order="id").read(names)
        return [tuple(row[name] for name in names) for row in rows]


def test_eight_processes_hand_over_the_same_mail(database):
    with database.env() as env:
        set_up(env)
    raw = mail(subject="Once")
    assert all(deliver_at_once(database, raw, [{}] * PROCESSES))
    assert leads(database) == ["Once"]
    assert log(database, "state", "reason_code", "failures") == [("delivered", "record_created", 0)]


@pytest.mark.parametrize("policy", ["park", "deliver"])
def test_eight_messages_share_a_message_id(database, policy):
    """Whichever is first, none takes the place of another."""
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.postmaster.duplicate", policy)
    raws = [
        mail(
            subject=f"Order number {number}",
            sender=f"{number}@customer.test",
            message_id="<always@program.test>",
        )
        for number in range(PROCESSES)
    ]
    start = barrier(PROCESSES)
    forks = [Fork(database, deliver_together, start, raw, {}) for raw in raws]
    assert all(fork.wait(120) for fork in forks)
    finish_waiting(database)
    delivered, others = ("delivered", "record_created"), ("parked", "shared_message_id")
    if policy == "deliver":
        assert log(database, "state", "reason_code") == [delivered] * PROCESSES
        assert len(set(leads(database))) == PROCESSES
    else:
        states = sorted(log(database, "state", "reason_code"))
        assert states == [delivered] + [others] * (PROCESSES - 1)
        assert len(leads(database)) == 1


def add_mailboxes(env, dovecot, names):
    """Return incoming servers by name; Dovecot reads its users once a second."""
    for name in names:
        dovecot.add_user(f"{name}@example.com")
    return {
        name: add_server(env, dovecot, user=f"{name}@example.com", name=name).id for name in names
    }


def test_eight_mailboxes_hold_the_same_mail(database, dovecot):
    with database.env() as env:
        set_up(env)
        boxes = add_mailboxes(env, dovecot, [f"box{number}" for number in range(PROCESSES)])
    contexts = [{"default_fetchmail_server_id": server_id} for server_id in boxes.values()]
    assert all(deliver_at_once(database, mail(subject="Once"), contexts))
    # Those that conflicted more than once wait for the scheduled action.
    finish_waiting(database)
    assert leads(database) == ["Once"]
    states = sorted(log(database, "state", "reason_code"))
    assert states == [("delivered", "record_created")] + [("ignored", "duplicate")] * (
        PROCESSES - 1
    )


def test_reply_all_to_alias_and_catchall_is_one_message(database, dovecot):
    with database.env() as env:
        team = set_up(env)
        lead = env["crm.lead"].create(
            {
                "name": "Talk",
                "team_id": team.id,
                "email_from": "jane@customer.test",
            }
        )
        note = lead.message_post(
            body="How are you?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        boxes = add_mailboxes(env, dovecot, ["sales", "catchall"])
        reference = note.message_id
    reply = mail(
        to="sales@example.com, catchall@example.com",
        subject="Re: Talk",
        headers=f"In-Reply-To: {reference}\r\nReferences: {reference}",
    )
    for name in boxes:
        dovecot.deliver(
            f"{name}@example.com", b"Delivered-To: %s@example.com\r\n" % name.encode() + reply
        )
    for server_id in boxes.values():
        with database.env() as env:
            env["fetchmail.server"].browse(server_id).fetch_mail()
    with database.env() as env:
        received = (
            env["crm.lead"]
            .browse(lead.id)
            .message_ids.filtered(lambda message: message.message_type == "email")
        )
        assert len(received) == 1
    assert log(database, "state", "reason_code") == [
        ("delivered", "reply_posted"),
        ("ignored", "duplicate"),
    ]


def test_same_message_id_for_a_second_alias(database, dovecot):
    with database.env() as env:
        set_up(env)
        env["project.project"].create({"name": "Works", "alias_name": "works"})
        boxes = add_mailboxes(env, dovecot, ["sales", "works"])
    body = mail(
        to="everybody@elsewhere.test", subject="For both", message_id="<both@customer.test>"
    )
    for name, server_id in boxes.items():
        dovecot.deliver(
            f"{name}@example.com", b"Delivered-To: %s@example.com\r\n" % name.encode() + body
        )
        with database.env() as env:
            env["fetchmail.server"].browse(server_id).fetch_mail()
        if name == "sales":
            with database.env() as env:
                lead = env["crm.lead"].search([])
                before = (lead.id, lead.write_date, lead.message_ids.ids)
    with database.env() as env:
        lead = env["crm.lead"].search([])
        assert (lead.id, lead.write_date, lead.message_ids.ids) == before
        task = env["project.task"].search([("name", "=", "For both")])
        assert len(task) == 1
        assert (
            task.message_ids.filtered(lambda m: m.message_type == "email").message_id
            == "<both@customer.test>"
        )
    assert log(database, "state", "reason_code") == [("delivered", "record_created")] * 2


def deliver_rounds(database, start, recipient):
    """Deliver one message after the other, each at the same moment as the other process."""
    for number in range(ROUNDS):
        raw = mail(
            to="everybody@elsewhere.test",
            subject=f"Round {number:03}",
            sender=f"{number}@customer.test",
            message_id=f"<round{number}@customer.test>",
        )
        start.wait(60)
        with database.env() as env:
            env["mail.thread"].message_process(
                False, b"Delivered-To: %s@example.com\r\n" % recipient.encode() + raw
            )


def test_one_message_for_two_aliases_by_two_processes_at_once(database):
    with database.env() as env:
        set_up(env)
        env["project.project"].create({"name": "Works", "alias_name": "works"})
    start = barrier(2)
    forks = [Fork(database, deliver_rounds, start, name) for name in ("sales", "works")]
    assert all([fork.wait(300) for fork in forks])
    finish_waiting(database)
    subjects = [f"Round {number:03}" for number in range(ROUNDS)]
    assert sorted(leads(database)) == subjects
    with database.env() as env:
        tasks = env["project.task"].search([("name", "=like", "Round %")])
        assert sorted(tasks.mapped("name")) == subjects
    assert set(log(database, "state", "reason_code")) == {("delivered", "record_created")}


def hold_lock(database, message_id):
    """Take core's lock on a Message-Id, and roll back after a while."""
    from odoo.addons.mail.models.mail_thread import MailThread

    with database.registry.cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {})
        values = {"message_id": message_id}
        with (
            patch.object(MailThread, "message_parse", lambda *_args, **_options: values),
            patch.object(MailThread, "_detect_loop_headers", lambda *_args: True),
        ):
            # Bypassing the addon, as core alone would process it.
            MailThread.message_process(env["mail.thread"], False, mail())
        yield
        cursor.rollback()


def test_a_holder_of_the_message_id_that_rolls_back(database):
    with database.env() as env:
        set_up(env)
    holder = contextmanager(hold_lock)(database, "<held@customer.test>")
    with holder, database.env() as env:
        env["mail.thread"].message_process(
            False, mail(subject="Held", message_id="<held@customer.test>")
        )
    assert leads(database) == ["Held"]
    assert log(database, "state", "reason_code") == [("delivered", "record_created")]


def finish_waiting(database):
    """Process waiting messages, as the scheduled action does some minutes later."""
    database.query(
        "UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute' "
        "WHERE state IN ('received', 'retry')"
    )
    with database.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()

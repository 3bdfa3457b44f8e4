"""However often and by however many ways a mail arrives, each target is served once."""

from forks import Fork, barrier
from mails import mail
from setup_gateway import add_server, set_up

LOG = "mail.postmaster.message"
PROCESSES = 8


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
    database.query("UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute'")
    with database.env() as env:
        # Those that met each other more than once wait for the scheduled action.
        env["mail.postmaster.pipeline"]._cron_process()
    assert leads(database) == ["Once"]
    states = sorted(log(database, "state", "reason_code"))
    assert states == [("delivered", "record_created")] + [("ignored", "duplicate")] * (
        PROCESSES - 1
    )


def test_reply_all_to_alias_and_catchall_is_one_message(database, dovecot):
    with database.env() as env:
        team = set_up(env)
        lead = env["crm.lead"].create({
            "name": "Talk", "team_id": team.id, "email_from": "jane@customer.test",
        })
        note = lead.message_post(
            body="How are you?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        boxes = add_mailboxes(env, dovecot, ["sales", "catchall"])
        reference = note.message_id
    reply = mail(
        to="sales@example.com, catchall@example.com", subject="Re: Talk",
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
        received = env["crm.lead"].browse(lead.id).message_ids.filtered(
            lambda message: message.message_type == "email"
        )
        assert len(received) == 1
    assert log(database, "state", "reason_code") == [
        ("delivered", "reply_posted"), ("ignored", "duplicate"),
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

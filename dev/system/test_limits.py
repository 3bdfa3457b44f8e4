"""The limits hold exactly when many processes deliver at once, on every route."""

from email.utils import formatdate

from forks import Fork, barrier
from mails import mail
from setup_gateway import recommend, send_by, send_queue, set_up

LOG = "mail.postmaster.message"
PROCESSES, EACH = 8, 5
MAILS = PROCESSES * EACH
THRESHOLD = 20
SENDER = "jane@customer.test"


def deliver_together(database, start, model, context, mails):
    start.wait()
    for raw in mails:
        with database.env(context=context) as env:
            env["mail.thread"].message_process(model, raw)


def deliver_at_once(database, mails, model=False, context=None):
    """Deliver messages from several processes, then process those that met a conflict."""
    start = barrier(PROCESSES)
    forks = [
        Fork(
            database,
            deliver_together,
            start,
            model,
            context or {},
            mails[number::PROCESSES],
        )
        for number in range(PROCESSES)
    ]
    assert all([fork.wait(120) for fork in forks])
    database.query("UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute'")
    with database.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()


def recommended(database, smtp_sink, **parameters):
    """Set up a database with the recommended preset; return the id of the sales team."""
    with database.env() as env:
        team = set_up(env)
        send_by(env, smtp_sink)
        recommend(env)
        for name, value in parameters.items():
            env["ir.config_parameter"].set_param(name.replace("_", "."), str(value))
        return team.id


def many(count=MAILS, sender=SENDER, **fields):
    return [
        mail(subject=f"Mail {number}", sender=sender, date=formatdate(), **fields)
        for number in range(count)
    ]


def outcomes(database):
    """Return the number of messages by state and reason."""
    with database.env() as env:
        groups = env[LOG]._read_group([], ["state", "reason_code"], ["__count"])
        return {(state, code): count for state, code, count in groups}


def made(database, model):
    with database.env() as env:
        return env[model].search_count([("create_date", "!=", False), ("name", "like", "Mail ")])


def notices(smtp_sink):
    return [sent for sent in smtp_sink.messages if sent.recipients == [SENDER]]


# --- Messages of one sender ---------------------------------------------------------


def check_limit(database, smtp_sink, model, code):
    assert made(database, model) == THRESHOLD
    assert outcomes(database) == {
        ("delivered", code): THRESHOLD,
        ("refused", "sender_limit"): MAILS - THRESHOLD,
    }
    send_queue(database)
    [notice] = notices(smtp_sink)
    assert notice.mail_from == ""
    assert b"\nAuto-Submitted: auto-replied" in notice.raw


def test_alias(database, smtp_sink):
    recommended(database, smtp_sink)
    deliver_at_once(database, many())
    check_limit(database, smtp_sink, "crm.lead", "record_created")


def test_model_without_an_email_field(database, smtp_sink):
    recommended(database, smtp_sink)
    with database.env() as env:
        project = env["project.project"].create({"name": "Works"})
        assert env["project.milestone"]._mail_get_primary_email_field() is None
        env["mail.alias"].create(
            {
                "alias_name": "milestones",
                "alias_domain_id": env.company.alias_domain_id.id,
                "alias_model_id": env["ir.model"]._get_id("project.milestone"),
                "alias_defaults": repr({"project_id": project.id}),
            }
        )
    deliver_at_once(database, many(to="milestones@example.com"))
    check_limit(database, smtp_sink, "project.milestone", "record_created")


def test_fallback_model_of_an_incoming_server(database, smtp_sink):
    recommended(database, smtp_sink)
    with database.env() as env:
        server = env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "server_type": "imap",
                "object_id": env["ir.model"]._get_id("crm.lead"),
            }
        )
        context = {"default_fetchmail_server_id": server.id}
    deliver_at_once(database, many(to="shop@elsewhere.test"), "crm.lead", context)
    check_limit(database, smtp_sink, "crm.lead", "fallback_created")


def test_replies_are_all_posted(database, smtp_sink):
    team_id = recommended(database, smtp_sink)
    with database.env() as env:
        lead = env["crm.lead"].create(
            {
                "name": "Talk",
                "team_id": team_id,
                "email_from": SENDER,
            }
        )
        reader = env["res.partner"].create({"name": "Reader", "email": "reader@partner.test"})
        lead.message_subscribe(reader.ids)
        note = lead.message_post(
            body="How are you?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        lead_id, reference = lead.id, note.message_id
    send_queue(database)
    smtp_sink.messages.clear()
    deliver_at_once(database, many(headers=f"In-Reply-To: {reference}\r\nReferences: {reference}"))
    assert outcomes(database) == {("delivered", "reply_posted"): MAILS}
    with database.env() as env:
        posted = (
            env["crm.lead"]
            .browse(lead_id)
            .message_ids.filtered(lambda message: message.message_type == "email")
        )
        assert len(posted) == MAILS
        assert len(posted.filtered("notification_ids")) == THRESHOLD
    send_queue(database)
    assert [sent.recipients for sent in smtp_sink.messages] == [["reader@partner.test"]] * THRESHOLD


# --- Records of one alias -----------------------------------------------------------


def test_records_of_an_alias(database, smtp_sink):
    recommended(database, smtp_sink, mail_incoming_limit_alias=3)
    mails = [
        mail(subject=f"Mail {number}", sender=f"c{number}@customer.test", date=formatdate())
        for number in range(PROCESSES * 2)
    ]
    deliver_at_once(database, mails)
    assert made(database, "crm.lead") == 3
    assert outcomes(database) == {
        ("delivered", "record_created"): 3,
        ("parked", "record_limit"): len(mails) - 3,
    }
    with database.env() as env:
        waiting = env[LOG].search([("state", "=", "parked")], limit=1)
        subject = waiting.subject
        waiting.action_process_again()
    assert outcomes(database)["delivered", "record_created"] == 4
    with database.env() as env:
        assert env["crm.lead"].search_count([("name", "=", subject)]) == 1
    send_queue(database)
    assert not smtp_sink.messages

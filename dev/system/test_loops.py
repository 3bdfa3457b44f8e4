"""Programs that reply to each other over real SMTP: it ends, and no message of a person is lost."""

from email.utils import formatdate

import pytest
from mails import mail
from post_office import OdooParty, Person, PostOffice, Robot, send

HERE, THERE, ROBOT, PEOPLE = "here.example", "there.example", "robot.example", "people.example"
JANE = f"jane@{PEOPLE}"
MOST_EACH_WAY = 3
THRESHOLD = 5


@pytest.fixture
def office(smtp_sink):
    return PostOffice(smtp_sink)


@pytest.fixture
def here(office, database):
    return office.add(HERE, OdooParty(database, HERE, office.sink))


@pytest.fixture
def there(office, other_database):
    return office.add(THERE, OdooParty(other_database, THERE, office.sink))


@pytest.fixture
def people(office):
    return office.add(PEOPLE, Person())


def write(office, sender, to, subject="A person wrote", **fields):
    """Write a message as a person, and wait until the mail system is quiet."""
    send(
        office.sink,
        sender,
        to,
        mail(
            sender=sender,
            to=to,
            subject=subject,
            date=formatdate(),
            **fields,
        ),
    )
    office.run()


def counts(office):
    """Return how many messages went to each database."""
    return [len(office.sent_to(domain)) for domain in (HERE, THERE)]


def acknowledge(party):
    """Make tasks@ create tasks, and reply to each with a template from that same address.

    Core finds no conversation by the id of such a reply: if a template has a Reply-To, the id
    contains ``reply_to`` and is skipped. A reply to it creates another task.
    """
    with party.env() as env:
        template = env["mail.template"].create(
            {
                "name": "Acknowledgement",
                "model_id": env["ir.model"]._get_id("project.task"),
                "subject": "We work on {{ object.name }}",
                "body_html": "<p>Thank you.</p>",
                "email_from": f"tasks@{party.domain}",
                "reply_to": f"tasks@{party.domain}",
                "use_default_to": True,
            }
        )
        stage = env["project.task.type"].create({"name": "New", "mail_template_id": template.id})
        env["project.project"].create(
            {
                "name": "Works",
                "alias_name": "tasks",
                "type_ids": [(6, 0, stage.ids)],
            }
        )


def tasks(party):
    with party.env() as env:
        project = env["project.project"].search([("alias_name", "=", "tasks")])
        return project.task_ids.sorted("id").mapped("name")


def sales_alias(env):
    return env["crm.team"].search([("alias_name", "=", "sales")]).alias_id


# --- Two databases ------------------------------------------------------------------


def test_acknowledgement_meets_acknowledgement(office, here, there, people):
    acknowledge(here)
    acknowledge(there)
    write(office, f"tasks@{THERE}", f"tasks@{HERE}")
    assert counts(office) == [1, 1]
    assert here.log() == [(f"tasks@{THERE}", "delivered", "record_created")]
    assert there.log() == [(f"tasks@{HERE}", "ignored", "auto_reply_ignored")]
    write(office, JANE, f"tasks@{HERE}", "A question")
    assert tasks(here) == ["A person wrote", "A question"]
    [answer] = people.received
    assert answer["Subject"] == "We work on A question"
    assert answer["Auto-Submitted"] == "auto-replied"


def test_both_accept_what_programs_write(office, here, there):
    """The policy then creates records of it, but still sends no notice."""
    for party in (here, there):
        acknowledge(party)
        with party.env() as env:
            env["ir.config_parameter"].set_param("mail.postmaster.autoreply", "accept")
    write(office, f"tasks@{THERE}", f"tasks@{HERE}")
    assert counts(office) == [1, 1]
    assert tasks(here) == ["A person wrote"]
    assert tasks(there) == ["We work on A person wrote"]


def test_catchall_meets_catchall(office, here, there):
    write(office, f"catchall@{THERE}", f"catchall@{HERE}")
    assert counts(office) == [1, 1]
    assert here.log() == [(f"catchall@{THERE}", "refused", "catchall")]
    assert there.log() == [(f"bounce@{HERE}", "ignored", "loop_notice_reply")]


def test_refusal_meets_refusal(office, here, there):
    for party in (here, there):
        with party.env() as env:
            sales_alias(env).alias_contact = "partners"
    write(office, f"sales@{THERE}", f"sales@{HERE}")
    assert counts(office) == [1, 1]
    assert here.log() == [(f"sales@{THERE}", "refused", "alias_security")]
    # A refusal is a report on a message; this one was written by hand.
    assert there.log() == [(f"bounce@{HERE}", "ignored", "report_unmatched")]


def test_refusal_meets_vacation_responder(office, here, there, people):
    with there.env() as env:
        user = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Away",
                    "login": "away",
                    "email": f"away@{PEOPLE}",
                }
            )
        )
        user.write({"out_of_office_from": "2020-01-01", "out_of_office_message": "<p>Away</p>"})
        alias = sales_alias(env)
        alias.alias_defaults = repr({"user_id": user.id, "team_id": alias.alias_parent_thread_id})
    with here.env() as env:
        sales_alias(env).alias_contact = "partners"
    write(office, f"sales@{HERE}", f"sales@{THERE}")
    assert counts(office) == [1, 1]
    assert there.log() == [(f"sales@{HERE}", "delivered", "record_created")]
    # The responder cannot be notified.
    assert here.log() == [(f"notifications@{THERE}", "parked", "alias_security")]
    # The absent person was notified of the lead, and is the only one.
    [told] = people.received
    assert told["To"].addresses[0].addr_spec == f"away@{PEOPLE}"
    # The refusal of a person's message does not trigger the responder.
    write(office, f"sales@{THERE}", f"sales@{HERE}")
    assert counts(office) == [2, 2]
    assert there.log()[1:] == [(f"bounce@{HERE}", "ignored", "report_unmatched")]


# --- A program that does not identify itself ----------------------------------------


@pytest.mark.parametrize("quotes_id", [False, True])
def test_robot_that_always_answers(office, here, people, quotes_id):
    acknowledge(here)
    with here.env() as env:
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", str(THRESHOLD))
    robot = office.add(ROBOT, Robot(f"robot@{ROBOT}", office.sink, quotes_id))
    write(office, robot.address, f"tasks@{HERE}")
    assert len(tasks(here)) == THRESHOLD
    assert here.log()[: THRESHOLD + 1] == [
        *[(robot.address, "delivered", "record_created")] * THRESHOLD,
        (robot.address, "refused", "sender_limit"),
    ]
    sent = [one for one in office.sent_to(ROBOT) if b"From: MAILER-DAEMON@relay" not in one.raw]
    acknowledgements, notices = sent[:THRESHOLD], sent[THRESHOLD:]
    assert all(b"We work on" in one.raw for one in acknowledgements)
    [notice] = notices
    assert b"many times" in notice.raw
    check_that_people_are_heard(office, here, people, robot)


def check_that_people_are_heard(office, here, people, robot):
    """Others write as ever, and a message of a person who uses the robot's address is not lost."""
    write(office, JANE, f"tasks@{HERE}", "A question")
    assert tasks(here)[-1] == "A question"
    assert len(people.received) == 1
    with here.env() as env:
        refused = env["mail.postmaster.message"].search([("reason_code", "=", "sender_limit")])
        assert set(refused.mapped("email_normalized")) == {robot.address}
        refused[-1].action_process_again()
    assert len(tasks(here)) == THRESHOLD + 2


def test_robot_above_the_limit_gets_one_answer_in_all(office, here):
    """Whatever address it writes to next: another kind of notice would only continue the loop."""
    with here.env() as env:
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "1")
    robot = office.add(ROBOT, Robot(f"robot@{ROBOT}", office.sink))
    for address in ("sales", "sales", "catchall"):
        write(office, robot.address, f"{address}@{HERE}", address)
    notices = [one for one in office.sent_to(ROBOT) if b"was not delivered" in one.raw]
    assert len(notices) == 1
    assert (robot.address, "refused", "catchall") in here.log()

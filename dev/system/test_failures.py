"""Failures during failures: nothing is lost, duplicated or recorded wrongly."""

from email.utils import formatdate
from unittest.mock import patch

import psycopg2
import pytest
from mails import mail
from psycopg2 import errors
from setup_gateway import recommend, set_up

LOG = "mail.postmaster.message"
BROKEN = "{'team_id': 999999}"


@pytest.fixture
def gateway(database):
    with database.env() as env:
        set_up(env)
        env["project.project"].create({"name": "Works", "alias_name": "works"})
    return Gateway(database)


class Gateway:
    def __init__(self, database):
        self.database = database

    def receive(self, raw, **context):
        with self.database.env(context=context) as env:
            return env["mail.thread"].message_process(False, raw)

    def run_cron(self):
        self.database.query(
            "UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute' "
            "WHERE state IN ('received', 'retry')"
        )
        with self.database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()

    def log(self, *names):
        with self.database.env() as env:
            rows = env[LOG].search([], order="id").read(names)
            return [tuple(row[name] for name in names) for row in rows]

    def set_defaults(self, name, defaults):
        with self.database.env() as env:
            env["mail.alias"].search([("alias_name", "=", name)]).alias_defaults = defaults

    def count(self, model):
        with self.database.env() as env:
            return env[model].search_count([("name", "=", "Hello")])


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "(" * 2000 + " jane@x.test"},
        {"subject": "=?utf-7?Q?Hi+2AA-?="},
        {"subject": "=?unicode_escape?Q?=5Cud800?="},
        {"message_id": f"<{'m' * 5000}@x.test>"},
    ],
    ids=["comments", "utf-7", "half a character", "long id"],
)
def test_odd_header_is_stored(gateway, fields):
    raw = mail(**fields)
    gateway.receive(raw)
    [(mail_id, state)] = gateway.log("id", "state")
    assert state in ("delivered", "parked")
    with gateway.database.env() as env:
        assert env["mail.postmaster.raw"]._read_content(mail_id) == raw


def test_mail_is_stored_without_a_header_that_can_not_be(gateway):
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    original = pipeline._intake_values

    def intake_values(self, *arguments):
        return {**original(self, *arguments), "subject": "half \ud800 a character"}

    raw = mail()
    with patch.object(pipeline, "_intake_values", intake_values):
        gateway.receive(raw)
    assert gateway.log("state", "subject") == [("delivered", False)]


def test_different_mails_with_long_message_ids(gateway):
    for end in "ab":
        gateway.receive(mail(message_id=f"<{'m' * 3000}{end}@x.test>"))
    assert gateway.count("crm.lead") == 2


def test_commit_that_went_through_although_it_reported_an_error(gateway):
    """One alias delivered, the other broken, and the connection lost right after the commit."""
    gateway.set_defaults("works", "{'project_id': 999999}")
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    original, lost = pipeline._record_outcome, []

    def record_outcome(self, attempt):
        original(self, attempt)

        @self.env.cr.postcommit.add
        def lose_the_connection():
            lost.append(1)
            raise errors.AdminShutdown("terminating connection")

    with patch.object(pipeline, "_record_outcome", record_outcome):
        gateway.receive(mail(to="sales@example.com, works@example.com"))
    assert lost
    assert gateway.log("state", "reason_code", "failures") == [("retry", "alias_failed", 1)]
    gateway.set_defaults("works", "{}")
    gateway.run_cron()
    assert gateway.count("crm.lead") == 1


@pytest.mark.parametrize("defaults", ["{'company_id': True}", "{'company_id': 987654}"])
def test_company_that_is_none(gateway, defaults):
    gateway.set_defaults("sales", defaults)
    gateway.receive(mail())
    [(state, reason_code)] = gateway.log("state", "reason_code")
    assert (state, reason_code) in (("delivered", "record_created"), ("retry", "alias_failed"))


def test_failure_of_the_bookkeeping(gateway):
    """Neither company nor notice can be determined: the reason is recorded anyway."""
    gateway.set_defaults("sales", BROKEN)
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    with patch.object(pipeline, "_company_id", side_effect=TypeError):
        assert gateway.receive(mail()) is False
    assert gateway.log("state", "reason_code", "failures") == [("retry", "alias_failed", 1)]


def test_answer_that_can_not_be_made(gateway):
    with gateway.database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.retry.minutes", "1")
    gateway.set_defaults("sales", BROKEN)
    thread = gateway.database.registry["mail.thread"]
    with patch.object(thread, "_routing_create_bounce_email", side_effect=TypeError):
        gateway.receive(mail())
        gateway.run_cron()
    assert gateway.log("state", "reason_code", "attempts") == [("parked", "alias_failed", 2)]


def test_notice_about_a_broken_alias_repeats_nothing(gateway):
    with gateway.database.env() as env:
        recommend(env)
        env["ir.config_parameter"].set_param("mail.postmaster.retry.minutes", "1")
    gateway.set_defaults("sales", BROKEN)
    gateway.receive(mail(subject="Pills", date=formatdate()))
    gateway.run_cron()
    assert gateway.log("state", "reason_code") == [("parked", "alias_failed")]
    with gateway.database.env() as env:
        notice = env["mail.mail"].search([], order="id desc", limit=1)
        assert notice.email_to == "jane@customer.test"
        assert notice.subject == "Your message was not delivered"
        assert "Pills" not in notice.body_html


def test_one_mail_does_not_hold_up_those_behind_it(gateway):
    gateway.set_defaults("sales", BROKEN)
    for _number in range(2):
        gateway.receive(mail())
    gateway.set_defaults("sales", "{}")
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    original, seen = pipeline._read_row, []

    def read_row(self, mail_id):
        seen.append(mail_id)
        if len(seen) == 1:
            raise TypeError
        return original(self, mail_id)

    with patch.object(pipeline, "_read_row", read_row):
        gateway.run_cron()
    assert [state for (state,) in gateway.log("state")] == ["retry", "delivered"]


def test_conflict_that_lasts_says_nothing_about_the_alias(gateway):
    with gateway.database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.retry.minutes", "1")
    lead = gateway.database.registry["crm.lead"]
    with patch.object(lead, "message_new", side_effect=errors.SerializationFailure):
        gateway.receive(mail())
        gateway.run_cron()
    assert gateway.log("state", "reason_code") == [("parked", "conflict")]
    with gateway.database.env() as env:
        assert env["mail.alias"].search([("alias_name", "=", "sales")]).alias_status != "invalid"
        assert not env["mail.message"].search_count(
            [("subject", "in", ("Re: Hello", "Your message was not delivered"))]
        )


@pytest.mark.parametrize("first_state", ["retry", "parked"])
def test_copy_takes_the_place_of_one_that_was_not_delivered(gateway, first_state):
    raw = mail()
    gateway.set_defaults("sales", BROKEN)
    gateway.receive(raw)
    gateway.database.query(f"UPDATE mail_postmaster_message SET state = '{first_state}'")
    gateway.set_defaults("sales", "{}")
    gateway.receive(b"Received: from elsewhere\r\n" + raw)
    assert gateway.log("state", "reason_code") == [
        ("ignored", "superseded"),
        ("delivered", "record_created"),
    ]
    gateway.run_cron()
    assert gateway.count("crm.lead") == 1


def test_sender_who_may_write_by_now_sends_again(gateway):
    with gateway.database.env() as env:
        alias = env["mail.alias"].search([("alias_name", "=", "sales")])
        alias.alias_contact = "partners"
    raw = mail()
    gateway.receive(raw)
    with gateway.database.env() as env:
        env["mail.alias"].browse(alias.id).alias_contact = "everyone"
    gateway.receive(b"Received: from elsewhere\r\n" + raw)
    assert gateway.log("state", "reason_code") == [
        ("refused", "alias_security"),
        ("delivered", "record_created"),
    ]


def test_delivery_that_was_planned_and_given_up_is_gone(gateway):
    gateway.set_defaults("sales", BROKEN)
    gateway.receive(mail())
    with gateway.database.env() as env:
        row = env[LOG].search([])
        env["mail.postmaster.pipeline"]._process_again(
            row.id, {"addressed_to": ["works@example.com"]}
        )
    with gateway.database.env() as env:
        row = env[LOG].search([])
        assert row.state == "delivered"
        assert row.delivery_ids.mapped("state") == ["delivered"]


def test_long_list_of_recipients_makes_a_short_reason(gateway):
    many = ", ".join(f"nobody{number}@example.com" for number in range(1000))
    with pytest.raises(ValueError, match="No possible route"):
        gateway.receive(mail(to=many))
    [(reason,)] = gateway.log("reason")
    assert len(reason) < 500


def test_what_is_no_mail_is_refused_before_anything_is_stored(gateway):
    for nonsense in (7, 10**11, None, [b"x"]):
        with pytest.raises(TypeError):
            gateway.receive(nonsense)
    assert not gateway.log("id")


def test_server_that_is_gone(gateway):
    gateway.receive(mail(), default_fetchmail_server_id=987654)
    assert gateway.log("state", "fetchmail_server_id") == [("delivered", False)]


def test_intake_that_fails_is_not_the_callers_success(gateway):
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    with patch.object(pipeline, "_store", side_effect=errors.AdminShutdown("gone")):
        with pytest.raises(psycopg2.OperationalError):
            gateway.receive(mail())

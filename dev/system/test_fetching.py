"""A message that cannot be processed is kept, explained, and processed once when possible.

Real Dovecot, IMAP and POP3, core's own fetcher, real commits.
"""

import sys
import threading
from contextlib import suppress
from unittest.mock import patch

import pytest
from mails import mail, nested
from proxy import Proxy
from psycopg2 import errors
from setup_gateway import USER, add_server, set_up

LOG = "mail.postmaster.message"


@pytest.fixture(params=["imap", "pop"])
def kind(request):
    return request.param


@pytest.fixture
def gateway(database, dovecot, kind):
    """A database with one mailbox that receives messages for all addresses."""
    with database.env() as env:
        set_up(env)
        server = add_server(env, dovecot, kind)
    return Gateway(database, dovecot, server.id, kind)


class Gateway:
    def __init__(self, database, dovecot, server_id, kind):
        self.database = database
        self.dovecot = dovecot
        self.server_id = server_id
        self.kind = kind

    def fetch(self):
        with self.database.env() as env:
            env["fetchmail.server"].browse(self.server_id).fetch_mail()

    def receive(self, *raws):
        for raw in raws:
            self.dovecot.deliver(USER, raw)
        self.fetch()

    def is_acknowledged(self):
        """Return whether the mailbox has nothing left that the next fetch would take."""
        left = self.dovecot.stored(USER)
        return all("S" in kept.flags for kept in left) if self.kind == "imap" else not left

    def log(self, *names):
        with self.database.env() as env:
            return [
                tuple(row[name] for name in names)
                for row in env[LOG].search([], order="id").read(names)
            ]

    def raw(self, index=0):
        with self.database.env() as env:
            mails = env[LOG].search([], order="id")
            return env["mail.postmaster.raw"]._read_content(mails[index].id)

    def process_again(self, **changes):
        with self.database.env() as env:
            mail_id = env[LOG].search([], order="id", limit=1).id
            env["mail.postmaster.pipeline"]._process_again(mail_id, changes)

    def leads(self):
        with self.database.env() as env:
            return env["crm.lead"].search_count([])


def test_delivered_mail_is_stored_and_acknowledged(gateway):
    raw = mail()
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.raw() == raw
    assert gateway.leads() == 1
    assert gateway.is_acknowledged()


def test_no_route_is_parked_and_replayed_once(gateway):
    raw = mail(to="nobody@example.com")
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("parked", "no_route")]
    assert gateway.raw() == raw
    assert gateway.is_acknowledged()
    with gateway.database.env() as env:
        env["crm.team"].search([], limit=1).alias_name = "nobody"
    gateway.process_again()
    gateway.process_again()
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.leads() == 1


def test_alias_whose_record_creation_raises(gateway):
    with gateway.database.env() as env:
        alias = env["crm.team"].search([], limit=1).alias_id
        defaults = alias.alias_defaults
        alias.alias_defaults = "{'team_id': 999999}"
    raw = mail()
    gateway.receive(raw)
    assert gateway.log("state", "reason_code", "attempts", "failures") == [
        ("retry", "alias_failed", 1, 1)
    ]
    assert gateway.raw() == raw
    assert gateway.is_acknowledged()
    with gateway.database.env() as env:
        alias = env["mail.alias"].browse(alias.id)
        # Core would have notified the sender and marked the alias at the first exception.
        assert alias.alias_status != "invalid"
        assert not env["mail.mail"].search_count([])
        alias.alias_defaults = defaults
    gateway.process_again()
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.leads() == 1


def test_alias_bounce_of_core_comes_once_when_parked(gateway):
    with gateway.database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.retry.minutes", "1")
        alias = env["crm.team"].search([], limit=1).alias_id
        alias.alias_defaults = "{'team_id': 999999}"
    gateway.receive(mail())
    assert gateway.log("state") == [("retry",)]
    gateway.database.query(
        "UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute'"
    )
    with gateway.database.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()
    assert gateway.log("state", "reason_code", "attempts") == [("parked", "alias_failed", 2)]
    for _try in range(2):
        gateway.process_again()
        assert gateway.log("state", "reason_code") == [("parked", "alias_failed")]
    with gateway.database.env() as env:
        assert env["mail.alias"].browse(alias.id).alias_status == "invalid"
        told = env["mail.message"].search_count(
            [("subject", "=", "Your message was not delivered")]
        )
        assert told == 1


def test_serialization_failure_is_tried_again_at_once(gateway):
    thread = gateway.database.registry["crm.lead"]
    original, calls = thread.message_new, []

    def message_new(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise errors.SerializationFailure("could not serialize access")
        return original(self, *arguments, **options)

    with patch.object(thread, "message_new", message_new):
        gateway.receive(mail())
    assert len(calls) == 2
    assert gateway.log("state", "reason_code", "failures") == [("delivered", "record_created", 0)]
    assert gateway.leads() == 1


def test_genuine_conflict_on_the_senders_contact(gateway):
    """Another transaction writes the contact between our snapshot and our write."""
    with gateway.database.env() as env:
        partner = env["res.partner"].create(
            {
                "name": "Jane",
                "email": "jane@customer.test",
                "message_bounce": 3,
            }
        )
    registry = gateway.database.registry
    thread = registry["mail.thread"]
    original, interfered = thread.message_route, []

    def message_route(self, *arguments, **options):
        if not interfered:
            interfered.append(1)
            with registry.cursor() as other:
                other.execute(
                    "UPDATE res_partner SET message_bounce = 4 WHERE id = %s", [partner.id]
                )
        return original(self, *arguments, **options)

    with patch.object(thread, "message_route", message_route):
        gateway.receive(mail())
    assert interfered
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.leads() == 1


def test_conflict_that_lasts_waits_for_the_scheduled_action(gateway):
    thread = gateway.database.registry["crm.lead"]

    def message_new(self, *arguments, **options):
        raise errors.SerializationFailure("could not serialize access")

    with patch.object(thread, "message_new", message_new):
        gateway.receive(mail())
    assert gateway.log("state", "reason_code", "failures") == [("retry", "conflict", 1)]
    gateway.database.query(
        "UPDATE mail_postmaster_message SET next_attempt = now() - interval '1 minute'"
    )
    with gateway.database.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()
    assert gateway.log("state", "reason_code", "attempts") == [("delivered", "record_created", 2)]
    assert gateway.leads() == 1


def test_unknown_charset(gateway):
    raw = mail(content_type="text/plain; charset=x-postmaster-odd")
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.raw() == raw
    assert gateway.leads() == 1


@pytest.mark.parametrize("subject", ["=?utf-8?q?Hello=00World?=", "Hello\0World"])
def test_null_byte_in_the_subject(gateway, subject):
    raw = mail(subject=subject)
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    if gateway.kind == "pop" or "\0" not in subject:
        # IMAP cannot transmit it: Dovecot sends another byte instead, and no NUL arrives.
        assert gateway.raw() == raw
    assert gateway.leads() == 1


def test_two_thousand_nested_parts(gateway):
    raw = nested(2000)
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("parked", "limit_levels")]
    assert gateway.raw() == raw
    limit = sys.getrecursionlimit()
    # A recursion that deep needs a larger stack than a thread has by default.
    threading.stack_size(512 << 20)
    sys.setrecursionlimit(200_000)
    try:
        worker = threading.Thread(target=gateway.process_again)
        worker.start()
        worker.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(0)
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.leads() == 1


def test_report_without_parts(gateway):
    raw = mail(content_type="multipart/report; report-type=delivery-status", body=b"")
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("ignored", "report_unmatched")]
    assert gateway.raw() == raw
    gateway.process_again(addressed_to=[], model="crm.lead")
    assert gateway.log("state", "reason_code") == [("delivered", "fallback_created")]
    assert gateway.leads() == 1


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe garbage \x80\x81" * 40], ids=["empty", "garbage"])
def test_mail_that_is_none(gateway, raw):
    gateway.receive(raw)
    assert gateway.log("state", "reason_code") == [("parked", "no_recipient")]
    assert gateway.raw().rstrip(b"\r\n") == raw
    assert gateway.is_acknowledged()
    gateway.process_again(addressed_to=["sales@example.com"])
    assert gateway.log("state", "reason_code") == [("delivered", "record_created")]
    assert gateway.leads() == 1


def test_connection_cut_right_after_fetch(gateway):
    """The connection is lost when the message is to be marked: it is stored once."""
    dovecot = gateway.dovecot
    proxy = Proxy(dovecot.imap_port if gateway.kind == "imap" else dovecot.pop3_port)
    with gateway.database.env() as env:
        env["fetchmail.server"].browse(gateway.server_id).port = proxy.port
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]
    original = pipeline._process

    def process(self, *arguments, **options):
        proxy.cut()
        return original(self, *arguments, **options)

    raw = mail()
    dovecot.deliver(USER, raw)
    # Whether it is an error depends on what had reached the server at that moment.
    with patch.object(pipeline, "_process", process), suppress(Exception):
        gateway.fetch()
    assert proxy.is_cut
    assert gateway.log("state") == [("delivered",)]
    gateway.fetch()
    assert gateway.log("state", "received_count") == [("delivered", 1)]
    assert gateway.raw() == raw
    assert gateway.leads() == 1
    assert gateway.is_acknowledged()
    proxy.close()


def test_mail_that_is_not_stored_stays_in_the_mailbox(gateway):
    """The database is down at the moment of the intake."""
    pipeline = gateway.database.registry["mail.postmaster.pipeline"]

    def store(self, *arguments, **options):
        raise errors.AdminShutdown("terminating connection")

    gateway.dovecot.deliver(USER, mail())
    with patch.object(pipeline, "_store", store), pytest.raises(errors.AdminShutdown):
        gateway.fetch()
    assert not gateway.log("id")
    assert not gateway.is_acknowledged()
    gateway.fetch()
    assert gateway.log("state") == [("delivered",)]
    assert gateway.is_acknowledged()


def test_long_lines_and_dots_come_through(gateway):
    raw = mail(body=b".\r\n..two\r\n" + b"x" * 200_000 + b"\r\nend\r\n")
    gateway.receive(raw)
    assert gateway.raw() == raw
    assert gateway.log("state") == [("delivered",)]


def test_server_form_counts(gateway):
    gateway.receive(mail(), mail(), mail(to="nobody@example.com"))
    with gateway.database.env() as env:
        server = env["fetchmail.server"].browse(gateway.server_id)
        assert (server.postmaster_stored, server.postmaster_delivered) == (3, 2)
        assert (server.postmaster_parked, server.postmaster_retry) == (1, 0)
        assert server.postmaster_last_stored
        assert not server.error_message


def test_one_broken_alias_does_not_take_the_other_along(gateway):
    with gateway.database.env() as env:
        project = env["project.project"].create({"name": "Works", "alias_name": "works"})
        project.alias_id.alias_defaults = "{'project_id': 999999}"
    gateway.receive(mail(to="sales@example.com, works@example.com"))
    assert gateway.leads() == 1
    with gateway.database.env() as env:
        log = env[LOG].search([])
        assert log.state == "retry"
        states = {delivery.model or "broken": delivery.state for delivery in log.delivery_ids}
        assert states == {"crm.lead": "delivered", "broken": "retry"}
        env["project.project"].browse(
            project.id
        ).alias_id.alias_defaults = f"{{'project_id': {project.id}}}"
    gateway.process_again()
    assert gateway.leads() == 1
    with gateway.database.env() as env:
        assert env[LOG].search([]).state == "delivered"
        assert env["project.task"].search_count([("name", "=", "Hello")]) == 1


def test_copy_of_a_database_does_not_fetch(gateway):
    gateway.database.query("DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.database'")
    gateway.database.forget()
    gateway.dovecot.deliver(USER, mail())
    with pytest.raises(Exception, match="copy"):
        gateway.fetch()
    assert not gateway.is_acknowledged()
    assert not gateway.log("id")

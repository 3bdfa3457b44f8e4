"""What the fixtures of the other tests promise."""

import imaplib
import poplib
import smtplib

import psycopg2
import pytest

MAIL = b"From: ann@example.org\r\nTo: sales@example.com\r\nSubject: Hello\r\n\r\nGr\xfc\xdfe\r\n"


def test_addon_is_installed_beside_crm_and_project(odoo_env):
    with odoo_env() as env:
        names = ("crm", "project", "mail_postmaster")
        states = env["ir.module.module"].search([("name", "in", names)]).mapped("state")
    assert states == ["installed"] * 3


def test_a_commit_is_seen_by_everybody(database, odoo_env):
    with odoo_env() as env:
        env["ir.config_parameter"].set_param("postmaster.environment", "committed")
    sql = "SELECT value FROM ir_config_parameter WHERE key = 'postmaster.environment'"
    assert database.query(sql) == "committed"


def test_each_test_has_a_database_of_its_own(database):
    sql = "SELECT count(*) FROM ir_config_parameter WHERE key = 'postmaster.environment'"
    assert database.query(sql) == "0"


@pytest.mark.durable
def test_a_commit_survives_a_crash_of_the_database_server(database, odoo_env):
    with odoo_env() as env:
        env["ir.config_parameter"].set_param("postmaster.environment", "survives")
    database.cluster.stop("immediate")
    with pytest.raises(psycopg2.DatabaseError), odoo_env() as env:
        env["res.users"].search_count([])
    database.forget()
    database.cluster.start()
    with odoo_env() as env:
        assert env["ir.config_parameter"].get_param("postmaster.environment") == "survives"


def test_imap_gives_the_bytes_that_were_delivered_and_keeps_flags(dovecot):
    dovecot.add_user("inbox@example.com")
    dovecot.deliver("inbox@example.com", MAIL)
    connection = imaplib.IMAP4(dovecot.host, dovecot.imap_port)
    connection.login("inbox@example.com", "secret")
    connection.select()
    _status, [(_number, fetched), _end] = connection.fetch(b"1", "(RFC822)")
    connection.logout()
    assert fetched == MAIL
    assert [(mail.raw, mail.flags) for mail in dovecot.stored("inbox@example.com")] == [(MAIL, "S")]


def test_pop_removes_what_was_deleted(dovecot):
    dovecot.add_user("inbox@example.com")
    dovecot.deliver("inbox@example.com", MAIL)
    connection = poplib.POP3(dovecot.host, dovecot.pop3_port)
    connection.user("inbox@example.com")
    connection.pass_("secret")
    connection.dele(1)
    connection.quit()
    assert dovecot.stored("inbox@example.com") == []


def test_sink_keeps_the_envelope(smtp_sink):
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port) as connection:
        connection.sendmail("", ["ann@example.org"], MAIL)
    [kept] = smtp_sink.messages
    assert (kept.mail_from, kept.recipients, kept.raw) == ("", ["ann@example.org"], MAIL)


def test_a_server_process_serves_the_database(database, odoo_server):
    server = odoo_server(database)
    assert server.is_answering()
    server.kill()
    assert not server.is_answering()

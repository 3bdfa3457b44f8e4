"""The mail daemon accepts messages by LMTP: access, replies, storage."""

import os
import socket
import threading

import psutil
import pytest
from mails import mail
from serving import LOG, all_settled, count, subjects_of_leads, wait_until
from setup_gateway import set_up

from environment.places import short_folder
from environment.processes import LOOPBACK
from environment.serve import deliver

MEGABYTE = 1_000_000


def test_stored_acknowledged_processed(gateway, serve):
    daemon = serve("--workers=1", "--no-watch")
    raw = mail(subject="By LMTP", to="undisclosed@elsewhere.test")
    with daemon.connect() as connection:
        assert deliver(connection, raw, sender="bounces@customer.test") == [
            (250, b"2.0.0 Stored"),
        ]
        assert connection.has_extn("size")
        assert connection.has_extn("pipelining")
        assert connection.has_extn("enhancedstatuscodes")
        # What is acknowledged is committed, whatever the workers do.
        assert count(gateway) == 1
    assert all_settled(gateway, 1)
    assert subjects_of_leads(gateway) == ["By LMTP"]
    with gateway.env() as env:
        row = env[LOG].search([])
        assert (row.source, row.state, row.attempts) == ("lmtp", "delivered", 1)
        assert row.recipients == "sales@example.com"
        content = env["mail.postmaster.raw"]._read_content(row.id)
        assert content == b"Return-Path: <bounces@customer.test>\r\n" + raw


def test_same_bytes_again_are_one_mail(gateway, serve):
    daemon = serve("--workers=1", "--no-watch")
    raw = mail(subject="Twice")
    with daemon.connect() as connection:
        for _time in range(2):
            assert deliver(connection, raw)[0][0] == 250
            assert all_settled(gateway, 1)
    with gateway.env() as env:
        assert env[LOG].search([]).received_count == 2
    assert subjects_of_leads(gateway) == ["Twice"]


def test_who_is_let_in(gateway, serve):
    with gateway.env() as env:
        domain = env["mail.alias.domain"].search([("name", "=", "example.com")])
        domain.default_from = "notifications"
        team = env["crm.team"].search([], limit=1)
        team.alias_id.alias_incoming_local = True
        team.alias_id.allowed_domains = "other.example"
        team.alias_name = "renamed"
        env["mail.alias.domain"].create(
            {
                "name": "fallback.example",
                "bounce_alias": "b",
                "catchall_alias": "c",
                "fallback_model_id": env["ir.model"]._get("crm.lead").id,
            }
        )
    daemon = serve("--workers=0", "--no-watch")
    ours = (
        "renamed@example.com",
        "Renamed@EXAMPLE.com",
        "renamed+detail@example.com",
        "renamed@other.example",
        "sales@example.com",
        "catchall@example.com",
        "bounce@example.com",
        "bounce+1-abc@example.com",
        "notifications@example.com",
        "anybody@fallback.example",
    )
    strangers = (
        "nobody@example.com",
        "renamed@elsewhere.example",
        "nobody@other.example",
        "sales2@example.com",
        "postmaster@nowhere.example",
    )
    with daemon.connect() as connection:
        connection.ehlo()
        connection.mail("jane@customer.test")
        for address in ours:
            assert connection.rcpt(address)[0] == 250, address
        for address in strangers:
            code, text = connection.rcpt(address)
            assert (code, text[:5]) == (550, b"5.1.1"), address
        assert connection.rcpt("not an address@@example.com")[0] in (501, 553)


def test_new_and_removed_aliases_count_at_once(gateway, serve):
    daemon = serve("--workers=0", "--no-watch")

    def is_taken(address):
        connection.rset()
        connection.mail("jane@customer.test")
        return connection.rcpt(address)[0] == 250

    with daemon.connect() as connection:
        connection.ehlo()
        assert not is_taken("new@example.com")
        with gateway.env() as env:
            team = env["crm.team"].create({"name": "New", "use_leads": True, "alias_name": "new"})
        assert is_taken("new@example.com")
        with gateway.env() as env:
            env["crm.team"].browse(team.id).unlink()
        assert wait_until(lambda: not is_taken("new@example.com"), 5)


def test_one_reply_for_each_recipient(gateway, serve):
    with gateway.env() as env:
        env["crm.team"].create({"name": "Other", "use_leads": True, "alias_name": "other"})
    daemon = serve("--workers=1", "--no-watch")
    with daemon.connect() as connection:
        replies = deliver(
            connection,
            mail(subject="Several"),
            ["sales@example.com", "nobody@example.com", "other@example.com"],
        )
        assert [code for code, _text in replies] == [250, 550, 250]
        # The dialogue continues after as many replies as there were recipients.
        assert connection.noop()[0] == 250
    assert all_settled(gateway, 1)
    assert subjects_of_leads(gateway) == ["Several", "Several"]


def test_domain_with_a_fallback_makes_a_record(gateway, serve):
    with gateway.env() as env:
        domain = env["mail.alias.domain"].search([("name", "=", "example.com")])
        domain.fallback_model_id = env["ir.model"]._get("crm.lead")
    daemon = serve("--workers=1", "--no-watch")
    with daemon.connect() as connection:
        assert deliver(connection, mail(subject="Fell back"), ["any@example.com"])[0][0] == 250
    assert all_settled(gateway, 1)
    assert subjects_of_leads(gateway) == ["Fell back"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".",
        b".\r\n",
        b"..\r\n.a\r\n...\r\n",
        b"\r\n.\r\n"[:2],
        b"x" * 5000 + b"\r\n",
        b"bare \n.\n line ends\r\n",
        b"\x00\xff8 bit\r\n",
        b"\r\n" * 9000 + b".\r\n" * 9000,
    ],
    ids=["none", "dot", "dot line", "dots", "blank", "long line", "bare", "octets", "many"],
)
def test_bytes_are_unchanged(serving_gateway, body):
    database, daemon = serving_gateway
    raw = mail(body=body)
    before = count(database)
    with daemon.connect() as connection:
        assert deliver(connection, raw)[0][0] == 250
    with database.env() as env:
        rows = env[LOG].search([], order="id")
        assert len(rows) == before + 1
        stored = env["mail.postmaster.raw"]._read_content(rows[-1].id)
    whole = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    assert stored == b"Return-Path: <jane@customer.test>\r\n" + whole


def test_first_line_that_would_go_on_with_the_return_path(serving_gateway):
    database, daemon = serving_gateway
    raw = b" <victim@customer.test>\r\n" + mail(subject="Blank")
    with daemon.connect() as connection:
        assert deliver(connection, raw, sender="")[0][0] == 250
    with database.env() as env:
        row = env[LOG].search([], order="id desc", limit=1)
        stored = env["mail.postmaster.raw"]._read_content(row.id)
    assert stored == b"Return-Path: <>\r\nX-Unnamed-Field:" + raw


@pytest.fixture(scope="module")
def serving_gateway(shared_database):
    from environment.serve import MailDaemon

    with shared_database.env() as env:
        set_up(env)
    with MailDaemon(shared_database.name, "--workers=0", "--no-watch") as daemon:
        yield shared_database, daemon


def test_unix_socket(gateway, serve):
    path = short_folder("serve") / "lmtp.sock"
    daemon = serve("--workers=0", "--no-watch", "--lmtp-mode=600", lmtp=path)
    assert oct(os.stat(path).st_mode & 0o777) == "0o600"
    with daemon.connect() as connection:
        assert deliver(connection, mail())[0][0] == 250
    assert daemon.stop() == 0
    assert not path.exists()
    assert count(gateway) == 1


def test_too_large_is_said_before_the_mail_comes(gateway, serve):
    daemon = serve("--workers=0", "--no-watch", "--largest=1")
    with daemon.connect() as connection:
        connection.ehlo()
        assert int(connection.esmtp_features["size"]) == MEGABYTE
        code, _text = connection.mail("jane@customer.test", ["size=2000000"])
        assert code == 552
        # If the size was not declared, after the data: the mail server keeps it.
        connection.mail("jane@customer.test")
        connection.rcpt("sales@example.com")
        connection.docmd("DATA")
        connection.send(mail(body=b"x" * 2 * MEGABYTE) + b"\r\n.\r\n")
        assert connection.getreply()[0] == 452
        assert connection.noop()[0] == 250
    assert not count(gateway)


def peak_megabytes(pid):
    """Return the largest peak memory among the children of a process."""
    peaks = []
    for child in psutil.Process(pid).children():
        with open(f"/proc/{child.pid}/status") as status:
            peaks += [int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM")]
    return max(peaks)


def test_memory_is_bounded(gateway, serve):
    """Eight messages of 50 MB at the same moment, with room for two."""
    daemon = serve("--workers=0", "--no-watch", "--memory=110")
    with daemon.connect():
        # Connections are accepted before there is a process that answers them.
        before = peak_megabytes(daemon.pid)
    raw = mail(body=(b"x" * 76 + b"\r\n") * (50 * MEGABYTE // 78))
    replies = []

    def hand_over(number):
        with daemon.connect(300) as connection:
            replies.append(deliver(connection, b"X-Number: %d\r\n" % number + raw)[0][0])

    threads = [threading.Thread(target=hand_over, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Clients that would wait too long are asked to retry.
    assert set(replies) <= {250, 452}
    assert count(gateway) == replies.count(250) >= 2
    # Room for two messages, twice while one is passed on.
    assert peak_megabytes(daemon.pid) - before < 330


def test_full_disk(gateway, serve):
    """PostgreSQL reports that its disk is full: nothing is lost, nothing permanently refused."""
    daemon = serve("--workers=0", "--no-watch")
    gateway.query("""
        CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER no_space BEFORE INSERT ON mail_postmaster_raw
            FOR EACH ROW EXECUTE FUNCTION no_space()
    """)
    with daemon.connect() as connection:
        assert deliver(connection, mail(subject="Later"))[0][0] == 452
        assert not count(gateway)
        gateway.query("DROP TRIGGER no_space ON mail_postmaster_raw")
        assert deliver(connection, mail(subject="Later"))[0][0] == 250
    assert count(gateway) == 1


def test_connection_that_ends_in_the_middle(gateway, serve):
    daemon = serve("--workers=0", "--no-watch")
    with socket.create_connection(("127.0.0.1", daemon.lmtp)) as client:
        client.sendall(
            b"LHLO test\r\nMAIL FROM:<j@customer.test>\r\nRCPT TO:<sales@example.com>\r\nDATA\r\n"
        )
        wait_until(lambda: b"354" in client.recv(4096))
        client.sendall(b"Subject: Half")
    with daemon.connect() as connection:
        assert deliver(connection, mail(subject="Whole"))[0][0] == 250
    with gateway.env() as env:
        assert env[LOG].search([]).mapped("subject") == ["Whole"]


def test_content_that_is_sent_as_commands_is_not_in_the_log(gateway, serve):
    """As from a client that continues after its DATA was refused."""
    daemon = serve("--workers=0", "--no-watch")
    with daemon.connect() as connection:
        connection.ehlo()
        assert connection.docmd("DATA")[0] == 503
        assert connection.docmd("Confidential")[0] == 500
    assert "CONFIDENTIAL" not in daemon.log.read_text(errors="replace").upper()


def test_replies_are_not_held_back():
    # Odoo finds the addon only after its configuration was read.
    from odoo.addons.mail_postmaster.daemon.supervisor import listen

    with listen((LOOPBACK, 0), settings=None) as listening:
        with socket.create_connection(listening.getsockname()):
            accepted, _address = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

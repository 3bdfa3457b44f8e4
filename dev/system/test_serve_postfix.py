"""A real Postfix delivers to the mail daemon, with the settings from the documentation."""

import smtplib
import threading

import pytest
from mails import mail
from serving import LOG, all_settled, count, subjects_of_leads, wait_until

from environment.places import ROOT
from environment.postfix import Postfix
from environment.serve import MailDaemon

SAMPLE = ROOT / "docs" / "samples" / "postfix-main.cf"
SAMPLE_ADDRESS = "inet:127.0.0.1:8024"
VERIFY = "verify unix - - n - 1 verify\n"


def sample_settings(port):
    """Return the settings from the documentation, for a daemon on another port."""
    lines = [line for line in SAMPLE.read_text().splitlines() if line and line[0] != "#"]
    settings = dict(line.split(" = ", 1) for line in lines)
    assert SAMPLE_ADDRESS in settings["relay_transport"]
    settings["relay_transport"] = f"lmtp:inet:127.0.0.1:{port}"
    return settings


@pytest.fixture
def daemon(gateway):
    with MailDaemon(gateway.name, "--workers=1", "--no-watch") as started:
        yield started


@pytest.fixture
def postfix(daemon):
    with Postfix("serve-postfix", sample_settings(daemon.lmtp), VERIFY) as started:
        yield started


def send(postfix, raw, *recipients, sender="jane@customer.test"):
    """Send a message to Postfix; return what it refused."""
    with smtplib.SMTP(postfix.host, postfix.port, timeout=60) as connection:
        return connection.sendmail(sender, recipients, raw)


def is_taken(postfix, recipient):
    """Return whether Postfix would accept messages for a recipient."""
    with smtplib.SMTP(postfix.host, postfix.port, timeout=60) as connection:
        connection.ehlo()
        connection.mail("jane@customer.test")
        return connection.rcpt(recipient)[0] == 250


def test_mail_becomes_a_record(gateway, postfix):
    assert send(postfix, mail(subject="Through Postfix"), "sales@example.com") == {}
    assert wait_until(lambda: all_settled(gateway, 1, 1))
    assert subjects_of_leads(gateway) == ["Through Postfix"]
    with gateway.env() as env:
        assert env[LOG].search([]).source == "lmtp"


def test_stranger_is_refused_at_the_door(gateway, postfix):
    refused = send(
        postfix,
        mail(subject="One of two"),
        "sales@example.com",
        "nobody@example.com",
    )
    assert list(refused) == ["nobody@example.com"]
    code, text = refused["nobody@example.com"]
    assert code == 550
    assert b"5.1.1" in text
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(postfix, mail(), "stranger@example.com")
    # A new alias is looked up again.
    with gateway.env() as env:
        env["crm.team"].create({"name": "New", "use_leads": True, "alias_name": "nobody"})
    assert wait_until(lambda: is_taken(postfix, "nobody@example.com"), 30, 1)
    assert send(postfix, mail(subject="Now known"), "nobody@example.com") == {}
    assert wait_until(lambda: all_settled(gateway, 2, 1))
    assert subjects_of_leads(gateway) == ["Now known", "One of two"]
    # Nothing was sent back: no notice has left the queue.
    assert "sender non-delivery notification" not in postfix.log.read_text()


def test_null_sender_and_large_mail(gateway, postfix):
    body = (b"x" * 76 + b"\r\n") * 100_000
    assert send(postfix, mail(subject="Report", body=body), "sales@example.com", sender="") == {}
    assert wait_until(lambda: count(gateway) == 1)
    with gateway.env() as env:
        row = env[LOG].search([])
        raw = env["mail.postmaster.raw"]._read_content(row.id)
    assert raw.startswith(b"Return-Path: <>\r\n")
    assert raw.endswith(body)


def test_daemon_that_is_restarted_under_load(gateway, daemon, postfix):
    """Postfix keeps what is not acknowledged, and in the end each message is stored once."""
    subjects = [f"Load {number:03}" for number in range(60)]

    def send_some(part):
        for subject in part:
            assert send(postfix, mail(subject=subject), "sales@example.com") == {}

    # Looked up before, so that Postfix need not ask while the daemon is down.
    assert send(postfix, mail(subject="First"), "sales@example.com") == {}
    threads = [threading.Thread(target=send_some, args=(subjects[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for _time in range(3):
        daemon.kill()
        daemon.start()
    for thread in threads:
        thread.join()
    assert wait_until(lambda: count(gateway) == len(subjects) + 1, 60)
    gateway.query(
        "UPDATE mail_postmaster_message SET next_attempt = now() AT TIME ZONE 'UTC' "
        "WHERE state IN ('received', 'retry')"
    )
    assert all_settled(gateway, len(subjects) + 1)
    assert subjects_of_leads(gateway) == sorted(["First", *subjects])

"""Several workers on several hosts: each message once, conversations in order, failures."""

import itertools
import os
import signal
import smtplib
import threading
import time

import pytest
from mails import mail
from serving import LOG, all_settled, count, subjects_of_leads, take_in, wait_until

from environment.places import WORK
from environment.serve import MailDaemon, deliver

MAILS, KILLS = 60, 5
SLOW = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON crm_lead FOR EACH ROW EXECUTE FUNCTION slow()
"""
# When each message was claimed and when it was settled.
WATCH_ORDER = """
    CREATE TABLE seen (mail_id integer, what text, at timestamptz);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO seen SELECT NEW.id, 'claimed', clock_timestamp()
            WHERE NEW.attempts > OLD.attempts;
        INSERT INTO seen SELECT NEW.id, 'settled', clock_timestamp()
            WHERE NEW.state <> OLD.state;
        RETURN NEW;
    END $$;
    CREATE TRIGGER see AFTER UPDATE ON mail_postmaster_message
        FOR EACH ROW EXECUTE FUNCTION see()
"""


def store(database, *raws):
    """Put messages into the log, as the listener does."""
    with database.env() as env:
        take_in(env, raws)
        env["mail.postmaster.pipeline"]._call_workers()


def conversation(number, length):
    """Return a message and replies that refer to it, each also to one more before it."""
    ids = [f"<{number}.{place}@customer.test>" for place in range(length)]
    return [
        mail(
            subject=f"{number}/{place}",
            message_id=ids[place],
            headers=f"References: {ids[0]} {ids[place - 1]}" if place else "",
        )
        for place in range(length)
    ]


def test_conversations_in_order_one_at_a_time(gateway, serve):
    gateway.query(WATCH_ORDER)
    threads = [conversation(number, 5) for number in range(6)]
    # The replies of all conversations are interleaved, so that all workers have a choice.
    store(gateway, *(thread[place] for place in range(5) for thread in threads))
    serve("--workers=2", "--no-watch", lmtp=None)
    serve("--workers=2", "--no-watch", lmtp=None)
    assert all_settled(gateway, 30)
    assert len(subjects_of_leads(gateway)) == 6
    rows = gateway.query("""
        SELECT split_part(subject, '/', 1), string_agg(what, ' ' ORDER BY at, what DESC)
        FROM seen JOIN mail_postmaster_message AS mail ON mail.id = mail_id
        GROUP BY 1
    """).splitlines()
    assert len(rows) == 6
    for row in rows:
        # One at a time: nothing is claimed before the previous claim is settled.
        assert row.split("|")[1] == " ".join(["claimed settled"] * 5)
    order = gateway.query("""
        SELECT split_part(subject, '/', 1), string_agg(split_part(subject, '/', 2), '' ORDER BY at)
        FROM seen JOIN mail_postmaster_message AS mail ON mail.id = mail_id
        WHERE what = 'claimed' GROUP BY 1
    """).splitlines()
    assert {row.split("|")[1] for row in order} == {"01234"}


def test_a_mail_that_fails_holds_back_its_conversation_for_some_minutes(gateway):
    def claim():
        with gateway.env() as env:
            return env["mail.postmaster.pipeline"]._claim_next()

    store(gateway, *conversation(1, 2), mail(subject="Another"))
    first, second, other = map(
        int, gateway.query("SELECT id FROM mail_postmaster_message ORDER BY id").splitlines()
    )
    gateway.query(
        "UPDATE mail_postmaster_message SET state = 'retry', failures = 1, "
        f"next_attempt = now() AT TIME ZONE 'UTC' + interval '1 hour' WHERE id = {first}"
    )
    assert [claim(), claim()] == [other, None]
    gateway.query(f"UPDATE mail_postmaster_message SET failures = 3 WHERE id = {first}")
    assert claim() == second


def test_killed_host_is_taken_over_in_seconds(gateway, serve):
    lost = serve("--workers=1", "--no-watch", lmtp=None)
    with gateway.registry.cursor() as cursor:
        # The work stops halfway, at the record.
        cursor.execute("LOCK TABLE crm_lead IN EXCLUSIVE MODE")
        store(gateway, mail(subject="Taken over"))
        waits = (
            "SELECT 1 FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert wait_until(lambda: gateway.query(waits), 60, 0.02)
        assert count(gateway, "attempts = 1") == 1
        serve("--workers=1", "--no-watch", lmtp=None)
        lost.kill()
    start = time.monotonic()
    assert wait_until(lambda: count(gateway, "attempts = 2"), 60, 0.05)
    assert time.monotonic() - start < 20
    assert all_settled(gateway, 1)
    assert subjects_of_leads(gateway) == ["Taken over"]


def test_two_hosts_of_which_one_is_killed_again_and_again(gateway):
    """Nothing is lost or duplicated, whatever is killed and whenever."""
    subjects = [f"Mail {number:03}" for number in range(MAILS)]
    stays = MailDaemon(gateway.name, "--workers=1", "--no-watch", "--pace=0").start()
    dies = MailDaemon(gateway.name, "--workers=2", "--no-watch", "--pace=0").start()

    def kill():
        for number in range(KILLS):
            # At a different moment of the work each time.
            time.sleep(0.2 + number * 0.3)
            dies.kill()
            dies.start()

    def hand_over(part):
        for number, subject in enumerate(part):
            raw = mail(subject=subject)
            # A mail server tries the next host, repeatedly, until one accepts the message.
            hosts = itertools.cycle((dies, stays) if number % 2 else (stays, dies))
            assert any(is_taken(host, raw) for host in itertools.islice(hosts, 10_000))
            time.sleep(0.2)

    threads = [threading.Thread(target=hand_over, args=(subjects[n::4],)) for n in range(4)]
    threads.append(threading.Thread(target=kill))
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wait_until(lambda: not count(gateway, "state = 'received'"), 300)
    finally:
        stays.stop()
        dies.stop()
    with gateway.env() as env:
        # The message processed each time counts as the cause of the crash.
        waiting = ["|", ("state", "=", "retry"), ("reason_code", "=", "crashed")]
        for row in env[LOG].search(waiting, order="id"):
            row.action_process_again()
    with gateway.env() as env:
        assert set(env[LOG].search([]).mapped("state")) == {"delivered"}
    assert subjects_of_leads(gateway) == subjects
    assert count(gateway) == len(subjects)


def is_taken(daemon, raw):
    """Send a message, and return whether it was accepted."""
    try:
        with daemon.connect(20) as connection:
            return deliver(connection, raw)[0][0] == 250
    except (OSError, smtplib.SMTPException):
        time.sleep(0.05)
        return False


def test_end_finishes_what_is_in_hand(gateway, serve):
    gateway.query(SLOW.format(seconds=2))
    daemon = serve("--workers=1", "--no-watch")
    store(gateway, mail(subject="In work"))
    assert wait_until(lambda: count(gateway, "attempts = 1"), 20, 0.02)
    with daemon.connect() as connection, daemon.connect() as idle:
        connection.ehlo()
        idle.ehlo()
        connection.mail("jane@customer.test")
        connection.rcpt("sales@example.com")
        connection.docmd("DATA")
        raw = mail(subject="In hand")
        connection.send(raw[:100])
        ended = threading.Thread(target=daemon.stop)
        ended.start()
        # An idle worker is notified at once.
        assert idle.getreply()[0] == 421
        time.sleep(0.5)
        connection.send(raw[100:] + b".\r\n")
        assert connection.getreply()[0] == 250
        assert connection.getreply()[0] == 421
        ended.join()
    assert daemon.stop() == 0
    assert count(gateway, "subject = 'In work' AND state = 'delivered' AND attempts = 1") == 1
    assert count(gateway, "subject = 'In hand'") == 1


@pytest.mark.durable
def test_database_is_away_for_a_minute(gateway, serve):
    daemon = serve("--workers=1", "--no-watch")
    with daemon.connect() as connection:
        assert deliver(connection, mail(subject="Before"))[0][0] == 250
        assert all_settled(gateway, 1)
        gateway.forget()
        gateway.cluster.stop("immediate")
        start = time.monotonic()
        while time.monotonic() - start < 60:
            assert deliver(connection, mail(subject="While"))[0][0] == 451
            time.sleep(0.5)
        gateway.cluster.start()
        raw = mail(subject="After")
        assert wait_until(lambda: deliver(connection, raw)[0][0] == 250, 20)
    assert all_settled(gateway, 2, 30)
    assert subjects_of_leads(gateway) == ["After", "Before"]


def test_process_that_dies_is_replaced(gateway, serve):
    daemon = serve("--workers=1", "--no-watch")
    with open(f"/proc/{daemon.pid}/task/{daemon.pid}/children") as children:
        pids = children.read().split()
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)

    raw = mail(subject="Afterwards")
    assert wait_until(lambda: is_taken(daemon, raw), 20)
    assert all_settled(gateway, 1)


def test_whoever_claims_sees_the_claim(gateway):
    with gateway.env() as env:
        take_in(env, [mail(subject="Claimed")])
    gateway.registry.clear_cache()
    with gateway.env() as env:
        mail_id = env["mail.postmaster.pipeline"]._claim_next()
        env.cr.execute("SELECT attempts FROM mail_postmaster_message WHERE id = %s", [mail_id])
        assert env.cr.fetchone() == (1,)


def test_refuses_to_start_with_another_filestore(gateway, serve, tmp_path):
    serve("--workers=0", "--no-watch", lmtp=None)
    stranger = MailDaemon(
        gateway.name,
        "--workers=0",
        "--no-watch",
        lmtp=None,
        data_dir=str(tmp_path),
    )
    process = stranger.launch().process
    assert process.wait(120) == 1
    assert "is not the one that the other hosts" in stranger.log.read_text()
    # An administrator confirms this after the move.
    adopted = MailDaemon(
        gateway.name,
        "--workers=0",
        "--no-watch",
        "--adopt-filestore",
        lmtp=None,
        data_dir=str(tmp_path),
    )
    with adopted:
        assert adopted.pid
    assert str(WORK) not in str(tmp_path)


def test_refuses_to_serve_a_copy(gateway):
    gateway.query("DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.database'")
    daemon = MailDaemon(gateway.name, "--workers=0", "--no-watch", lmtp=None)
    assert daemon.launch().process.wait(120) == 1
    assert "is an unconfirmed copy" in daemon.log.read_text()

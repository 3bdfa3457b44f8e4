"""The mail daemon waits at mailboxes: IDLE, POP3, lost connections, several hosts."""

import time

from mails import mail
from proxy import Proxy
from serving import all_settled, count, subjects_of_leads, wait_until
from setup_gateway import USER, add_server

from environment.serve import MailDaemon


def is_waiting(daemon):
    """Return whether the watcher has fetched once, so that it will be notified of new messages."""
    return "Start checking for new emails" in daemon.log.read_text(errors="replace")


def seconds_until_record(database, dovecot, subject):
    """Deliver a message into the mailbox; return the time until it became a record."""
    before = len(subjects_of_leads(database))
    start = time.monotonic()
    dovecot.deliver(USER, mail(subject=subject))
    assert wait_until(lambda: len(subjects_of_leads(database)) > before, 60, 0.05)
    return time.monotonic() - start


def test_what_was_there_and_what_comes(gateway, dovecot, serve):
    with gateway.env() as env:
        add_server(env, dovecot)
    dovecot.deliver(USER, mail(subject="Before"))
    # Polling takes a minute: a faster delivery was notified.
    daemon = serve("--workers=1", lmtp=None)
    assert wait_until(lambda: subjects_of_leads(gateway) == ["Before"])
    assert is_waiting(daemon)
    for number in range(3):
        assert seconds_until_record(gateway, dovecot, f"Told {number}") < 20
    # Stored by the watcher and processed by a worker.
    assert count(gateway, "attempts = 1 AND state = 'delivered'") == 4


def test_connection_is_cut(gateway, dovecot, serve):
    proxy = Proxy(dovecot.imap_port)
    with gateway.env() as env:
        server = add_server(env, dovecot)
        server.port = proxy.port
    daemon = serve("--workers=1", lmtp=None)
    assert wait_until(lambda: is_waiting(daemon))
    assert seconds_until_record(gateway, dovecot, "First") < 20
    for number in range(3):
        proxy.cut()
        assert seconds_until_record(gateway, dovecot, f"After cut {number}") < 30
    proxy.close()


def test_server_is_restarted(gateway, dovecot, serve):
    with gateway.env() as env:
        add_server(env, dovecot)
    daemon = serve("--workers=1", lmtp=None)
    assert wait_until(lambda: is_waiting(daemon))
    dovecot.stop()
    dovecot.deliver(USER, mail(subject="While it was away"))
    time.sleep(1)
    dovecot.start()
    assert all_settled(gateway, 1)
    assert subjects_of_leads(gateway) == ["While it was away"]


def test_mail_that_comes_while_the_scheduled_action_reads_the_mailbox(gateway, dovecot, serve):
    with gateway.env() as env:
        server_id = add_server(env, dovecot).id
    daemon = serve("--workers=1", lmtp=None)
    assert wait_until(lambda: is_waiting(daemon))
    assert seconds_until_record(gateway, dovecot, "Before") < 20
    with gateway.env() as env:
        assert env["fetchmail.server"].browse(server_id).try_lock_for_update()
        dovecot.deliver(USER, mail(subject="Meanwhile"))
        time.sleep(2)
        assert count(gateway) == 1
    assert all_settled(gateway, 2, 20)


def test_pop3_is_looked_at_again_and_again(gateway, dovecot, serve):
    with gateway.env() as env:
        add_server(env, dovecot, "pop")
    daemon = serve("--workers=1", "--poll=1", lmtp=None)
    assert wait_until(lambda: is_waiting(daemon))
    assert seconds_until_record(gateway, dovecot, "By POP3") < 20


def test_one_host_watches_and_another_takes_over(gateway, dovecot):
    with gateway.env() as env:
        add_server(env, dovecot)
    hosts = [MailDaemon(gateway.name, "--workers=1", lmtp=None).start() for _number in range(2)]
    try:
        assert wait_until(lambda: any(map(is_waiting, hosts)))
        # Long enough for the other one to look for mailboxes again.
        time.sleep(5)
        [watching] = filter(is_waiting, hosts)
        [other] = (host for host in hosts if host is not watching)
        watching.kill()
        dovecot.deliver(USER, mail(subject="Taken over"))
        assert all_settled(gateway, 1, 30)
        assert is_waiting(other)
    finally:
        for host in hosts:
            host.kill()
    assert subjects_of_leads(gateway) == ["Taken over"]


def test_mailbox_that_is_added_and_removed(gateway, dovecot, serve):
    daemon = serve("--workers=1", "--poll=1", lmtp=None)
    with gateway.env() as env:
        server_id = add_server(env, dovecot).id
    assert seconds_until_record(gateway, dovecot, "Added") < 30
    with gateway.env() as env:
        env["fetchmail.server"].browse(server_id).set_draft()
    assert wait_until(
        lambda: (
            not gateway.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")
        ),
        20,
    )
    dovecot.deliver(USER, mail(subject="Not any more"))
    time.sleep(3)
    assert subjects_of_leads(gateway) == ["Added"]
    assert daemon.stop() == 0


def test_folder_that_is_not_there_does_not_keep_the_others_waiting(gateway, dovecot, serve):
    with gateway.env() as env:
        server = add_server(env, dovecot)
        server.folder_ids = [(0, 0, {"name": name}) for name in ("Nowhere", "INBOX")]
    daemon = serve("--workers=1", lmtp=None)
    assert wait_until(lambda: is_waiting(daemon))
    assert seconds_until_record(gateway, dovecot, "Told") < 20

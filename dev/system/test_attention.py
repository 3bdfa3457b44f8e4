"""Any number of messages parked at the same moment notify one person once a day."""

from unittest.mock import patch

from forks import Fork, barrier
from mails import mail
from setup_gateway import add_server, set_up

LOG = "mail.postmaster.message"
PROCESSES = 4


def park(database, start, server_id, raw):
    """Fetch a message without a route; choose whom to notify while other processes do."""
    with database.env(context={"default_fetchmail_server_id": server_id}) as env:
        model = type(env[LOG])
        find_user = model._responsible_user

        def find_user_together(mail):
            start.wait()
            return find_user(mail)

        with patch.object(model, "_responsible_user", find_user_together):
            env["mail.thread"].message_process(False, raw)


def parked_mails(database, dovecot, count):
    """Return the ids of parked messages that have not been notified."""
    with database.env() as env:
        set_up(env)
        server_id = add_server(env, dovecot).id
    for number in range(count):
        with database.env(context={"default_fetchmail_server_id": server_id}) as env:
            raw = mail(to="nobody@example.com", subject=f"Mail {number}")
            env["mail.thread"].message_process(False, raw)
    with database.env() as env:
        env["mail.activity"].search([("res_model", "=", LOG)]).unlink()
        return env[LOG].search([("state", "=", "parked")]).ids


def activities(database):
    return database.query(f"SELECT count(*) FROM mail_activity WHERE res_model = '{LOG}'")


def test_parked_at_once(database, dovecot):
    with database.env() as env:
        set_up(env)
        server_id = add_server(env, dovecot).id
    start = barrier(PROCESSES)
    forks = [
        Fork(database, park, start, server_id, mail(to="nobody@example.com", subject=f"{number}"))
        for number in range(PROCESSES)
    ]
    assert all(fork.wait(120) for fork in forks)
    with database.env() as env:
        assert env[LOG].search_count([("state", "=", "parked")]) == PROCESSES
    assert activities(database) == "1"


def test_the_other_one_has_not_committed(database, dovecot):
    first, second = parked_mails(database, dovecot, 2)
    with database.env() as one, database.env() as two:
        one[LOG].browse(first)._call_for_attention()
        one.flush_all()
        two[LOG].browse(second)._call_for_attention()
    assert activities(database) == "1"


def test_the_other_one_committed_after_this_one_began(database, dovecot):
    first, second = parked_mails(database, dovecot, 2)
    with database.env() as late:
        # From here on this transaction does not see what others commit.
        late.cr.execute("SELECT 1 FROM mail_activity")
        with database.env() as env:
            env[LOG].browse(first)._call_for_attention()
        late[LOG].browse(second)._call_for_attention()
    assert activities(database) == "1"


def test_the_other_one_was_undone(database, dovecot):
    first, second = parked_mails(database, dovecot, 2)
    with database.env() as env:
        env[LOG].browse(first)._call_for_attention()
        env.flush_all()
        env.cr.rollback()
    with database.env() as env:
        env[LOG].browse(second)._call_for_attention()
    assert activities(database) == "1"

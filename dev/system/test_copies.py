"""A copy of a database does nothing, and a database that is switched off leaves all to core.

Each row of the table in docs/copies.md that one machine can show, with real databases and
processes; the comparison itself is tested as a matrix by tests/gateway/test_identity.py.
"""

import shutil
from contextlib import contextmanager

import pytest
from mails import mail
from serving import LOG, all_settled, count, subjects_of_leads, take_in, wait_until
from setup_gateway import set_up

from odoo import tools

from environment import databases, marks, postgresql
from environment.progress import run
from environment.serve import deliver

PART_OF_COPY = "postgresql-copy"
ENABLED = "mail.postmaster.enabled"
# Longer than workers wait before they look again.
SEVERAL_LOOKS = 5


def switch(database, value):
    """Set the switch with SQL, as an administrator does at night."""
    database.query(
        f"DELETE FROM ir_config_parameter WHERE key = '{ENABLED}';"
        f"INSERT INTO ir_config_parameter (key, value) VALUES ('{ENABLED}', '{value}')"
    )


def replies(daemon, raw):
    with daemon.connect() as connection:
        return {code for code, _text in deliver(connection, raw)}


def store_for_later(database, subject):
    """Put a message into the log that no worker sees until it is made due."""
    with database.env() as env:
        take_in(env, [mail(subject=subject)])
    database.query("UPDATE mail_postmaster_message SET state = 'parked'")


def make_due(database):
    database.query("UPDATE mail_postmaster_message SET state = 'received'")


def is_left_alone(database):
    """Return whether the due message is not even claimed, for as long as workers would take."""
    return not wait_until(lambda: count(database, "attempts > 0"), SEVERAL_LOOKS)


def is_confirmed(database):
    # Importable only after Odoo's configuration was read.
    from odoo.addons.mail_postmaster.policy import guard

    guard.forget()
    with database.env() as env:
        return env["mail.postmaster.policy"]._is_confirmed_database()


def test_switched_off_while_it_serves(gateway, serve):
    store_for_later(gateway, "Stored before")
    daemon = serve("--workers=1", "--no-watch")
    switch(gateway, "off")
    raw = mail(subject="Sent while off")
    assert wait_until(lambda: replies(daemon, raw) == {451}, 10)
    make_due(gateway)
    assert is_left_alone(gateway)
    with gateway.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()
        assert env[LOG].read_warnings()["waiting"] == 1
    assert not subjects_of_leads(gateway)
    switch(gateway, "True")
    assert wait_until(lambda: replies(daemon, raw) == {250}, 10)
    assert all_settled(gateway, 2)
    assert subjects_of_leads(gateway) == ["Sent while off", "Stored before"]


def test_dropped_and_restored_under_the_same_name_while_it_serves(gateway, serve, tmp_path):
    store_for_later(gateway, "In the dump")
    dump = tmp_path / "dump"
    run([postgresql.program("pg_dump"), "-Fc", "-T", marks.TABLE, "-f", dump, gateway.name])
    daemon = serve("--workers=1", "--no-watch")
    files = databases.filestore(gateway.name)
    shutil.move(files, tmp_path / "files")
    gateway.forget()
    databases.create(gateway.name)
    run([postgresql.program("pg_restore"), "--no-owner", "-d", gateway.name, dump])
    shutil.move(tmp_path / "files", files)
    make_due(gateway)
    raw = mail(subject="Sent to the copy")
    assert wait_until(lambda: replies(daemon, raw) == {451}, 10)
    assert is_left_alone(gateway)
    # Nor does it refuse a recipient that it does not know: the original may know it.
    with daemon.connect() as connection:
        assert deliver(connection, raw, recipients=["later@example.com"])[0][0] == 451
    with gateway.env() as env:
        env["mail.postmaster.policy"].confirm_database()
    assert wait_until(lambda: replies(daemon, raw) == {250}, 20)
    assert all_settled(gateway, 2)
    assert subjects_of_leads(gateway) == ["In the dump", "Sent to the copy"]


def test_createdb_copy_whose_switch_is_off(ready, other_database):
    """The switch of a copy turns on neither fetching nor sending."""
    ready.forget()
    databases.copy(ready.name, other_database.name)
    other_database.forget()
    assert is_confirmed(ready)
    assert not is_confirmed(other_database)
    switch(other_database, "off")
    with other_database.env() as env:
        server = env["fetchmail.server"].create({"name": "Box", "state": "done"})
        assert "copy" in str(server._fetch_mail())
    with other_database.env() as env:
        # Core would send a notice for the first, and refuse the second.
        for to in ("catchall@example.com", "nobody@example.com"):
            assert env["mail.thread"].message_process(False, mail(to=to)) is False
        assert not env["mail.mail"].search_count([])
    assert count(other_database, "state = 'received' AND attempts = 0") == 2


@contextmanager
def server_of(database, cluster, data_folder):
    """Let this process use a database of the same name on another server, with other files."""
    # Importable only where pytest has loaded it.
    from conftest import server_named

    database.forget()
    with server_named(cluster):
        tools.config["data_dir"] = str(data_folder)
        yield
        database.forget()


@pytest.mark.durable
def test_base_backup_and_promoted_replica(database, tmp_path):
    """The same cluster to PostgreSQL: only what is outside the database tells them apart."""
    with database.env() as env:
        set_up(env)
    assert is_confirmed(database)
    own = databases.filestore(database.name).parent.parent
    copied, empty = tmp_path / "copied", tmp_path / "empty"
    # As rsync -a and cp -a do.
    shutil.copytree(own / "filestore" / database.name, copied / "filestore" / database.name)
    copy = postgresql.Cluster(PART_OF_COPY)
    shutil.rmtree(copy.folder, ignore_errors=True)
    copy.back_up(database.cluster)
    try:
        copy.start()
        postgresql_is_replica = "SELECT pg_is_in_recovery()"
        for folder, expected in ((own, True), (copied, False), (empty, False)):
            with server_of(database, copy, folder):
                if expected:
                    assert database.query(postgresql_is_replica) == "t"
                    database.query("SELECT pg_promote()")
                    assert database.query(postgresql_is_replica) == "f"
                assert is_confirmed(database) is expected
        copy.stop()
        copy.start(port=5433)
        with server_of(database, copy, own):
            assert not is_confirmed(database)
    finally:
        copy.stop("immediate")
        shutil.rmtree(copy.folder, ignore_errors=True)
    # The original has been restarted, as its container is.
    database.forget()
    database.cluster.stop()
    database.cluster.start()
    assert is_confirmed(database)

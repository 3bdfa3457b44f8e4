"""A crash at any point neither loses nor duplicates a message."""

import pytest
from crashes import check, fill, finish, interrupt
from setup_gateway import USER, add_server, set_up

from odoo import sql_db

MAILS = 200
# The lock of newer Odoo concerns fewer of the moments.
MOMENTS = {"as installed": 100, "with a lock on the Message-Id": 40}
STOPS = {"as installed": 10, "with a lock on the Message-Id": 4}

pytestmark = pytest.mark.durable


@pytest.fixture
def server_id(database, dovecot):
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
        server = add_server(env, dovecot)
        server.start_from = "all"
        return server.id


@pytest.fixture
def is_left(database, dovecot):
    """Function that returns whether the mailbox or the log has work left."""

    def check_both():
        if any("S" not in kept.flags for kept in dovecot.stored(USER)):
            return True
        return (
            database.query(
                "SELECT 1 FROM mail_postmaster_message WHERE state IN ('received', 'retry') LIMIT 1"
            )
            == "1"
        )

    return check_both


def test_killed_while_fetching_and_processing(each_core, database, dovecot, server_id, is_left):
    used, subjects, number = 0, [], 0
    moments = MOMENTS[each_core]
    while used < moments:
        number += 1
        subjects += fill(dovecot, MAILS, f"Round {number}")
        used += interrupt(database, server_id, is_left, moments - used, seed=number)
    finish(database, server_id, is_left)
    check(database, subjects)


def test_database_server_crashes(each_core, database, dovecot, server_id, is_left):
    stops = STOPS[each_core]
    subjects = fill(dovecot, MAILS, "Power cut")

    def crash():
        sql_db.close_all()
        database.cluster.stop("immediate")
        database.cluster.start()

    used = interrupt(database, server_id, is_left, stops, seed=1, crash=crash)
    assert used == stops, "There was too little mail for so many crashes."
    finish(database, server_id, is_left)
    check(database, subjects)

"""A host whose clock is wrong by hours: the database's clock decides when a message is tried."""

import time
from pathlib import Path

import pytest
from mails import mail
from serving import LOG, count, subjects_of_leads, wait_until
from setup_gateway import set_up

from environment import debian
from environment.serve import deliver

BROKEN = "broken@example.com"
# How long after a failure the message is due again, in the database: at first a minute, and a
# rounding of the schedule.
SOONEST, LATEST = 0, 300
# What burns attempts does so several times a second.
A_WHILE = 5


def preload():
    """Return the path of the library that changes what a process reads from its clock."""
    debian.require("faketime", "faketime")
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.fixture
def ready(database):
    with database.env() as env:
        set_up(env)
        alias = env["mail.alias"].search([("alias_full_name", "=", "sales@example.com")])
        alias.copy({"alias_name": "broken", "alias_defaults": "{'no_such_field': 1}"})
    return database


@pytest.mark.parametrize("skew", ["-6h", "+6h"])
def test_attempts_are_planned_by_the_databases_clock(ready, serve, skew):
    daemon = serve(
        "--workers=1",
        environment={
            "LD_PRELOAD": str(preload()),
            "FAKETIME": skew,
        },
    )
    with daemon.connect() as connection:
        deliver(connection, mail(to=BROKEN, subject="Broken"), (BROKEN,))
        deliver(connection, mail(subject="Healthy"))
    assert wait_until(lambda: subjects_of_leads(ready) == ["Healthy"])
    assert wait_until(lambda: count(ready, "failures > 0"))
    time.sleep(A_WHILE)
    seconds = ready.query(
        "SELECT failures, extract(epoch FROM next_attempt - now() AT TIME ZONE 'UTC')::int "
        "FROM mail_postmaster_message WHERE failures > 0"
    )
    failures, until_next = map(int, seconds.split("|"))
    assert failures == 1
    assert SOONEST < until_next < LATEST
    with ready.env() as env:
        healthy = env[LOG].search([("subject", "=", "Healthy")])
        assert abs((healthy.settled_at - healthy.create_date).total_seconds()) < LATEST

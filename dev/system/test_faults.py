"""Each statement, commit, send and receive of a run may fail: nothing is lost or doubled.

A sample of them; ``dev/bench faults`` lets each of them fail.
"""

import logging

import pytest
from faults import KINDS, Gateway, sample
from setup_gateway import add_server, set_up

STEP = 17


@pytest.fixture
def gateway(database, dovecot):
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
        server = add_server(env, dovecot)
        server.start_from = "all"
        server_id = server.id
    return Gateway(database, dovecot, server_id)


def test_every_nth_operation_fails(gateway):
    logging.disable(logging.CRITICAL)
    try:
        # The first run fills caches.
        gateway.operations()
        counts = gateway.operations()
        assert set(counts) == set(KINDS)
        faults = sample(counts, STEP)
        assert len(faults) > 20
        for fault in faults:
            gateway.run(*fault)
    finally:
        logging.disable(logging.NOTSET)
    print(f"{len(faults)} faults of {2 * counts.total()}: {dict(counts)}")

"""Mail keeps coming while something goes wrong: a tenth of ``dev/bench chaos``."""

import pytest
from chaos import DISTURBANCES, run
from setup_gateway import add_server, set_up

SECONDS = 8

pytestmark = pytest.mark.durable


@pytest.mark.parametrize("disturbance", DISTURBANCES, ids=lambda one: one.name)
def test_nothing_is_lost_or_doubled(database, dovecot, disturbance):
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
        server = add_server(env, dovecot)
        server.start_from = "all"
    database.forget()
    outcome = run(disturbance, database, database.cluster, dovecot, SECONDS, hurries=True)
    assert outcome.messages == 5 * SECONDS
    assert (outcome.lost, outcome.doubled) == (0, 0)

"""Mail servers that lie: nothing is lost or doubled, and other servers are served.

The same servers, without a database: ``tests/gateway/test_mailbox_*.py``.
"""

import itertools
import time
from unittest.mock import patch

import pytest
from forks import Fork
from mails import mail
from setup_gateway import add_server_at, set_up

from environment import pure

LOG = "mail.postmaster.message"
lying_servers = pure.load("tests.gateway.lying_servers")


class Box:
    """A database with one incoming server that may lie."""

    def __init__(self, database, server, **values):
        self.database = database
        self.server = server
        kind = "pop" if isinstance(server, lying_servers.PopServer) else "imap"
        with database.env() as env:
            self.id = add_server_at(env, server.port, kind, start_from="all", **values).id

    def fetch(self):
        with self.database.env() as env:
            env["fetchmail.server"].browse(self.id).fetch_mail()

    def subjects(self):
        with self.database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()
            return sorted(env["crm.lead"].search([]).mapped("name"))

    def log(self, *names):
        with self.database.env() as env:
            rows = env[LOG].search([], order="id").read(names)
            return [tuple(row[name] for name in names) for row in rows]

    def read(self, *names):
        with self.database.env() as env:
            server = env["fetchmail.server"].browse(self.id)
            return tuple(server[name] for name in names)

    def entries(self):
        return int(self.database.query("SELECT count(*) FROM mail_postmaster_place"))


@pytest.fixture
def ready(database):
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
    return database


def numbered(number):
    """Return a message to sales@example.com; all have the same length."""
    return mail(
        subject=f"Number {number:03}",
        sender=f"c{number:03}@customer.test",
        message_id=f"<{number:03}@customer.test>",
    )


def expected(*numbers):
    return [f"Number {number:03}" for number in numbers]


# --- POP3: one unique id for several messages -----------------------------------------


def test_messages_that_share_a_unique_id(ready):
    server = lying_servers.PopServer([("same", numbered(number)) for number in range(30)])
    box = Box(ready, server)
    box.fetch()
    box.fetch()
    assert box.subjects() == expected(*range(30))
    assert (server.messages, box.entries()) == ([], 0)
    assert {count for (count,) in box.log("received_count")} == {1}


def test_messages_that_share_a_unique_id_are_left_and_then_deleted(ready):
    server = lying_servers.PopServer([("same", numbered(1)), ("same", numbered(2))])
    box = Box(ready, server, leave_days=3)
    box.fetch()
    # As an entry from before there were digests: its message is read again, and recognised.
    ready.query(
        "UPDATE mail_postmaster_place SET digest = '' "
        "WHERE id = (SELECT min(id) FROM mail_postmaster_place)"
    )
    server.messages += [("same", numbered(3))]
    box.fetch()
    box.fetch()
    assert box.subjects() == expected(1, 2, 3)
    assert (len(server.messages), box.entries()) == (3, 3)
    ready.query("UPDATE mail_postmaster_place SET since = since - interval '3 days'")
    # Its bytes were never read, and it has the id of one that is due.
    server.messages[0] = ("same", numbered(4))
    box.fetch()
    assert box.subjects() == expected(1, 2, 3, 4)
    assert [raw for _unique_id, raw in server.messages] == [numbered(4)]
    assert len(box.log("id")) == 4


# --- Numbers and ids that cannot be stored --------------------------------------------

HUGE = b"9" * 5_000
POP_LIES = (
    {"UIDL": (b"1 id1", b"1 i\0d1"), "LIST": (b"2 ", b"x ")},
    {"UIDL": (b"2 id2", b"x"), "LIST": (b"1 ", HUGE + b" ")},
    {"UIDL": (b"1 id1", b"1 " + HUGE)},
)


def test_pop_lines_that_cannot_be_stored(ready):
    for first, lies in enumerate(POP_LIES):
        numbers = range(10 * first + 1, 10 * first + 4)
        server = lying_servers.PopServer(
            [(f"id{position}", numbered(number)) for position, number in enumerate(numbers, 1)],
            {verb: lambda honest, pair=pair: honest.replace(*pair) for verb, pair in lies.items()},
        )
        box = Box(ready, server, leave_days=1)
        box.fetch()
        box.fetch()
    assert box.subjects() == expected(1, 2, 3, 11, 12, 13, 21, 22, 23)
    assert {count for (count,) in box.log("received_count")} == {1}


def _with_number(number):
    """Return a server that has one message, and says this number wherever it has to say one."""
    return lying_servers.ImapServer(
        {1: numbered(1)},
        {
            "SELECT": lambda honest: (
                honest.replace(b"UIDVALIDITY 1", b"UIDVALIDITY %s" % number)
                .replace(b"UIDNEXT 2", b"UIDNEXT %s" % number)
                .replace(b"1 EXISTS", b"%s EXISTS" % number)
            ),
            "SIZE": lambda honest: lying_servers.sizes_said(honest, number),
        },
    )


def test_imap_numbers_that_cannot_be_stored(ready):
    numbers = (b"2147483648", b"9" * 30, HUGE)
    boxes = [Box(ready, _with_number(number)) for number in numbers]
    for box in boxes:
        box.fetch()
    # A size beyond the limit: stored by its header, and fetched by hand.
    assert box.log("state", "reason_code") == [("parked", "too_large_to_fetch")] * 3
    with ready.env() as env:
        env[LOG].search([])[0].action_process_again()
    assert box.subjects() == expected(1)
    for number, box in enumerate(boxes, 2):
        box.server.lies.pop("SIZE")
        box.server.messages[2] = numbered(number)
        box.fetch()
    assert box.subjects() == expected(1, 2, 3, 4)


def test_nul_in_an_error(ready):
    server = lying_servers.ImapServer(
        {1: numbered(1)},
        {"SELECT": lambda _honest: b"TAG NO no\0such folder " + b"x" * 9_000 + b"\r\n"},
    )
    box = Box(ready, server)
    with pytest.raises(Exception, match="such folder"):
        box.fetch()
    assert box.read("failures", "fetch_state") == (1, "failing")
    assert "such folder" in box.read("folder_problem")[0]
    server.lies.clear()
    box.fetch()
    assert box.subjects() == expected(1)


# --- Servers that take their time -----------------------------------------------------


def drip(_honest):
    for octet in itertools.chain(b"* ", itertools.repeat(32)):
        yield bytes([octet])
        time.sleep(0.1)


def fetch_as_scheduled(database, *ids):
    with database.env() as env:
        cron = env.ref("mail.ir_cron_mail_gateway_action")
        env["fetchmail.server"].with_context(cron_id=cron.id).browse(ids)._fetch_mail()


def test_servers_that_drip_do_not_starve_the_other(ready):
    steps = ("LOGIN", "SEARCH", "FETCH")
    dripping = [
        Box(ready, lying_servers.ImapServer({1: numbered(number)}, {step: drip}), name=step)
        for number, step in enumerate(steps, 1)
    ]
    good = Box(ready, lying_servers.PopServer([("a", numbered(9))]), name="Good")
    ids = [box.id for box in (*dripping, good)]
    with patch("odoo.addons.mail_postmaster.gateway.mailbox.bounds.COMMAND_SECONDS", 4):
        fetch_as_scheduled(ready, *ids)
    assert good.subjects() == expected(9)
    for box in dripping:
        assert box.read("failures", "fetch_state") == (1, "failing")
        assert "took too long" in box.read("error_message")[0]
        box.server.lies.clear()
    fetch_as_scheduled(ready, *ids)
    assert good.subjects() == expected(1, 2, 3, 9)
    assert good.read("failures", "fetch_state") == (0, "working")


def test_server_at_which_each_run_is_killed_does_not_starve_the_other(ready):
    """As the worker of a scheduled action is killed after its time; the greeting never ends."""
    dripping = Box(ready, lying_servers.ImapServer({}, {"GREETING": drip}), name="Drip")
    good = Box(ready, lying_servers.PopServer([("a", numbered(2))]), name="Good")
    for failures in (0, 1):
        run = Fork(ready, fetch_as_scheduled, dripping.id, good.id)
        deadline = time.monotonic() + 60
        # In the second run, the good one comes first.
        while len(dripping.server.connections) <= failures and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        run.kill()
        assert len(dripping.server.connections) == failures + 1
        assert dripping.read("failures") == (failures,)
    assert good.subjects() == expected(2)
    # This time it is left alone, and said to fail.
    fetch_as_scheduled(ready, dripping.id, good.id)
    assert dripping.read("failures", "fetch_state") == (2, "failing")
    assert "stopped before it ended" in dripping.read("error_message")[0]
    assert len(dripping.server.connections) == 2

"""The HTTP endpoint with real commits: stored once before 200, otherwise retried."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from mails import mail

from environment import postgresql
from environment.processes import LOOPBACK

LOG = "mail.postmaster.message"
PATH = "/postmaster/inbound"


def add_source(database, **values):
    """Create a source that may post and return its token."""
    with database.env() as env:
        source = env["mail.postmaster.source"].create({"name": "Provider", **values})
        return env["mail.postmaster.token"]._generate(source)


def post(server, token, raw, path=PATH, **headers):
    """Post a message and return ``(status, value of X-Postmaster)``."""
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(
        "POST",
        path,
        raw,
        {
            "Authorization": f"Bearer {token}",
            "Content-Type": "message/rfc822",
            **names,
        },
    )
    response = connection.getresponse()
    response.read()
    return response.status, response.getheader("X-Postmaster")


def states(database):
    with database.env() as env:
        return [(row.state, row.reason_code) for row in env[LOG].search([], order="id")]


@pytest.fixture
def server(ready, odoo_server):
    return odoo_server(ready)


@pytest.mark.parametrize("options", [(), ("--workers=1",)], ids=["threads", "processes"])
def test_stored_and_delivered(ready, odoo_server, options):
    server = odoo_server(ready, *options)
    token = add_source(ready)
    raw = mail(body=b"caf\xe9 \xff\r\n.\r\n")
    assert post(server, token, raw) == (200, "stored")
    assert states(ready) == [("delivered", "record_created")]
    with ready.env() as env:
        row = env[LOG].search([])
        assert env["mail.postmaster.raw"]._read_content(row.id) == raw
        assert row.source_id.last_used
        assert (row.source, row.user_id.id) == ("http", 1)
        assert env["crm.lead"].search_count([]) == 1


def test_same_mail_again_is_the_same(ready, server):
    """A provider that received no response retries, from many places at once."""
    token = add_source(ready)
    raw = mail()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _n: post(server, token, raw), range(6)))
    assert answers == [(200, "stored")] * 6
    with ready.env() as env:
        assert env["crm.lead"].search_count([]) == 1
        assert env[LOG].search_count([]) == 1


def test_blind_copy_for_each_recipient(ready, server):
    """The same bytes for another recipient are another delivery of the same message."""
    token = add_source(ready)
    with ready.env() as env:
        env["mail.alias"].create(
            {
                "alias_name": "info",
                "alias_model_id": env["ir.model"]._get_id("res.partner"),
                "alias_domain_id": env.company.alias_domain_id.id,
            }
        )
    raw = mail(to="undisclosed-recipients:;")
    for recipient in ("sales@example.com", "info@example.com", "sales@example.com"):
        answer = post(server, token, raw, X_Postmaster_Recipient=recipient)
        assert answer == (200, "stored")
    assert states(ready) == [("delivered", "record_created")] * 2
    with ready.env() as env:
        assert env["crm.lead"].search_count([]) == 1


def test_nobodys_address(ready, server):
    raw = mail(to="nobody@example.com")
    parking = add_source(ready)
    assert post(server, parking, raw) == (200, "stored")
    refusing = add_source(ready, unknown_recipient="refuse")
    assert post(server, refusing, raw) == (422, "no_route")
    assert states(ready) == [("parked", "no_route"), ("refused", "no_route_refused")]
    # The sender retries when the address exists.
    with ready.env() as env:
        env["crm.team"].search([], limit=1).alias_name = "nobody"
    assert post(server, refusing, raw) == (200, "stored")
    assert states(ready)[1] == ("delivered", "record_created")


def test_company_of_the_source(ready, server):
    with ready.env() as env:
        company = env["res.company"].create({"name": "Other"})
    token = add_source(ready, company_id=company.id)
    post(server, token, mail(to="nobody@elsewhere.example"))
    with ready.env() as env:
        row = env[LOG].search([])
        assert row.company_id == company
        # It still belongs to the company after another attempt.
        row.action_process_again()
        assert (row.state, row.company_id) == ("parked", company)


def test_broken_record_is_no_reason_to_send_again(ready, server):
    token = add_source(ready)
    with ready.env() as env:
        env["crm.team"].search([], limit=1).alias_id.alias_defaults = "{'team_id': 999999}"
    assert post(server, token, mail()) == (200, "stored")
    assert states(ready) == [("retry", "alias_failed")]


def test_switched_off(ready, server):
    """The provider keeps the messages, whatever the recipient, until the switch is set back."""
    token = add_source(ready)
    ready.query(
        "INSERT INTO ir_config_parameter (key, value) VALUES ('mail.postmaster.enabled', 'false')"
    )
    refusing = add_source(ready, unknown_recipient="refuse")
    for to in ("sales@example.com", "nobody@example.com"):
        for one in (token, refusing, "postmaster_000000000000_x"):
            assert post(server, one, mail(to=to)) == (503, "off")
    assert states(ready) == []
    ready.query("DELETE FROM ir_config_parameter WHERE key = 'mail.postmaster.enabled'")
    assert post(server, token, mail()) == (200, "stored")
    assert states(ready) == [("delivered", "record_created")]


def test_large_request_of_a_stranger(ready, server):
    """The response arrives although the server does not read the request."""
    assert post(server, "postmaster_000000000000_x", b"x" * 20_000_000) == (401, "unauthorized")
    token = add_source(ready, most_megabytes=1)
    assert post(server, token, b"x" * 20_000_000) == (413, "too_large")
    assert states(ready) == []


def test_other_database_of_the_server(ready, server, other_database):
    """A token is valid for its own database, whatever the request names."""
    token = add_source(other_database)
    assert post(server, token, mail()) == (401, "unauthorized")
    # The database filter makes the other one unreachable here.
    answer = post(server, token, mail(), X_Odoo_Database=other_database.name)
    assert answer == (503, "no_database")
    own = add_source(ready)
    assert post(server, own, mail(), X_Odoo_Database=ready.name) == (200, "stored")
    assert states(other_database) == []


@pytest.mark.durable
def test_database_away(ready, server):
    """503 while the database is down, and everything afterwards, nothing twice."""
    token = add_source(ready)
    assert post(server, token, mail()) == (200, "stored")
    raws = [mail(subject=f"Number {number}") for number in range(6)]
    answers, is_over = [], threading.Event()

    def provider():
        """Send until everything is accepted, as a provider does."""
        waiting = list(raws)
        while waiting and not is_over.wait(0.05):
            answer = post(server, token, waiting[0])
            answers.append(answer)
            if answer == (200, "stored"):
                waiting.pop(0)

    ready.cluster.stop("immediate")
    sender = threading.Thread(target=provider)
    sender.start()
    while len(answers) < 3 and sender.is_alive():
        is_over.wait(0.05)
    assert all(status >= 500 for status, _code in answers), answers
    assert (503, "no_database") in answers
    ready.cluster.start()
    ready.forget()
    sender.join(60)
    is_over.set()
    # Right after its start PostgreSQL accepts no connections, and core responds 500 to everything.
    assert {status for status, _code in answers} <= {200, 500, 503}
    assert answers.count((200, "stored")) == len(raws)
    with ready.env() as env:
        assert env["crm.lead"].search_count([("name", "like", "Number")]) == len(raws)


def test_killed_in_the_middle(ready, odoo_server):
    """What was acknowledged is stored, whenever the server is killed."""
    token = add_source(ready)
    taken = []
    for round_number in range(3):
        server = odoo_server(ready)
        killer = threading.Timer(0.2 * round_number, server.kill)
        for number in range(1000):
            subject = f"Round {round_number} number {number}"
            try:
                status, _code = post(server, token, mail(subject=subject))
            except (OSError, http.client.HTTPException):
                break
            assert status == 200
            taken.append(subject)
            if not number:
                killer.start()
        killer.join()
    assert len(taken) >= 3
    stored = postgresql.query(ready.name, f"SELECT subject FROM {LOG.replace('.', '_')}")
    assert set(taken) <= set(stored.splitlines())

"""Signatures are checked with a real DNS server, while no lock on the message is held."""

import importlib
import socket
import threading
import time

import dns.message
import dns.resolver
import dns.rrset
import pytest
from mails import mail
from setup_gateway import recommend, set_up

ADDON = "odoo.addons.mail_postmaster"
# The key of a domain that signs all its messages.
POLICY = ("_dmarc.customer.test", "v=DMARC1; p=reject")


class NameServer:
    """A DNS server on a port of this machine, which may be slow.

    :param on_question: called before each answer
    """

    def __init__(self, on_question):
        self._on_question = on_question
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while octets := self._receive():
            query = dns.message.from_wire(octets[0])
            question = query.question[0].name
            self.asked.append(question.to_text(omit_final_dot=True))
            self._on_question()
            reply = dns.message.make_response(query)
            if self.asked[-1] == POLICY[0]:
                reply.answer.append(
                    dns.rrset.from_text(question, 60, "IN", "TXT", f'"{POLICY[1]}"')
                )
            self._socket.sendto(reply.to_wire(), octets[1])

    def _receive(self):
        octets, client = self._socket.recvfrom(4096)
        return (octets, client) if octets else None

    def resolver(self):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self._socket.getsockname()[1]
        return resolver

    def close(self):
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@pytest.fixture
def checks(database):
    """Make a database check signatures; return the addon's module that does."""
    with database.env() as env:
        set_up(env)
        recommend(env)
        env["ir.config_parameter"].set_param("mail.postmaster.authentication.own", "on")
    return importlib.import_module(f"{ADDON}.pipeline.authentication")


@pytest.fixture
def name_server(monkeypatch, checks):
    """Make a :class:`NameServer` the one that this process queries."""
    servers = []

    def start(on_question):
        server = NameServer(on_question)
        servers.append(server)
        answers = checks.dns_answers

        def look_up(*question):
            return answers.resolve(server.resolver(), *question)

        monkeypatch.setattr(checks, "ANSWERS", answers.Answers(look_up))
        return server

    yield start
    for server in servers:
        server.close()


def receive(database, **fields):
    with database.env() as env:
        env["mail.thread"].message_process(False, mail(**fields))


def state(database):
    return database.query(
        "SELECT state, authentication FROM mail_postmaster_message ORDER BY id DESC LIMIT 1"
    )


def test_nothing_is_locked_while_dns_is_asked(database, name_server):
    """However long DNS takes, the message is stored, and nothing else has been written."""
    seen = []

    def look():
        seen.append(
            (
                state(database),
                database.query(
                    # A transaction that has written has an id.
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND backend_xid IS NOT NULL"
                ),
            )
        )

    server = name_server(look)
    receive(database, sender="Jane <jane@customer.test>")
    assert server.asked == [POLICY[0]]
    assert [(stored.split("|")[0], writers) for stored, writers in seen] == [("received", "0")]
    assert state(database) == "delivered|fail"


def test_slow_dns_holds_a_mail_up_for_seconds(database, checks, name_server, monkeypatch):
    monkeypatch.setattr(checks, "LONGEST_CHECK", 1)
    name_server(lambda: time.sleep(1.5))
    start = time.monotonic()
    receive(database, sender="Jane <jane@customer.test>")
    assert 1 <= time.monotonic() - start < 10
    assert state(database) == "delivered|none"

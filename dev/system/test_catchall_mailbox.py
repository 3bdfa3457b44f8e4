"""One mailbox for all aliases: each message reaches the alias in its envelope.

Messages come by SMTP and LMTP through real servers, in four common ways. Each way has its own
domain, whose mailbox receives all its messages, and is read by IMAP and by POP3.
"""

import itertools
import smtplib
import time
from dataclasses import dataclass

import pytest
from mails import mail
from setup_gateway import add_server, recommend

from odoo.tests import Form

from environment.dovecot import EVERYTHING
from environment.postfix import Postfix

LOG = "mail.postmaster.message"
MODELS = ("crm.lead", "project.task")
LEAD, TASK = MODELS
FORGED = ("Return-Path", "Delivered-To", "X-Original-To", "Envelope-To", "Apparently-To")
# How long a mail server may take to deliver.
SECONDS = 20

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Way:
    """The way of a message from a client into a mailbox.

    :param name: name of its domain, below example.com
    :param preset: the preset an administrator chooses for it
    :param field: the header field that should name the recipient
    """

    name: str
    preset: str
    field: str

    @property
    def domain(self):
        return f"{self.name}.example.com"

    @property
    def mailbox(self):
        return f"{EVERYTHING}@{self.domain}"


# A client of Dovecot's LMTP server, as another mail server would be.
DIRECT = Way("direct", "dovecot", "Delivered-To")
# Postfix delivers to Dovecot and leaves the addresses unchanged.
RELAY = Way("relay", "dovecot", "Delivered-To")
# Postfix itself writes into the mailbox, with virtual(8).
MAILDIR = Way("maildir", "postfix", "X-Original-To")
# Postfix rewrites each address to that of the mailbox and records the original.
REWRITTEN = Way("rewritten", "postfix", "X-Original-To")
WAYS = (DIRECT, RELAY, MAILDIR, REWRITTEN)


# --- Servers ------------------------------------------------------------------------


def inline(table):
    """Return a Postfix lookup table written inline in its settings."""
    return "inline:{ %s }" % ", ".join("{ %s = %s }" % pair for pair in table.items())


@pytest.fixture(scope="module")
def postfix(catch_all_dovecot):
    """The mail server in front of the mailboxes."""
    dovecot = f"inet:{catch_all_dovecot.host}:{catch_all_dovecot.lmtp_port}"
    user, group = catch_all_dovecot.account
    settings = {
        "transport_maps": inline(
            {
                DIRECT.domain: f"lmtp:{dovecot}",
                RELAY.domain: f"lmtp:{dovecot}",
                REWRITTEN.domain: f"marked:{dovecot}",
            }
        ),
        # With more than one recipient, neither server can tell which one a copy is for.
        "lmtp_destination_recipient_limit": 1,
        "marked_destination_recipient_limit": 1,
        "virtual_mailbox_domains": MAILDIR.domain,
        "virtual_mailbox_base": catch_all_dovecot.folder / "mail",
        "virtual_mailbox_maps": f"static:{MAILDIR.mailbox}/",
        "virtual_uid_maps": f"static:{user}",
        "virtual_gid_maps": f"static:{group}",
        "virtual_alias_maps": inline(
            {
                f"@{REWRITTEN.domain}": REWRITTEN.mailbox,
                f"inside@{MAILDIR.domain}": f"sales@{MAILDIR.domain}",
            }
        ),
        "virtual_alias_domains": "",
    }
    marked = "marked unix - - n - - lmtp flags=O\n"
    with Postfix("test-postfix", settings, marked) as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere(catch_all_dovecot, postfix):
    """The mail server of example.org, which redirects the name of each way to its sales address."""
    onward = {way.domain: f"smtp:[{postfix.host}]:{postfix.port}" for way in WAYS}
    lmtp = f"lmtp:inet:{catch_all_dovecot.host}:{catch_all_dovecot.lmtp_port}"
    settings = {
        "myhostname": "mx.example.org",
        "mydestination": "example.org",
        "alias_maps": inline({way.name: f"sales@{way.domain}" for way in WAYS}),
        "transport_maps": inline({**onward, DIRECT.domain: lmtp}),
    }
    with Postfix("test-elsewhere", settings) as server:
        yield server


@pytest.fixture(scope="module")
def server_ids(shared_database, catch_all_dovecot):
    """Ids of the incoming servers by ``(way, kind)``, in a database that knows the domains."""
    with shared_database.env() as env:
        recommend(env)
        for way in WAYS:
            add_aliases(env, way.domain)
        return {
            (way, kind): add_trusting_server(env, catch_all_dovecot, way, kind)
            for way in WAYS
            for kind in ("imap", "pop")
        }


def add_aliases(env, name):
    """Make sales@ create leads and works@ create tasks in a new domain."""
    domain = env["mail.alias.domain"].create(
        {
            "name": name,
            "bounce_alias": "bounce",
            "catchall_alias": "catchall",
        }
    )
    address = {"alias_domain_id": domain.id}
    env["crm.team"].create(
        {
            "name": name,
            "use_leads": True,
            "alias_name": "sales",
            **address,
        }
    )
    env["project.project"].create({"name": name, "alias_name": "works", **address})


def add_trusting_server(env, dovecot, way, kind):
    server = add_server(env, dovecot, kind, way.mailbox, f"{way.name} by {kind}")
    # As in the form, where the preset fills in the trusted fields.
    with Form(server) as form:
        form.recipient_preset = way.preset
        if way == REWRITTEN:
            # Dovecot's own Received field is above the mark, as the note says.
            form.recipient_fields_on_top = False
    return server.id


# --- A mailbox ----------------------------------------------------------------------


class Mailbox:
    """The mailbox of a way, its incoming server, and the outcomes of its messages in one test."""

    def __init__(self, way, dovecot, database, server_id, postfix):
        self.way = way
        self.dovecot = dovecot
        self.database = database
        self.server_id = server_id
        self.postfix = postfix
        # Core blocks a sender after twenty messages.
        self.sender = f"jane{next(_numbers)}@customer.test"
        dovecot.empty(way.mailbox)
        with database.env() as env:
            self._before = {model: self._last_id(env, model) for model in (LOG, *MODELS)}

    @staticmethod
    def _last_id(env, model):
        return env[model].search([], order="id desc", limit=1).id or 0

    def _new(self, env, model):
        return env[model].search([("id", ">", self._before[model])], order="id")

    # --- Delivery -------------------------------------------------------------------

    def mail(self, **fields):
        """Return a message addressed to an unrelated recipient, unless ``to`` says otherwise."""
        return mail(**{"to": "friend@example.org", "sender": self.sender, **fields})

    def address(self, *local_parts):
        return ", ".join(f"{local_part}@{self.way.domain}" for local_part in local_parts)

    def receive(self, *local_parts, raw, sender=None):
        """Deliver a message to addresses in the way's domain, in one envelope; fetch it."""
        recipients = [self.address(local_part) for local_part in local_parts]
        if self.way is DIRECT:
            # Dovecot names the recipient if a transaction has exactly one.
            for recipient in recipients:
                self.hand_to_dovecot([recipient], raw, sender)
        else:
            self.hand_to(self.postfix, recipients, raw, sender)
        self.fetch(len(recipients))

    def hand_to_dovecot(self, recipients, raw, sender=None):
        with smtplib.LMTP(self.dovecot.host, self.dovecot.lmtp_port) as connection:
            connection.sendmail(sender or self.sender, recipients, raw)
            # One reply for each recipient (RFC 2033 section 4.2); the client reads the first.
            for _other in recipients[1:]:
                connection.getreply()

    def hand_to(self, server, recipients, raw, sender=None):
        with smtplib.SMTP(server.host, server.port) as connection:
            connection.sendmail(sender or self.sender, recipients, raw)

    def fetch(self, copies):
        """Wait until this many messages are in the mailbox, and let Odoo fetch them."""
        end = time.monotonic() + SECONDS
        while (count := len(self.dovecot.stored(self.way.mailbox))) < copies:
            assert time.monotonic() < end, self.postfix.log.read_text()
            time.sleep(0.02)
        assert count == copies
        with self.database.env() as env:
            server = env["fetchmail.server"].browse(self.server_id)
            server.fetch_mail()
            assert not server.error_message
        self.dovecot.empty(self.way.mailbox)

    def process_again(self):
        with self.database.env() as env:
            self._new(env, LOG).action_process_again()

    # --- Outcome --------------------------------------------------------------------

    def log(self):
        """Return ``(state, reason, recipient)`` of each message, in order.

        The recipient is the one in the trusted field, None if there is none.
        """
        with self.database.env() as env:
            rows = self._new(env, LOG)
            assert set(rows.fetchmail_server_id.ids) == {self.server_id}
            return [(row.state, row.reason_code, self._evidence(row)) for row in rows]

    def _evidence(self, row):
        for step in row.trace:
            if step["step"] == "evidence":
                assert step["params"]["source"] == self.way.field
                return step["params"]["recipients"]
        return None

    def steps(self):
        """Return the parameters of the steps of the last message, by name."""
        with self.database.env() as env:
            return {step["step"]: step["params"] for step in self._new(env, LOG)[-1:].trace}

    def served(self):
        """Return the models of the new records, each with the address it came through.

        The list is sorted. The deliveries in the log must match the records.
        """
        with self.database.env() as env:
            # A report is recorded on the message it is about, and creates nothing.
            deliveries = self._new(env, LOG).delivery_ids.filtered(
                lambda delivery: delivery.res_id and delivery.target != "report"
            )
            made = {(delivery.model, delivery.res_id) for delivery in deliveries}
            there = {(model, new.id) for model in MODELS for new in self._new(env, model)}
            assert made == there
            return sorted(
                (delivery.model, delivery.alias_id.alias_full_name) for delivery in deliveries
            )

    def lead_with_message(self, *addresses):
        """Return ``(id, Message-Id)`` of a message posted earlier on a lead.

        :param addresses: addresses of the contacts it is sent to
        """
        with self.database.env() as env:
            lead = env[LEAD].create({"name": "Talk"})
            contacts = env["res.partner"].create(
                [{"name": address, "email": address} for address in addresses]
            )
            note = lead.message_post(
                body="How are you?",
                message_type="comment",
                partner_ids=contacts.ids,
                incoming_email_to=self.sender,
                force_send=False,
            )
            self._before[LEAD] = lead.id
            return lead.id, note.message_id


@pytest.fixture
def open_mailbox(catch_all_dovecot, shared_database, server_ids, postfix):
    """Function that returns the mailbox of a way as read by one of its incoming servers."""

    def opened(way, kind):
        server_id = server_ids[way, kind]
        return Mailbox(way, catch_all_dovecot, shared_database, server_id, postfix)

    return opened


@pytest.fixture(
    params=[(way, kind) for way in WAYS for kind in ("imap", "pop")],
    ids=lambda param: f"{param[0].name}-{param[1]}",
)
def mailbox(request, open_mailbox):
    return open_mailbox(*request.param)


def created(address):
    return ("delivered", "record_created", address)


# --- The envelope decides -----------------------------------------------------------


def test_blind_copy(mailbox):
    mailbox.receive("sales", raw=mailbox.mail())
    sales = mailbox.address("sales")
    assert mailbox.log() == [created(sales)]
    assert mailbox.served() == [(LEAD, sales)]


def test_blind_copy_to_two_aliases(mailbox):
    mailbox.receive("sales", "works", raw=mailbox.mail())
    sales, works = mailbox.address("sales"), mailbox.address("works")
    assert sorted(mailbox.log()) == [created(sales), created(works)]
    assert mailbox.served() == [(LEAD, sales), (TASK, works)]


def test_alias_that_only_the_header_names_gets_nothing(mailbox):
    mailbox.receive("works", raw=mailbox.mail(to=mailbox.address("sales")))
    works = mailbox.address("works")
    assert mailbox.log() == [created(works)]
    assert mailbox.served() == [(TASK, works)]


def test_each_copy_of_one_envelope_is_for_its_recipient(mailbox):
    """To and Cc name all recipients in every copy; one recipient matches no alias."""
    names = ("sales", "works", "nobody")
    mailbox.receive(
        *names,
        raw=mailbox.mail(
            to=mailbox.address(*names),
            headers=f"Cc: {mailbox.address('catchall')}",
        ),
    )
    sales, works, nobody = map(mailbox.address, names)
    assert sorted(mailbox.log()) == [
        created(sales),
        created(works),
        ("parked", "no_route", nobody),
    ]
    assert mailbox.served() == [(LEAD, sales), (TASK, works)]


def test_fields_of_a_stranger_choose_nobody(mailbox):
    works = mailbox.address("works")
    forged = "".join(f"{field}: {works}\r\n" for field in FORGED)
    mailbox.receive("sales", raw=forged.encode() + mailbox.mail(headers=forged))
    sales = mailbox.address("sales")
    assert mailbox.log() == [created(sales)]
    assert mailbox.served() == [(LEAD, sales)]


def test_detail_in_the_envelope(mailbox):
    mailbox.receive("sales+ref42", raw=mailbox.mail())
    assert mailbox.log() == [created(mailbox.address("sales+ref42"))]
    assert mailbox.served() == [(LEAD, mailbox.address("sales"))]
    assert mailbox.steps()["match_sub_address"]["detail"] == "ref42"


# --- One Message-Id, several copies -------------------------------------------------


def test_mailing_list_with_two_members(mailbox):
    """A list sends to each member in a separate envelope, and one copy twice."""
    raw = mailbox.mail(
        to="list@example.org",
        headers="List-Id: <list.example.org>\r\nPrecedence: list",
    )
    for member in ("sales", "works", "sales"):
        mailbox.receive(member, raw=raw, sender=f"list-bounces+{member}@example.org")
    sales, works = mailbox.address("sales"), mailbox.address("works")
    assert mailbox.log() == [created(sales), created(works), ("ignored", "duplicate", sales)]
    assert mailbox.served() == [(LEAD, sales), (TASK, works)]


def test_redirect_by_another_server(mailbox, elsewhere):
    """It leaves its own Delivered-To. A copy that comes directly is not a second message."""
    raw = mailbox.mail(to=f"{mailbox.way.name}@example.org")
    mailbox.hand_to(elsewhere, [f"{mailbox.way.name}@example.org"], raw)
    mailbox.fetch(1)
    sales = mailbox.address("sales")
    assert mailbox.log() == [created(sales)]
    mailbox.receive("sales", "works", raw=raw)
    works = mailbox.address("works")
    assert sorted(mailbox.log()[1:]) == [created(works), ("ignored", "duplicate", sales)]
    assert mailbox.served() == [(LEAD, sales), (TASK, works)]


# --- Catchall and bounce ------------------------------------------------------------


def test_answer_to_the_catchall(mailbox):
    lead_id, reference = mailbox.lead_with_message()
    mailbox.receive(
        "catchall",
        raw=mailbox.mail(
            headers=f"In-Reply-To: {reference}",
            subject="Re: Talk",
        ),
    )
    assert mailbox.log() == [("delivered", "reply_posted", mailbox.address("catchall"))]
    with mailbox.database.env() as env:
        [answer] = (
            env[LEAD]
            .browse(lead_id)
            .message_ids.filtered(lambda message: message.message_type == "email")
        )
        assert answer.subject == "Re: Talk"


def test_new_mail_to_the_catchall(mailbox):
    """An alias in To does not get this copy; the copy sent to it has its own envelope."""
    mailbox.receive("catchall", raw=mailbox.mail(to=mailbox.address("sales")))
    assert mailbox.log() == [("refused", "catchall", mailbox.address("catchall"))]
    assert mailbox.served() == []


def test_delivery_report_to_the_bounce_address(mailbox, elsewhere):
    """A message by Odoo to a recipient that another server does not know."""
    _lead_id, reference = mailbox.lead_with_message("unknown@example.org")
    mailbox.hand_to(
        elsewhere,
        ["unknown@example.org"],
        mailbox.mail(message_id=reference),
        sender=mailbox.address("bounce"),
    )
    mailbox.fetch(1)
    assert mailbox.log() == [("delivered", "report_recorded", mailbox.address("bounce"))]
    assert mailbox.served() == []


# --- Without a recipient in the field -----------------------------------------------


def test_two_recipients_in_one_transaction_of_dovecot(open_mailbox):
    """Dovecot then names neither: the message is held for review."""
    mailbox = open_mailbox(DIRECT, "imap")
    recipients = [mailbox.address("sales"), mailbox.address("works")]
    mailbox.hand_to_dovecot(recipients, mailbox.mail())
    mailbox.fetch(2)
    assert set(mailbox.log()) == {("parked", "no_route", None)}
    assert mailbox.served() == []


def test_recipient_of_a_stranger_where_dovecot_names_none(open_mailbox):
    """Without a field by Dovecot above it, a field written by the sender would be the topmost."""
    mailbox = open_mailbox(DIRECT, "imap")
    forged = f"Delivered-To: {mailbox.address('works')}\r\n".encode()
    recipients = [mailbox.address("sales"), mailbox.address("nobody")]
    mailbox.hand_to_dovecot(recipients, forged + mailbox.mail())
    mailbox.fetch(2)
    assert {entry[:2] for entry in mailbox.log()} <= {
        ("parked", "no_route"),
        ("ignored", "duplicate"),
    }
    assert mailbox.served() == []


def test_redirect_inside_the_server(open_mailbox):
    """X-Original-To has the address before the redirect, so Delivered-To must be trusted."""
    mailbox = open_mailbox(MAILDIR, "imap")
    with mailbox.database.env() as env:
        mailbox.server_id = add_trusting_server(env, mailbox.dovecot, MAILDIR, "imap")
    mailbox.receive("inside", raw=mailbox.mail())
    assert mailbox.log() == [("parked", "no_route", mailbox.address("inside"))]
    with mailbox.database.env() as env:
        env["fetchmail.server"].browse(mailbox.server_id).recipient_fields = "Delivered-To"
    mailbox.process_again()
    sales = mailbox.address("sales")
    assert mailbox.steps()["evidence"] == {"source": "Delivered-To", "recipients": sales}
    assert mailbox.served() == [(LEAD, sales)]

"""Which message is new, where it goes, and what network and server failures do to it.

Real Dovecot, IMAP and POP3, real commits.
"""

import socket
import time
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from mails import mail
from proxy import Proxy
from setup_gateway import USER, add_server, set_up

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.mail.models import fetchmail

from environment.processes import LOOPBACK, free_port

LOG = "mail.postmaster.message"


class Mailbox:
    """A database with one incoming server, and the mailbox behind it."""

    def __init__(self, database, dovecot, server_id):
        self.database = database
        self.dovecot = dovecot
        self.server_id = server_id
        self.delivered = 0

    def fetch(self):
        with self.database.env() as env:
            env["fetchmail.server"].browse(self.server_id).fetch_mail()

    def fetch_as_scheduled(self, *ids):
        """Fetch as core's scheduled action does."""
        with self.database.env() as env:
            cron = env.ref("mail.ir_cron_mail_gateway_action")
            servers = env["fetchmail.server"].with_context(cron_id=cron.id)
            servers.browse(ids or [self.server_id])._fetch_mail()

    def process(self):
        """Process, as the scheduled action does, messages that were stored and left to it."""
        with self.database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()

    def deliver(self, count=1, **fields_of_mail):
        for _number in range(count):
            self.delivered += 1
            self.dovecot.deliver(
                USER,
                mail(
                    subject=f"Number {self.delivered}",
                    sender=f"c{self.delivered}@customer.test",
                    **fields_of_mail,
                ),
            )

    def deliver_read(self, count=1):
        """Put messages into the mailbox that have already been read."""
        for path in [self.dovecot.deliver(USER, mail(subject="Old")) for _n in range(count)]:
            path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")

    def write(self, **values):
        with self.database.env() as env:
            env["fetchmail.server"].browse(self.server_id).write(values)

    def read(self, *names):
        with self.database.env() as env:
            server = env["fetchmail.server"].browse(self.server_id)
            return tuple(server[name] for name in names)

    def log(self, *names):
        with self.database.env() as env:
            rows = env[LOG].search([], order="id").read(names)
            return [tuple(row[name] for name in names) for row in rows]

    def subjects(self):
        with self.database.env() as env:
            return sorted(env["crm.lead"].search([]).mapped("name"))

    def expected(self):
        return sorted(f"Number {number}" for number in range(1, self.delivered + 1))

    def places(self):
        return int(self.database.query("SELECT count(*) FROM mail_postmaster_place"))

    def check_nothing_lost_or_doubled(self):
        assert self.subjects() == self.expected()
        assert sorted(subject for (subject,) in self.log("subject")) == self.expected()


def _mailbox(database, dovecot, kind):
    with database.env() as env:
        set_up(env)
        env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "100000")
        return Mailbox(database, dovecot, add_server(env, dovecot, kind).id)


@pytest.fixture
def imap(database, dovecot):
    return _mailbox(database, dovecot, "imap")


@pytest.fixture
def pop(database, dovecot):
    return _mailbox(database, dovecot, "pop")


# --- The network ----------------------------------------------------------------------


def _cut_at_every_command(mailbox, port):
    """Fetch new messages with the network cut after one more command each time, then uncut."""
    proxy = Proxy(port)
    mailbox.write(port=proxy.port)
    steps = 0
    while True:
        steps += 1
        mailbox.deliver(2)
        proxy.cut_after(steps)
        try:
            mailbox.fetch()
        except Exception:  # noqa: BLE001  whatever the cut leads to, nothing may be lost
            assert proxy.is_cut
        was_cut = proxy.is_cut
        proxy.cut_after(None)
        mailbox.fetch()
        mailbox.process()
        mailbox.check_nothing_lost_or_doubled()
        assert all(count == 1 for (count,) in mailbox.log("received_count"))
        if not was_cut:
            break
    proxy.close()
    return steps


def test_imap_cut_at_every_command(imap):
    imap.write(delivered_folder="Done")
    steps = _cut_at_every_command(imap, imap.dovecot.imap_port)
    # CAPABILITY, LOGIN, SELECT, SEARCH, sizes, contents, STORE, CAPABILITY, MOVE, LOGOUT.
    assert steps >= 10
    # Those marked or moved only later are also in their folder.
    assert not imap.dovecot.stored(USER)
    done = imap.dovecot.stored(USER, "Done")
    assert len(done) == imap.delivered
    assert all("S" in kept.flags for kept in done)
    assert not imap.places()


def test_pop_cut_at_every_command(pop):
    steps = _cut_at_every_command(pop, pop.dovecot.pop3_port)
    # USER, PASS, STAT, UIDL, LIST, CAPA, RETR twice, DELE twice, QUIT.
    assert steps >= 11
    assert not pop.dovecot.stored(USER)


def test_server_is_restarted_in_the_middle(imap):
    pipeline = imap.database.registry["mail.postmaster.pipeline"]
    original = pipeline._process

    def process(self, *arguments, **options):
        imap.dovecot.stop()
        return original(self, *arguments, **options)

    imap.deliver(120)
    imap.write(start_from="all")
    with patch.object(pipeline, "_process", process), pytest.raises(Exception, match=r".+"):
        imap.fetch()
    assert imap.read("failures") == (1,)
    imap.dovecot.start()
    imap.fetch()
    imap.check_nothing_lost_or_doubled()
    assert all("S" in kept.flags for kept in imap.dovecot.stored(USER))
    assert imap.read("failures", "failing_since", "fetch_state") == (0, False, "working")


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_import_of_what_was_there_ends(database, dovecot, kind):
    box = _mailbox(database, dovecot, kind)
    box.deliver(3)
    box.fetch()
    assert box.read("fetch_state", "import_progress") == ("working", 0)


def test_few_round_trips(imap):
    proxy = Proxy(imap.dovecot.imap_port)
    imap.write(port=proxy.port, start_from="all")
    imap.deliver(200)
    imap.fetch()
    assert len(imap.subjects()) == 200
    assert proxy.round_trips <= 15
    proxy.close()


def test_scheduled_actions_are_called_for_all_and_not_for_each(imap):
    leads = []

    def notify(cron):
        leads.append(int(imap.database.query("SELECT count(*) FROM crm_lead")))

    imap.write(start_from="all")
    imap.deliver(20)
    start = time.monotonic()
    with patch.object(IrCron, "_notifydb", notify):
        imap.fetch()
    assert 1 < len(leads) <= 3 + time.monotonic() - start
    assert leads[0] == 1
    assert leads[-1] == 20


# --- New messages ---------------------------------------------------------------------


def test_mail_that_a_person_has_read_is_not_missed(imap):
    imap.deliver()
    imap.fetch()
    imap.deliver_read()
    imap.fetch()
    assert imap.subjects() == ["Number 1", "Old"]


def test_mail_that_somebody_marks_as_unread_is_not_new(imap):
    imap.deliver()
    imap.fetch()
    for path in (imap.dovecot.folder / "mail" / USER / "cur").iterdir():
        path.rename(path.with_name(path.name.partition(":2,")[0] + ":2,"))
    imap.fetch()
    assert imap.log("received_count") == [(1,)]


def test_unread_remains_a_choice(imap):
    imap.write(new_mail="unseen")
    imap.deliver()
    imap.deliver_read()
    imap.fetch()
    assert imap.subjects() == ["Number 1"]
    imap.fetch()
    assert imap.log("received_count") == [(1,)]


def test_new_uidvalidity(imap):
    imap.deliver(3)
    imap.fetch()
    imap.deliver()
    imap.dovecot.renumber(USER)
    imap.fetch()
    imap.check_nothing_lost_or_doubled()
    imap.deliver()
    imap.fetch()
    imap.check_nothing_lost_or_doubled()
    # Existing messages were recognised once by their bytes, and are no longer new.
    assert sorted(count for (count,) in imap.log("received_count")) == [1, 1, 2, 2, 2]


@pytest.mark.parametrize("choice", ["now", "date", "all"])
def test_first_contact_with_old_mail_asks(imap, choice):
    imap.deliver_read()
    imap.fetch()
    assert imap.log("id") == []
    assert imap.read("fetch_state") == ("asking",)
    # Until an administrator chooses, nothing is fetched and nothing is forgotten.
    imap.deliver()
    imap.fetch()
    assert imap.log("id") == []
    imap.write(start_from=choice, start_date=date.today() + timedelta(days=2))
    imap.fetch()
    assert imap.subjects() == (["Number 1", "Old"] if choice == "all" else ["Number 1"])
    assert imap.read("fetch_state") == ("working",)


def test_pop_first_contact_and_leaving_on_the_server(pop):
    for _number in range(101):
        pop.dovecot.deliver(USER, mail(subject="Old"))
    pop.fetch()
    assert pop.log("id") == []
    assert pop.read("fetch_state") == ("asking",)
    pop.write(start_from="now", leave_days=3)
    pop.deliver()
    pop.fetch()
    pop.deliver()
    pop.fetch()
    # The first one arrived before the choice: POP3 has no numbers that show when.
    assert pop.subjects() == ["Number 2"]
    assert len(pop.dovecot.stored(USER)) == 103
    pop.database.query("UPDATE mail_postmaster_place SET since = since - interval '3 days'")
    pop.fetch()
    assert len(pop.dovecot.stored(USER)) == 102
    assert pop.log("received_count") == [(1,)]


# --- Folders --------------------------------------------------------------------------


def test_folders_are_read_and_mail_is_moved(imap):
    imap.write(
        delivered_folder="Done",
        parked_folder="Überprüfen",
        refused_folder="Refused",
        folder_ids=[(0, 0, {"name": "INBOX"}), (0, 0, {"name": "Sales"})],
    )
    with pytest.raises(Exception, match=r".+"):
        # A missing folder does not affect the other one.
        imap.write(folder_ids=[(0, 0, {"name": "Sales"})])
    imap.dovecot.create_folder(USER, "Sales")
    imap.dovecot.deliver(USER, mail(subject="In the folder"), "Sales")
    imap.deliver()
    imap.dovecot.deliver(USER, mail(to="nobody@example.com", subject="Unknown address"))
    imap.fetch()
    assert imap.subjects() == ["In the folder", "Number 1"]
    assert not imap.dovecot.stored(USER)
    assert not imap.dovecot.stored(USER, "Sales")
    assert len(imap.dovecot.stored(USER, "Done")) == 2
    assert len(imap.dovecot.stored(USER, "&ANw-berpr&APw-fen")) == 1


def test_mail_is_not_moved_to_where_it_is(imap):
    """INBOX may be written in any case; otherwise each message would be new again, endlessly."""
    imap.write(delivered_folder="Inbox")
    imap.deliver()
    for _time in range(3):
        imap.fetch()
    assert imap.log("state", "received_count") == [("delivered", 1)]
    assert imap.places() == 0


@pytest.mark.parametrize("names", [("Nowhere", "INBOX"), ("INBOX", "Nowhere")])
def test_folder_that_is_not_there_is_said(imap, names):
    imap.write(folder_ids=[(0, 0, {"name": name}) for name in names])
    imap.deliver()
    imap.fetch()
    assert imap.subjects() == ["Number 1"]
    assert "exist" in imap.read("folder_problem")[0]


# --- Messages that cannot be fetched --------------------------------------------------


def _store_unreadable(box, *uids):
    """Store messages like a fetch for which the server returns nothing."""
    from odoo.addons.mail_postmaster.fetching.server_run import ServerRun
    from odoo.addons.mail_postmaster.gateway.mailbox.run import (
        UNREADABLE,
        Fetched,
    )

    with box.database.env() as env:
        run = ServerRun(env["fetchmail.server"].browse(box.server_id))
        run.folders[0].uidvalidity = 1
        assert run.store(run.folders[0], [Fetched(uid, b"", 0, UNREADABLE) for uid in uids])


def test_mails_of_which_nothing_could_be_read_are_two(imap):
    _store_unreadable(imap, 1, 2)
    # As after a crash.
    _store_unreadable(imap, 1, 2)
    assert imap.log("reason_code") == [("not_fetched",)] * 2
    assert imap.places() == 2


def test_content_that_can_not_be_fetched_is_said(imap):
    _store_unreadable(imap, 1)
    imap.write(port=free_port())
    with imap.database.env() as env, pytest.raises(UserError, match="refused"):
        env[LOG].search([])._fetch_content()


# --- Large messages -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_mail_above_the_limit_is_parked_without_downloading_it(database, dovecot, kind):
    box = _mailbox(database, dovecot, kind)
    with database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.limit.raw_bytes", "100000")
    box.deliver()
    raw = mail(subject="Large", body=b"x" * 70 + b"\r\n", headers="X-Large: yes")
    raw += (b"y" * 70 + b"\r\n") * 3000
    dovecot.deliver(USER, raw)
    box.deliver()
    box.fetch()
    assert box.log("subject", "state", "reason_code", "raw_kept") == [
        ("Number 1", "delivered", "record_created", True),
        ("Large", "parked", "too_large_to_fetch", False),
        ("Number 2", "delivered", "record_created", True),
    ]
    assert raw in [kept.raw for kept in dovecot.stored(USER) if "S" not in kept.flags]
    box.fetch()
    assert len(box.log("id")) == 3
    # A manual fetch gets it anyway.
    with database.env() as env:
        large = env[LOG].search([("subject", "=", "Large")])
        assert "100000" in large.reason
        large.action_process_again()
    with database.env() as env:
        large = env[LOG].search([("subject", "=", "Large")])
        assert (large.state, large.size, large.raw_kept) == ("delivered", len(raw), True)
        assert env["mail.postmaster.raw"]._read_content(large.id) == raw
    box.fetch()
    assert len(box.log("id")) == 3
    left = [kept.raw for kept in dovecot.stored(USER) if "S" not in kept.flags]
    assert not left


# --- Server failures ------------------------------------------------------------------


def test_dead_server_does_not_starve_the_other(imap):
    silent = socket.create_server((LOOPBACK, 0))
    with imap.database.env() as env:
        dead = env["fetchmail.server"].create(
            {
                "name": "Dead",
                "server_type": "imap",
                "server": LOOPBACK,
                "is_ssl": False,
                "port": silent.getsockname()[1],
                "user": USER,
                "password": "secret",
                "priority": 1,
            }
        )
        dead.state = "done"
    with patch.object(fetchmail, "MAIL_TIMEOUT", 1):
        for _round in range(2):
            imap.deliver()
            imap.fetch_as_scheduled(dead.id, imap.server_id)
            imap.check_nothing_lost_or_doubled()
        # This time it is skipped.
        imap.deliver()
        imap.fetch_as_scheduled(dead.id, imap.server_id)
    imap.check_nothing_lost_or_doubled()
    with imap.database.env() as env:
        dead = env["fetchmail.server"].browse(dead.id)
        assert (dead.failures, dead.state, dead.fetch_state) == (2, "done", "failing")
        assert dead.next_fetch > fields.Datetime.now()
        assert imap.read("fetch_state", "failures") == ("working", 0)
    silent.close()


def test_server_that_fails_for_long_is_asked_again(imap):
    imap.dovecot.stop()
    long_ago = fields.Datetime.now() - timedelta(days=9)
    imap.write(error_date=long_ago, failing_since=long_ago, failures=99)
    imap.fetch_as_scheduled()
    assert imap.read("state", "failures", "failing_since") == ("done", 100, long_ago)
    imap.dovecot.start()
    imap.deliver()
    imap.database.query("UPDATE fetchmail_server SET next_fetch = NULL")
    imap.fetch_as_scheduled()
    assert imap.read("failures", "failing_since", "next_fetch") == (0, False, False)
    imap.check_nothing_lost_or_doubled()


def test_each_server_has_a_share_of_time(imap):
    """What exceeds the share of one server is processed from the log."""
    imap.dovecot.add_user("other@example.com")
    # Dovecot reads its file of users once a second.
    time.sleep(1.1)
    with imap.database.env() as env:
        other = add_server(env, imap.dovecot, user="other@example.com", name="Other")
    imap.dovecot.deliver("other@example.com", mail(subject="Other"))
    imap.write(start_from="all")
    imap.deliver(5)
    path = "odoo.addons.mail_postmaster.fetching.servers.TIME_SHARE"
    thread = imap.database.registry["crm.lead"]
    original = thread.message_new

    def slowly(self, *arguments, **options):
        time.sleep(1.2)
        return original(self, *arguments, **options)

    with patch(path, 1), patch.object(thread, "message_new", slowly):
        imap.fetch_as_scheduled(imap.server_id, other.id)
    assert imap.subjects() == ["Number 1", "Other"]
    assert len(imap.log("id")) == 6
    imap.process()
    assert imap.subjects() == [*imap.expected(), "Other"]


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_mail_passes_through_while_the_addon_is_off(database, dovecot, kind):
    box = _mailbox(database, dovecot, kind)
    enabled = "UPDATE ir_config_parameter SET value = '%s' WHERE key = 'mail.postmaster.enabled'"
    with database.env() as env:
        env["ir.config_parameter"].set_param("mail.postmaster.enabled", "False")
    box.deliver(2)
    box.fetch()
    assert box.subjects() == box.expected()
    assert box.log("id") == []
    assert all("S" in kept.flags for kept in dovecot.stored(USER))
    database.query(enabled % "True")
    box.deliver()
    box.fetch()
    assert box.subjects() == box.expected()
    assert box.log("subject") == [("Number 3",)]

"""Mail from real clients while something goes wrong again and again: nothing is lost or doubled.

Used by ``test_serve_chaos`` for seconds and by ``dev/bench chaos`` for minutes a row.
"""

import contextlib
import queue
import random
import resource
import smtplib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
from crashes import let_time_pass
from mails import mail
from setup_gateway import USER

from environment import debian
from environment.places import WORK
from environment.processes import free_port
from environment.serve import MailDaemon, deliver

LOG = "mail_postmaster_message"
WAITING = "state IN ('received', 'retry')"
ROOM = 2000
ATTACHMENT = "multipart/mixed; boundary=b"
WITH_FILE = (
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--b\r\nContent-Type: text/csv; "
    b"name=plan.csv\r\nContent-Disposition: attachment; filename=plan.csv\r\n\r\n%s\r\n--b--\r\n"
)


class Traffic:
    """Messages at a steady rate, in turn by LMTP and into a mailbox.

    The LMTP client sends a message again until it is acknowledged, as a mail server does.

    :param ports: of the LMTP listeners, tried in turn
    :param rate: messages a second
    """

    def __init__(self, dovecot, ports, rate, seconds):
        self.subjects = []
        self._dovecot = dovecot
        self._ports = ports
        self._rate, self._seconds = rate, seconds
        self._queue = queue.Queue()
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._make, self._send)
        ]

    def start(self):
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _make(self):
        start = time.monotonic()
        for number in range(int(self._rate * self._seconds)):
            time.sleep(max(start + number / self._rate - time.monotonic(), 0))
            raw = self._mail(number)
            if number % 2:
                self._dovecot.deliver(USER, raw)
            else:
                self._queue.put(raw)
        self._queue.put(None)

    def _mail(self, number):
        # Each file has another content, and so another place in the filestore.
        subject = f"Chaos {number:05}"
        self.subjects.append(subject)
        return mail(
            subject=subject,
            sender=f"c{number}@customer.test",
            message_id=f"<{time.time_ns()}@chaos.test>",
            content_type=ATTACHMENT,
            body=WITH_FILE % (subject.encode() * ROOM),
        )

    def _send(self):
        tries = 0
        while (raw := self._queue.get()) is not None:
            while not self._is_taken(self._ports[tries % len(self._ports)], raw):
                tries += 1
                time.sleep(0.2)

    @staticmethod
    def _is_taken(port, raw):
        try:
            with smtplib.LMTP("127.0.0.1", port, timeout=30) as connection:
                return deliver(connection, raw)[0][0] == 250
        except (OSError, smtplib.SMTPException):
            return False


class Scene:
    """The daemons, the database and the mail server of a row.

    :param cluster: the private cluster of the database, which may be stopped
    :param hosts: number of daemons
    :param options: keyword arguments for each
    """

    def __init__(self, database, cluster, dovecot, hosts=1, **options):
        self.database, self.cluster, self.dovecot = database, cluster, dovecot
        self.chance = random.Random(7)
        self.ports = [free_port() for _host in range(hosts)]
        self.daemons = [
            MailDaemon(database.name, "--workers=2", lmtp=port, **options) for port in self.ports
        ]

    def __enter__(self):
        for daemon in self.daemons:
            daemon.start()
        return self

    def __exit__(self, *exception):
        for daemon in self.daemons:
            daemon.stop()

    def processes(self):
        """Return the processes of the first daemon that its supervisor has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.daemons[0].pid).children()
        return []

    def connect(self):
        return psycopg2.connect(dbname=self.database.name)


# --- What goes wrong ----------------------------------------------------------------


def kill_a_process(scene):
    if children := scene.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            scene.chance.choice(children).kill()
    time.sleep(1)


def kill_the_host(scene):
    time.sleep(scene.chance.uniform(1, 3))
    scene.daemons[0].kill()
    scene.daemons[0].start()


def stop_the_database(mode):
    def stop(scene):
        time.sleep(scene.chance.uniform(1, 3))
        scene.cluster.stop(mode)
        time.sleep(scene.chance.uniform(0, 2))
        scene.cluster.start()

    return stop


def cut_a_connection(scene):
    scene.database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
    )
    time.sleep(0.3)


def use_up_connections(scene):
    taken = []
    with contextlib.suppress(psycopg2.OperationalError):
        while len(taken) < 200:
            taken.append(scene.connect())
    time.sleep(2)
    for connection in taken:
        connection.close()
    time.sleep(1)


def read_for_long(scene):
    connection = scene.connect()
    connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
    connection.cursor().execute(f"SELECT count(*) FROM {LOG}")
    time.sleep(5)
    connection.close()


def hold_locks(scene):
    connection = scene.connect()
    cursor = connection.cursor()
    cursor.execute("SELECT FROM mail_alias FOR UPDATE")
    cursor.execute(f"SELECT FROM {LOG} WHERE {WAITING} FOR UPDATE SKIP LOCKED")
    time.sleep(scene.chance.uniform(0.5, 2))
    connection.rollback()
    connection.close()
    time.sleep(0.5)


def kill_one_of_two_hosts(scene):
    time.sleep(scene.chance.uniform(1, 2))
    scene.daemons.reverse()
    scene.daemons[0].kill()
    scene.daemons[0].start()


def fill_the_filestore(scene):
    for limit in (ROOM, resource.RLIM_INFINITY):
        for process in scene.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        time.sleep(2)


def jump(scene):
    # Read by the library at each look at the clock. It changes the monotonic clock as well, which
    # never goes back on a real machine; dev/system/test_serve_clocks.py has clocks that are behind.
    file = clock_file(scene.database)
    hours = int(file.read_text().strip("+h\n"))
    file.write_text(f"+{hours + 1}h\n")
    time.sleep(2)


def clock_file(database):
    return WORK / f"{database.name}.clock"


def wrong_clock(database):
    """Return the environment of a daemon whose clock is what a file says."""
    debian.require("faketime", "faketime")
    clock_file(database).write_text("+0h\n")
    return {
        "LD_PRELOAD": str(next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file(database)),
        "FAKETIME_NO_CACHE": "1",
    }


@dataclass
class Disturbance:
    """A row of the table.

    :param act: what is done again and again
    :param hosts: number of daemons
    :param options: function of the database that returns keyword arguments for the daemons
    """

    name: str
    act: Callable[[Scene], None]
    hosts: int = 1
    options: Callable[[object], dict] = field(default=lambda _database: {})


DISTURBANCES = (
    Disturbance("a process is killed each second", kill_a_process),
    Disturbance("the host is killed", kill_the_host),
    Disturbance("the database restarts", stop_the_database("fast")),
    Disturbance("the database crashes", stop_the_database("immediate")),
    Disturbance("connections are cut", cut_a_connection),
    Disturbance("no connection is left", use_up_connections),
    Disturbance("a report reads for long", read_for_long),
    Disturbance("a user holds locks", hold_locks),
    Disturbance("two hosts, one is killed", kill_one_of_two_hosts, hosts=2),
    Disturbance("the filestore is full", fill_the_filestore),
    Disturbance(
        "the clock jumps ahead",
        jump,
        options=lambda database: {"environment": wrong_clock(database)},
    ),
)


# --- A row --------------------------------------------------------------------------


@dataclass
class Outcome:
    """The result of a row, by messages.

    :param held: those that were held for stopping Odoo several times, and released
    :param backlog: seconds from the last disturbance until none was waiting
    :param dead: dead tuples in the tables of the addon
    """

    messages: int
    lost: int
    doubled: int
    held: int
    backlog: float
    dead: int


def run(disturbance, database, cluster, dovecot, seconds, rate=5, hurries=False):
    """Disturb while mail comes for some seconds; return the :class:`Outcome`.

    :param hurries: make failed messages due at once, so that no schedule is waited for
    """
    options = disturbance.options(database)
    with Scene(database, cluster, dovecot, disturbance.hosts, **options) as scene:
        traffic = Traffic(dovecot, list(scene.ports), rate, seconds)
        traffic.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            disturbance.act(scene)
        start = time.monotonic()
        traffic.join()
        held = _wait(database, traffic.subjects, hurries)
        backlog = time.monotonic() - start
    names = database.query("SELECT name FROM crm_lead WHERE name LIKE 'Chaos %'").splitlines()
    dead = database.query(
        "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables "
        "WHERE relname LIKE 'mail\\_postmaster\\_%'"
    )
    return Outcome(
        messages=len(traffic.subjects),
        lost=len(set(traffic.subjects) - set(names)),
        doubled=len(names) - len(set(names)),
        held=held,
        backlog=backlog,
        dead=int(dead),
    )


def _wait(database, subjects, hurries, patience=300):
    """Wait until no message is waiting or held; return how many had to be released."""
    held, end = 0, time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.5)
        if hurries:
            let_time_pass(database)
        counts = database.query(
            f"SELECT count(*) FILTER (WHERE state = 'delivered'), "
            f"count(*) FILTER (WHERE state = 'parked') FROM {LOG}"
        )
        delivered, parked = map(int, counts.split("|"))
        if delivered == len(subjects):
            break
        if delivered + parked == len(subjects):
            held += parked
            with database.env() as env:
                mails = env["mail.postmaster.message"].search([("state", "=", "parked")])
                mails.action_process_again()
    return held

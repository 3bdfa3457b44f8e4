"""The command line of ``odoo-bin postmaster serve``, and the conditions for starting."""

import logging
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from ..gateway.command_line import natural
from ..policy.identity import OF_FILES
from . import filestore, supervisor
from .budget import ALL_KEPT, KEPT

_logger = logging.getLogger(__name__)

DESCRIPTION = "Receive messages immediately: by LMTP, by watching mailboxes, with several workers."
DEFAULT_LMTP = "127.0.0.1:8024"
MEGABYTE = 1_000_000
DEFAULT_MAIL_MEGABYTES, DEFAULT_MEMORY_MEGABYTES = 100, 256
DEFAULT_PACE = 600
DEFAULT_GRACE = 60
DEFAULT_RECEIVE, SHORTEST_RECEIVE, LONGEST_RECEIVE = 300, 10, 3600
LAST_PORT = 65535
UNIX = "unix:"
NONE = "none"


@dataclass(frozen=True)
class Settings:
    """The settings of all processes.

    :param str database: the name of the database
    :param addresses: the ``(host, port)`` or socket path of each LMTP listener
    :param int workers: the number of worker processes
    :param int largest: the maximum size of a message, in bytes
    :param int memory: the maximum size of all messages in memory, in bytes
    :param int socket_mode: the permissions of UNIX sockets
    :param bool watches: whether this host watches mailboxes
    :param float poll: the polling interval of a mailbox without IDLE, in seconds
    :param float pace: the messages per second that have waited long, 0 for no limit
    :param float grace: the seconds that processes get to finish their current work
    :param float receive: the seconds that a client has for sending one message after DATA
    """

    database: str
    addresses: tuple
    workers: int
    largest: int
    memory: int
    socket_mode: int
    watches: bool
    poll: float
    pace: float
    grace: float
    receive: float


def add_arguments(parser):
    parser.add_argument(
        "--lmtp",
        action="append",
        metavar="ADDRESS",
        help="where to receive messages by LMTP: HOST:PORT, unix:PATH or none; can be repeated "
        f"(default: {DEFAULT_LMTP}). Any client that can connect can submit messages.",
    )
    parser.add_argument(
        "--lmtp-mode",
        type=_octal,
        default=0o660,
        metavar="MODE",
        help="permissions of UNIX sockets (default: 660)",
    )
    parser.add_argument(
        "--workers",
        dest="serve_workers",
        type=natural,
        default=os.cpu_count() or 1,
        help="number of worker processes (default: one per processor; 0 for none)",
    )
    parser.add_argument(
        "--no-watch",
        action="store_true",
        help="leave the mailboxes to other hosts",
    )
    parser.add_argument(
        "--poll",
        type=natural,
        default=60,
        metavar="SECONDS",
        help="polling interval of a mailbox whose server cannot announce new messages "
        "(default: 60)",
    )
    parser.add_argument(
        "--largest",
        type=natural,
        default=DEFAULT_MAIL_MEGABYTES,
        metavar="MB",
        help=f"maximum size of a message received by LMTP (default: {DEFAULT_MAIL_MEGABYTES})",
    )
    parser.add_argument(
        "--memory",
        type=natural,
        default=DEFAULT_MEMORY_MEGABYTES,
        metavar="MB",
        help="maximum size of the messages in memory; others wait or are deferred "
        f"(default: {DEFAULT_MEMORY_MEGABYTES}). {ALL_KEPT // MEGABYTE} MB of it are reserved for "
        f"messages of up to {KEPT[-1][0] // MEGABYTE} MB.",
    )
    parser.add_argument(
        "--receive",
        type=_seconds_to_receive,
        default=DEFAULT_RECEIVE,
        metavar="SECONDS",
        help="maximum time for a client to send one message after DATA; then its connection is "
        "closed "
        f"(default: {DEFAULT_RECEIVE}; from {SHORTEST_RECEIVE} to {LONGEST_RECEIVE})",
    )
    parser.add_argument(
        "--pace",
        type=natural,
        default=DEFAULT_PACE,
        metavar="N",
        help="maximum number per minute of messages that have waited long, as after "
        f"an outage (default: {DEFAULT_PACE}; 0 for any number)",
    )
    parser.add_argument(
        "--grace",
        type=natural,
        default=DEFAULT_GRACE,
        metavar="SECONDS",
        help=f"time to finish current work when asked to end (default: {DEFAULT_GRACE})",
    )
    parser.add_argument(
        "--adopt-filestore",
        action="store_true",
        help="accept the filestore of this host as that of the database, after it was moved",
    )


def run(database, arguments):
    """Serve until a signal asks the process to end; return the exit status."""
    settings = _settings(database, arguments)
    if settings.addresses and not find_spec("aiosmtpd"):
        return _refuse(
            "To receive messages by LMTP, install the Python package aiosmtpd, or use --lmtp=none."
        )
    registry = Registry(database)
    if "mail.postmaster.pipeline" not in registry:
        return _refuse(f"The addon mail_postmaster is not installed in {database}.")
    adopts = arguments.adopt_filestore
    if problem := _problem_of_copy(registry, adopts) or filestore.problem(registry, adopts):
        return _refuse(problem)
    return supervisor.Supervisor(registry, settings).run()


def _problem_of_copy(registry, adopts):
    """Return a sentence that says that the database is not the confirmed one, or None."""
    with registry.cursor() as cr:
        policy = api.Environment(cr, SUPERUSER_ID, {})["mail.postmaster.policy"]
        if adopts:
            policy._adopt_filestore()
        differing = policy._standing().differing
    if not differing:
        return None
    if OF_FILES.issuperset(differing):
        return filestore.other_filestore(registry)
    return (
        f"The database {registry.db_name} is an unconfirmed copy (different: "
        f"{', '.join(differing)}): see the settings of Postmaster."
    )


def _settings(database, arguments):
    largest = arguments.largest * MEGABYTE
    addresses = arguments.lmtp or [DEFAULT_LMTP]
    return Settings(
        database=database,
        addresses=tuple(map(_address, (text for text in addresses if text != NONE))),
        workers=arguments.serve_workers,
        largest=largest,
        # The largest message must fit, or it would be deferred forever.
        memory=max(arguments.memory * MEGABYTE, largest + ALL_KEPT),
        socket_mode=arguments.lmtp_mode,
        watches=not arguments.no_watch,
        poll=arguments.poll,
        pace=arguments.pace / 60,
        grace=arguments.grace,
        receive=arguments.receive,
    )


def _address(text):
    """Return ``(host, port)`` or the path of a socket. A port alone would listen on all networks.

    :raises SystemExit: with the expected format
    """
    if path := text.startswith(UNIX) and text.removeprefix(UNIX):
        return path
    host, _colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > LAST_PORT:
        raise SystemExit(f"{text}: write HOST:PORT, unix:PATH or none.")
    return host, int(port)


def _refuse(sentence):
    _logger.error(sentence)
    sys.stderr.write(f"{sentence}\n")
    return 1


def _seconds_to_receive(text):
    seconds = natural(text)
    if not SHORTEST_RECEIVE <= seconds <= LONGEST_RECEIVE:
        raise ValueError
    return seconds


def _octal(text):
    return int(text, 8)

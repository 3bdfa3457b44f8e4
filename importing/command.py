"""The command line of ``odoo-bin postmaster import``, and the table of outcomes."""

import sys
from datetime import datetime

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from ..gateway.address_list import first_address
from ..gateway.command_line import natural
from ..gateway.error_text import short_sentence
from ..gateway.mail_files import find_mails
from ..rules.reasons import DEFINITIONS
from ..words.sentences import outline
from .run import EMPTY, KNOWN, NOT_STORED, UNREADABLE, Import, Interrupted, Target

DESCRIPTION = (
    "Import old messages: mbox files, Maildirs and folders of .eml files. No replies or "
    "notifications are sent. Messages imported before are skipped, so an import can be repeated."
)
EX_OK, EX_INCOMPLETE, EX_USAGE = 0, 1, 2

WORDS = {
    KNOWN: "was imported before",
    UNREADABLE: "the file could not be read",
    EMPTY: "no messages in it",
    NOT_STORED: "could not be stored; see the log",
}


def add_arguments(parser):
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="mbox file, .eml file, Maildir or folder of .eml files",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the outcomes without changing anything",
    )
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="recipient of the messages, instead of To and Cc; can be repeated",
    )
    parser.add_argument(
        "--model",
        help="create records of this model from messages without an alias, such as crm.lead",
    )
    parser.add_argument(
        "--company",
        type=int,
        metavar="ID",
        help="the company of messages to unknown addresses",
    )
    parser.add_argument(
        "--since",
        type=_day,
        metavar="YYYY-MM-DD",
        help="only messages from this day or later",
    )
    parser.add_argument(
        "--until",
        type=_day,
        metavar="YYYY-MM-DD",
        help="only messages from before this day",
    )
    parser.add_argument(
        "--limit",
        dest="most_mails",
        type=natural,
        metavar="N",
        help="only the first N messages",
    )


def run(database, arguments):
    """Import messages and print their outcomes; return the exit status."""
    target = Target(tuple(arguments.to), arguments.model, arguments.company)
    try:
        problem = _problem(database, target)
    except OperationalError as error:
        # Its text is left out, because it may contain the password of the database.
        _say(f"The database cannot be reached ({type(error).__name__}).")
        return EX_INCOMPLETE
    if problem:
        return _refuse(problem)
    try:
        mails = _chosen(find_mails(arguments.paths), arguments)
    except OSError as error:
        return _refuse(": ".join(filter(None, (error.filename, short_sentence(error)))))
    _say(f"{len(mails)} messages, {_span(mails)}" if mails else "There are no messages.")
    work = Import(database, target, _say)
    status = EX_OK
    try:
        (work.try_out if arguments.dry_run else work.run)(mails)
    except Interrupted:
        _say("Interrupted. Run it again to continue.")
        status = EX_INCOMPLETE
    except OperationalError:
        _say("The database cannot be reached. Run it again to continue.")
        status = EX_INCOMPLETE
    _print_table(work.outcomes, arguments.dry_run)
    if work.outcomes[NOT_STORED] or work.outcomes[UNREADABLE]:
        status = EX_INCOMPLETE
    return status


def _problem(database, target):
    """Return a sentence that says why nothing can be imported, or None."""
    for address in target.recipients:
        if not first_address(address):
            return f"{address!r} is not a valid address: enter one such as --to=sales@example.com."
    registry = Registry(database)
    if "mail.postmaster.pipeline" not in registry:
        return f"The addon mail_postmaster is not installed in {database}."
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if not env["mail.postmaster.policy"]._is_switched_on():
            return "Postmaster is switched off (mail.postmaster.enabled): nothing would be stored."
        if target.model and not _makes_records(env.get(target.model)):
            return f"Messages cannot create records of {target.model}."
        if target.company_id and not env["res.company"].browse(target.company_id).exists():
            return f"There is no company number {target.company_id}."
    return None


def _makes_records(model):
    return hasattr(model, "message_new") and not model._abstract


def _chosen(mails, arguments):
    chosen = [
        mail
        for mail in mails
        if (not arguments.since or mail.date >= arguments.since)
        and (not arguments.until or mail.date < arguments.until)
    ]
    return chosen[: arguments.most_mails]


def _span(mails):
    return f"from {mails[0].date:%Y-%m-%d} to {mails[-1].date:%Y-%m-%d}"


def _print_table(outcomes, is_dry_run):
    """Print the number of messages per outcome. Only this goes to standard output."""
    if is_dry_run:
        sys.stdout.write("Nothing was changed. The outcomes would be:\n")
    for (state, code), count in sorted(outcomes.items(), key=lambda item: -item[1]):
        sentence = WORDS.get((state, code)) or (
            f"{state}: {outline(DEFINITIONS[code].sentence._source)}"
            if code in DEFINITIONS
            else f"{state}: {code}"
        )
        sys.stdout.write(f"{count:8}  {sentence}\n")


def _refuse(sentence):
    _say(sentence)
    return EX_USAGE


def _say(line):
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _day(text):
    return datetime.strptime(text, "%Y-%m-%d")

"""Interrupt fetching and processing at random moments, and check the result.

Used by ``test_crashes`` with a few moments and by ``dev/bench/crashes`` with many.
"""

import random
import time

from forks import Fork
from mails import mail
from setup_gateway import USER

from odoo import sql_db

LONGEST_RUN = 0.4


def fill(dovecot, count, prefix):
    """Put messages with unique subjects into the mailbox; return the subjects."""
    dovecot.empty(USER)
    subjects = [f"{prefix} {number:03}" for number in range(count)]
    for subject in subjects:
        dovecot.deliver(
            USER, mail(subject=subject, sender=f"{subject.replace(' ', '.')}@customer.test")
        )
    return subjects


def work(database, server_id):
    """Fetch and process until there is nothing left to do."""
    for _round in range(20):
        with database.env() as env:
            env["fetchmail.server"].browse(server_id).fetch_mail()
        with database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()


def let_time_pass(database):
    """Make every waiting message due, as after some minutes."""
    database.query(
        "UPDATE mail_postmaster_message SET next_attempt = now() AT TIME ZONE 'UTC' "
        "WHERE state IN ('received', 'retry')"
    )


def interrupt(database, server_id, is_left, moments, seed, crash=None):
    """Work, interrupted at random moments, until no moment is left or nothing is to do.

    :param is_left: function that returns whether messages are left in the mailbox or waiting
    :param crash: what to do at each moment; by default the process is killed
    :return: number of moments used
    """
    chance = random.Random(seed)
    used = 0
    while used < moments and is_left():
        worker = Fork(database, work, server_id)
        time.sleep(chance.uniform(0, LONGEST_RUN))
        if crash:
            crash()
        worker.kill()
        used += 1
        if chance.random() < 0.2:
            let_time_pass(database)
    return used


def finish(database, server_id, is_left):
    """Work undisturbed, release messages parked for crashes, and return their number."""
    sql_db.close_all()
    for _round in range(20):
        if not is_left():
            break
        let_time_pass(database)
        with database.env() as env:
            env["fetchmail.server"].browse(server_id).fetch_mail()
        with database.env() as env:
            env["mail.postmaster.pipeline"]._cron_process()
    with database.env() as env:
        parked = env["mail.postmaster.message"].search([("reason_code", "=", "crashed")])
        if parked:
            parked.action_process_again()
        return len(parked)


def check(database, subjects):
    """Assert that each message has created one record and has one row in the log."""
    with database.env() as env:
        names = sorted(env["crm.lead"].search([("name", "in", subjects)]).mapped("name"))
        mails = env["mail.postmaster.message"].search([("subject", "in", subjects)])
        assert names == sorted(subjects)
        assert sorted(mails.mapped("subject")) == sorted(subjects)
        assert set(mails.mapped("state")) == {"delivered"}
        assert len(mails.delivery_ids) == len(subjects)
        assert len(mails.delivery_ids.mail_message_id) == len(subjects)

"""Helpers shared by the tests of the mail daemon."""

import time

LOG = "mail.postmaster.message"


def wait_until(is_true, seconds=60, pause=0.1):
    """Wait until a function returns a true value; return it, or a false one after the timeout."""
    end = time.monotonic() + seconds
    while not (answer := is_true()) and time.monotonic() < end:
        time.sleep(pause)
    return answer


def count(database, condition="true"):
    """Return the number of messages in the log."""
    query = f"SELECT count(*) FROM mail_postmaster_message WHERE {condition}"
    return int(database.query(query))


def all_settled(database, number, seconds=120):
    """Wait until the log has this many messages and none waits; return whether that happened."""
    return wait_until(
        lambda: count(database) == number and not count(database, "state IN ('received', 'retry')"),
        seconds,
    )


def subjects_of_leads(database):
    return sorted(database.query("SELECT name FROM crm_lead").splitlines())


def take_in(env, raws, recipients=("sales@example.com",)):
    """Put messages into the log for the workers, as the listener does."""
    # Odoo finds the addon only after its configuration was read.
    from odoo.addons.mail_postmaster.pipeline.submission import LMTP, Submission

    return env["mail.postmaster.pipeline"]._take_in_batch(
        [
            Submission(raw=raw, entry_model="mail.thread", source=LMTP, recipients=recipients)
            for raw in raws
        ]
    )

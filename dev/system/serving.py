"""What the tests of the mail daemon have in common."""

import time

LOG = "mail.postmaster.message"


def wait_until(is_true, seconds=60, pause=0.1):
    """Wait until a function says yes; return what it said, which is nothing when time is over."""
    end = time.monotonic() + seconds
    while not (answer := is_true()) and time.monotonic() < end:
        time.sleep(pause)
    return answer


def count(database, condition="true"):
    """Return the number of mails in the log."""
    query = f"SELECT count(*) FROM mail_postmaster_message WHERE {condition}"
    return int(database.query(query))


def all_settled(database, number, seconds=120):
    """Wait until a number of mails is in the log and none waits; tell whether that came true."""
    return wait_until(
        lambda: count(database) == number and not count(database, "state IN ('received', 'retry')"),
        seconds,
    )


def subjects_of_leads(database):
    return sorted(database.query("SELECT name FROM crm_lead").splitlines())


def take_in(env, raws, recipients=("sales@example.com",)):
    """Put mails into the log for the workers, as the listener does."""
    # Odoo finds the addon only after its configuration was read.
    from odoo.addons.mail_postmaster.pipeline.submission import LMTP, Submission

    return env["mail.postmaster.pipeline"]._take_in_batch(
        [
            Submission(raw=raw, door="mail.thread", source=LMTP, recipients=recipients)
            for raw in raws
        ]
    )

"""Full disks: what failed for lack of room is done when there is room, and nothing is blamed."""

import base64
import resource
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2
import pytest
from mails import mail
from psycopg2 import errors
from serving import all_settled, subjects_of_leads, take_in, wait_until

LOG = "mail_postmaster_message"
BROKEN = "{'team_id': 999999}"
# A file may have a third of the attachment's size.
CONTENT = bytes(range(256)) * 12_000
ROOM = len(CONTENT) // 3


def attached(**fields):
    """Return a message with an attachment."""
    return mail(
        content_type="multipart/mixed; boundary=b",
        body=b"--b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n"
        b"--b\r\nContent-Type: application/octet-stream; name=plan.bin\r\n"
        b"Content-Disposition: attachment; filename=plan.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(CONTENT)
        + b"\r\n--b--\r\n",
        **fields,
    )


@contextmanager
def little_room():
    """Let this process write no file longer than ``ROOM``: a write ends early, with OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def receive(database, raw):
    with database.env() as env:
        env["mail.thread"].message_process(False, raw)


def run_cron(database):
    database.query(
        f"UPDATE {LOG} SET next_attempt = now() - interval '1 minute' "
        "WHERE state IN ('received', 'retry')"
    )
    with database.env() as env:
        env["mail.postmaster.pipeline"]._cron_process()


def outcomes(database):
    return database.query(f"SELECT state, reason_code FROM {LOG} ORDER BY id").splitlines()


def contents_of_attachments(database):
    with database.env() as env:
        return env["ir.attachment"].search([("name", "=", "plan.bin")]).mapped("raw")


# --- the filestore ------------------------------------------------------------------


def test_message_is_processed_when_the_filestore_has_room_again(gateway):
    with little_room():
        receive(gateway, attached())
        run_cron(gateway)
    assert outcomes(gateway) == ["retry|failed"]
    run_cron(gateway)
    assert outcomes(gateway) == ["delivered|record_created"]
    assert contents_of_attachments(gateway) == [CONTENT]


def test_message_repairs_the_file_that_an_upload_has_left_unfinished(gateway):
    """Core leaves the beginning of a user's file, and refuses the content from then on."""
    with little_room(), pytest.raises(OSError), gateway.env() as env:
        env["ir.attachment"].create({"name": "upload.bin", "raw": CONTENT})
    receive(gateway, attached())
    assert outcomes(gateway) == ["delivered|record_created"]
    assert contents_of_attachments(gateway) == [CONTENT]


# --- the database -------------------------------------------------------------------

# PostgreSQL refuses what no longer fits: a sequence counts, because it is never rolled back.
FULL = f"""
    CREATE SEQUENCE IF NOT EXISTS refused;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('refused');
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER full_disk BEFORE UPDATE ON {LOG}
        FOR EACH ROW WHEN ({{what}}) EXECUTE FUNCTION refuse()
"""
OUTCOMES = "NEW.settled_at IS DISTINCT FROM OLD.settled_at"
# A claim fits, by chance, but not what gives it back.
ALL_BUT_CLAIMS = f"{OUTCOMES} OR NEW.attempts < OLD.attempts"
EACH_FULL = pytest.mark.parametrize("what", [OUTCOMES, ALL_BUT_CLAIMS], ids=["outcome", "return"])
# More than a message may stop its process.
ROUNDS = 5


@contextmanager
def full_disk(database, what):
    database.query(FULL.format(what=what))
    try:
        yield
    finally:
        database.query(f"DROP TRIGGER full_disk ON {LOG}; DROP FUNCTION refuse()")


def refusals(database):
    return int(database.query("SELECT last_value FROM refused"))


def store(database, number):
    """Put messages with the subjects 0, 1, … into the log for the workers; return the subjects."""
    subjects = [str(place) for place in range(number)]
    with database.env() as env:
        take_in(env, [mail(subject=subject) for subject in subjects])
    return subjects


def attempts_not_recorded(database):
    """Return how many attempts count as a crash at the next one."""
    return int(database.query(f"SELECT sum(attempts - failures) FROM {LOG}"))


@EACH_FULL
def test_what_cannot_be_recorded_is_no_crash(gateway, what):
    subjects = store(gateway, 2)
    with full_disk(gateway, what):
        for _round in range(ROUNDS):
            # It stops at the first message, or before it.
            run_cron(gateway)
        assert outcomes(gateway) == ["received|waiting"] * 2
        assert attempts_not_recorded(gateway) == (1 if what == ALL_BUT_CLAIMS else 0)
        assert refusals(gateway) >= ROUNDS
    run_cron(gateway)
    assert outcomes(gateway) == ["delivered|record_created"] * 2
    assert subjects_of_leads(gateway) == subjects
    assert gateway.query(f"SELECT DISTINCT attempts FROM {LOG}") == "1"


def test_first_attempt_that_cannot_be_recorded_is_no_crash(gateway):
    """The transport has stored the message, so it accepts it."""
    with full_disk(gateway, OUTCOMES):
        receive(gateway, mail(subject="0"))
        receive(gateway, mail(subject="1", to="nobody@example.com"))
        assert outcomes(gateway) == ["received|waiting"] * 2
        assert attempts_not_recorded(gateway) == 0
    run_cron(gateway)
    assert outcomes(gateway) == ["delivered|record_created", "parked|no_route"]


def test_failed_attempt_that_cannot_be_recorded_is_no_crash(gateway):
    """Neither is one that was going to end as a failure of the message."""
    with gateway.env() as env:
        env["mail.alias"].search([("alias_name", "=", "sales")]).alias_defaults = BROKEN
    store(gateway, 1)
    with full_disk(gateway, OUTCOMES):
        for _round in range(ROUNDS):
            run_cron(gateway)
        assert outcomes(gateway) == ["received|waiting"]
    run_cron(gateway)
    assert (
        gateway.query(f"SELECT state, reason_code, failures FROM {LOG}") == "retry|alias_failed|1"
    )


def test_message_that_cannot_be_processed_again_says_so(gateway):
    """A user's request fails, and does not count either."""
    with gateway.env() as env:
        env["mail.alias"].search([("alias_name", "=", "sales")]).alias_contact = "followers"
    receive(gateway, mail())
    assert outcomes(gateway) == ["refused|alias_security"]
    with full_disk(gateway, OUTCOMES), pytest.raises(psycopg2.OperationalError):
        with gateway.env() as env:
            env["mail.postmaster.message"].search([]).action_process_again()
    assert attempts_not_recorded(gateway) == 0
    run_cron(gateway)
    assert outcomes(gateway) == ["delivered|record_created"]


@pytest.mark.parametrize("error", [TypeError, errors.ProgramLimitExceeded, errors.QueryCanceled])
def test_an_outcome_that_can_never_be_recorded_is_a_crash(gateway, error):
    """What may be due to the message, and not to the database, must not be repeated forever."""
    store(gateway, 1)
    pipeline = gateway.registry["mail.postmaster.pipeline"]
    broken = patch.object(pipeline, "_plan", side_effect=error)
    failing = patch.object(pipeline, "_record_outcome", side_effect=TypeError)
    with broken, failing:
        for _round in range(ROUNDS):
            run_cron(gateway)
    assert outcomes(gateway) == ["received|waiting"]
    run_cron(gateway)
    assert outcomes(gateway) == ["parked|crashed"]


@EACH_FULL
def test_worker_pauses_while_the_disk_is_full(gateway, serve, what):
    subjects = store(gateway, 4)
    with full_disk(gateway, what):
        daemon = serve("--workers=2", "--no-watch", lmtp=None)
        assert wait_until(lambda: refusals(gateway) > 4 * ROUNDS, 300)
        assert outcomes(gateway) == ["received|waiting"] * 4
        # One attempt at most of each worker is not yet given back.
        assert attempts_not_recorded(gateway) <= 2
        assert "the database is not available (DiskFull)" in daemon.log.read_text()
    assert all_settled(gateway, 4)
    assert outcomes(gateway) == ["delivered|record_created"] * 4
    assert subjects_of_leads(gateway) == subjects

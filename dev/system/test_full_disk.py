"""Full disks: what failed for lack of room is done when there is room, and nothing is blamed."""

import base64
import resource
from contextlib import contextmanager

import pytest
from mails import mail

LOG = "mail_postmaster_message"
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

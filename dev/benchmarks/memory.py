"""Peak memory of a process that receives one message with an attachment of some 50 MB."""

import base64
import multiprocessing
import os
import resource

from mails import mail

from odoo import sql_db
from odoo.modules.registry import Registry

from . import databases

MEGABYTES = 50
RUNS = 3
_context = multiprocessing.get_context("fork")


def big_mail():
    """Return a message of 50 MB as transmitted: two thirds of that when decoded."""
    content = base64.encodebytes(os.urandom(MEGABYTES * 1_000_000 * 73 // 100))
    body = b"\r\n".join(
        [
            b"--b",
            b"Content-Type: text/plain",
            b"",
            b"See attachment.",
            b"--b",
            b'Content-Type: application/octet-stream; name="big.bin"',
            b'Content-Disposition: attachment; filename="big.bin"',
            b"Content-Transfer-Encoding: base64",
            b"",
            content,
            b"--b--",
            b"",
        ]
    )
    return mail(content_type='multipart/mixed; boundary="b"', body=body)


def receive(database, results):
    raw = big_mail()
    before = peak_megabytes()
    with databases.environment(database) as env:
        env["mail.thread"].message_process(False, raw)
    results.put((before, peak_megabytes(), len(raw) / 1_000_000))


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1_000_000


def measure(database):
    """Receive the message in a new process; return its size and the peak, in MB."""
    assert Registry(database)
    sql_db.close_all()
    results = _context.Queue()
    process = _context.Process(target=receive, args=(database, results))
    process.start()
    before, peak, size = results.get(timeout=300)
    process.join()
    return before, peak, size


def main():
    databases.prepare()
    peaks = {}
    for label, database in (("core", databases.CORE), ("ours", databases.OURS)):
        figures = [measure(database) for _run in range(RUNS)]
        peaks[label] = min(peak for _before, peak, _size in figures)
        for before, peak, size in figures:
            print(f"{label}: message of {size:.1f} MB, {before:.0f} MB before, peak {peak:.0f} MB")
    difference = peaks["ours"] - peaks["core"]
    print(f"\nours - core: {difference:+.1f} MB, one message is {size:.1f} MB")


main()

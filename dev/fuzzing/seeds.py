"""Where the fuzzer starts: the sample messages of the tests, and a dictionary of words.

libFuzzer creates new messages from these by changing bytes, crossing two, and inserting words.
"""

import hashlib

from environment import pure
from environment.places import ROOT

SAMPLES = (ROOT / "tests" / "data", ROOT / "dev" / "samples")
# A message that is large on purpose is not a seed: the fuzzer would copy it endlessly.
LONGEST_SEED = 20_000
SMALL = 3

WORDS = (
    b"\r\n",
    b"\r\n\r\n",
    b"\n ",
    b"\r",
    b"\0",
    b"--b",
    b"--b--",
    b"\r\n--b\r\n",
    b"=?",
    b"?=",
    b"=?utf-8?q?",
    b"=?utf-8?b?",
    b"=?utf-16?b?",
    b"=?x?",
    b"\xff\xfe",
    b"\xc3\xa4",
    b"<",
    b">",
    b"<a@b.test>",
    b"@example.com",
    b"sales@example.com",
    b"sales+x@",
    b"(",
    b")",
    b'"',
    b"\\",
    b";",
    b",",
    b":",
    b"=",
    b"*0*=",
    b"*1=",
    b"utf-8''%00",
    b"boundary=b",
    b'boundary=""',
    b"charset=",
    b"charset=utf-7",
    b"charset=utf-16",
    b"charset=idna",
    b"charset=hz",
    b"charset=iso-2022-kr",
    b"filename=",
    b"filename*=",
    b"name=",
    b"report-type=delivery-status",
    b"format=flowed",
    b"multipart/mixed",
    b"multipart/alternative",
    b"multipart/report",
    b"multipart/digest",
    b"multipart/signed",
    b"message/rfc822",
    b"message/partial",
    b"message/delivery-status",
    b"message/global",
    b"message/external-body",
    b"text/html",
    b"text/plain",
    b"text/calendar",
    b"text/rfc822-headers",
    b"application/ms-tnef",
    b"application/pkcs7-mime",
    b"message/disposition-notification",
    b"message/feedback-report",
    b"base64",
    b"quoted-printable",
    b"x-uuencode",
    b"begin 644 a\n",
    b"=00",
    b"+ADw-",
    b"<html>",
    b"<div>",
    b"<!--",
    b"<style>",
    b"<script>",
    b"&#0;",
    b"&#xd800;",
    b"</",
    b"xn--",
    b"SRS0=a=b=c=d@",
    b"5.1.1",
    b"550 ",
    b"failed",
    b"rfc822;",
    b"Action: ",
    b"Final-Recipient: ",
    b"Status: ",
    b"Diagnostic-Code: ",
    b"Reporting-MTA: ",
    b"Original-Message-ID: ",
    b"Feedback-Type: abuse",
    b"Disposition: ",
    *(
        b"\r\n%b: " % name
        for name in (
            b"From",
            b"To",
            b"Cc",
            b"Subject",
            b"Date",
            b"Message-Id",
            b"References",
            b"In-Reply-To",
            b"Return-Path",
            b"Reply-To",
            b"Sender",
            b"Delivered-To",
            b"Envelope-To",
            b"X-Original-To",
            b"Received",
            b"Resent-From",
            b"Resent-To",
            b"X-Forwarded-For",
            b"X-Original-From",
            b"Auto-Submitted",
            b"Precedence",
            b"List-Id",
            b"X-Autoreply",
            b"MIME-Version",
            b"Content-Type",
            b"Content-Transfer-Encoding",
            b"Content-Disposition",
            b"Content-Id",
            b"Authentication-Results",
            b"Received-SPF",
            b"DKIM-Signature",
            b"X-Failed-Recipients",
        )
    ),
    b"mx.example.com; dmarc=pass header.from=",
    b"for <sales@example.com>; ",
    b"v=1; a=rsa-sha256; d=",
    b"; s=s; h=from; bh=",
    b"; b=",
    b"auto-replied",
    b"bulk",
)


def write(folder):
    """Write all seeds into a folder, each named by a hash of its content."""
    folder.mkdir(parents=True, exist_ok=True)
    for raw in _mails():
        if len(raw) <= LONGEST_SEED:
            (folder / hashlib.sha256(raw).hexdigest()[:16]).write_bytes(raw)


def write_words(path):
    """Write the words as a libFuzzer dictionary."""
    lines = ['"%s"' % "".join(f"\\x{octet:02x}" for octet in word) for word in WORDS]
    path.write_text("\n".join(lines) + "\n")


def _mails():
    for folder in SAMPLES:
        for path in sorted(folder.rglob("*.eml")):
            yield path.read_bytes()
    for make, _number, _limit in pure.load("tests.gateway.hostile_mails").CASES.values():
        yield make(SMALL)

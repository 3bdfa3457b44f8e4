"""Messages that are cheap to send and expensive to read, each in the requested size.

``CASES`` is ``{description: (function of a number, the number for which core was seen to take
seconds to minutes, the limit that stops it)}``. Without Odoo, so that ``dev/bench`` can use it.
"""

import base64

FROM_TO = b"From: ann@example.com\r\nTo: sales@example.com\r\n"
MULTIPART = FROM_TO + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HTML = FROM_TO + b"Content-Type: text/html; charset=utf-8\r\n"
PARAGRAPH = b"<p>hello <b>you</b></p>"


def parts(part, number):
    return MULTIPART + (b"--b\r\n" + part + b"\r\n") * number + b"--b--\r\n"


def nested(number):
    return FROM_TO + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(number)
    )


def field(name, text, number):
    start = name if b":" in name else name + b": "
    return start + text * number + b"\r\n" + FROM_TO + b"\r\nx"


def encoded(text):
    return HTML + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(text)


CASES = {
    "multiparts in multiparts": (nested, 2000, "levels"),
    "messages in messages": (lambda n: b"Content-Type: message/rfc822\n\n" * n, 2000, "levels"),
    "HTML parts": (
        lambda n: parts(b"Content-Type: text/html\r\n\r\n" + PARAGRAPH * 29, n),
        400,
        "html_tags",
    ),
    "text parts": (
        lambda n: parts(b"Content-Type: text/plain\r\n\r\nhello", n),
        10_000,
        "text_parts",
    ),
    "empty parts": (lambda n: parts(b"", n), 100_000, "text_parts"),
    "text that is longer in HTML": (
        lambda n: FROM_TO + b"\r\n" + b">" * n,
        5_000_000,
        "text_bytes",
    ),
    "text": (lambda n: FROM_TO + b"\r\n" + b"hello world\r\n" * n, 1_000_000, "text_bytes"),
    "HTML": (lambda n: HTML + b"\r\n" + PARAGRAPH * n, 217_000, "html_tags"),
    "HTML in base64": (lambda n: encoded(PARAGRAPH * n), 217_000, "html_tags"),
    "HTML in UTF-7": (
        lambda n: HTML.replace(b"utf-8", b"utf-7") + b"\r\n" + b"+ADw-p>x" * n,
        500_000,
        "html_tags",
    ),
    "HTML elements in elements": (lambda n: HTML + b"\r\n" + b"<div>" * n, 5000, "html_levels"),
    "recipients": (lambda n: field(b"Cc", b"somebody@example.com, ", n), 20_000, "field_bytes"),
    "fields of recipients": (
        lambda n: b"Cc: somebody@example.com\r\n" * n + FROM_TO + b"\r\nx",
        20_000,
        "header_bytes",
    ),
    "recipients that are none": (lambda n: field(b"Cc", b",", n), 100_000, "addresses"),
    "references": (lambda n: field(b"References", b"<a@b> ", n), 110_000, "header_bytes"),
    "short references": (lambda n: field(b"References", b"<a>", n), 60_000, "references"),
    "attachments": (
        lambda n: parts(b"Content-Type: application/pdf; name=a.pdf\r\n\r\nx", n),
        10_000,
        "attachments",
    ),
    "parameters": (
        lambda n: field(b"Content-Type", b"text/plain; a=b; ", n),
        35_000,
        "header_bytes",
    ),
    "fewer parameters": (lambda n: field(b"Content-Type", b"; a=b", n), 6000, "parameters"),
    "a long type": (
        lambda n: field(b'Content-Type: text/plain; name="', b'\\"a', n),
        9000,
        "field_effort",
    ),
    "comments": (lambda n: field(b"Cc", b"(a)", n), 10_000, "field_effort"),
    "words": (lambda n: field(b"Subject", b"a ", n), 80_000, "field_effort"),
    "encoded words": (lambda n: field(b"Subject", b"=?utf-8?q?a?=", n), 14_000, "field_effort"),
    "comments in comments": (lambda n: field(b"Cc", b"(", n), 10_000, "comment_levels"),
    "blocks of a report": (
        lambda n: b"Content-Type: message/delivery-status\n\n" + b"A: b\n\n" * n,
        100_000,
        "text_parts",
    ),
    "fields": (lambda n: b"X: y\r\n" * n + FROM_TO + b"\r\nx", 80_000, "header_fields"),
    "a header": (lambda n: b"X: y\r\n" * n, 200_000, "header_bytes"),
    "lines": (lambda n: FROM_TO + b"\r\n" + b"\n" * n, 20_000_000, "lines"),
    "a mail in a mail, large": (
        lambda n: (
            b"Content-Type: message/rfc822\n\n" * 20
            + b"Content-Type: application/pdf\n\n"
            + b"x" * n
        ),
        10_000_000,
        "decoded_bytes",
    ),
    "boundaries": (lambda n: MULTIPART + b"--b\r\n" * n, 1_000_000, None),
    "no boundaries": (lambda n: MULTIPART + b"--c\r\n" * n, 1_000_000, None),
    "a large attachment": (
        lambda n: parts(
            b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64"
            b"\r\n\r\n" + (b"A" * 76 + b"\r\n") * n,
            1,
        ),
        1_300_000,
        None,
    ),
}

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


def preambles(lines):
    """Return a message whose lines are compared with many boundaries, and are in no part."""
    return (
        FROM_TO
        + b"".join(
            b"Content-Type: multipart/alternative; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
            for level in range(28)
        )
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"\n" * lines
    )


def html(text, number, around=b"<div>"):
    return HTML + b"\r\n" + around + text * number


def style(text, number):
    return html(text, number, b'<p style="') + b'">x</p>'


def messages(size, levels=27):
    """Return a message in a message and so on, all of which core writes."""
    return b"Content-Type: message/rfc822\n\n" * levels + (
        b"Content-Type: application/pdf; name=a.pdf\n\n" + (b"x" * 75 + b"\n") * (size // 76)
    )


# What is within all limits on size, and takes core seconds by its kind.
COSTLY = {
    "breaks": (lambda n: html(b"<br>", n), 199_000, "text_effort"),
    "paragraphs": (lambda n: html(b"<p>x</p>", n), 99_000, "text_effort"),
    "links": (
        lambda n: html(b'<a href="http://example.com/x">x</a>', n),
        99_000,
        "text_effort",
    ),
    "attributes": (lambda n: html(b"<p a=1 b=2 c=3 d=4 e=5>x</p>", n), 60_000, "text_effort"),
    "styles": (lambda n: html(b'<p style="color:red;margin:0">x</p>', n), 60_000, "text_effort"),
    "unknown elements": (lambda n: html(b"<x>x</x>", n), 80_000, "text_effort"),
    "forms": (lambda n: html(b"<form>x</form>", n), 80_000, "text_effort"),
    "quotes of Yahoo": (
        lambda n: html(b"<p class=yahoo_quoted>x</p>", n),
        8000,
        "text_effort",
    ),
    "lines after a quote": (
        lambda n: html(b"<p>x</p>", n) + b"<p class=gmail_extra>x</p>",
        8000,
        "text_effort",
    ),
    "lines before a signature": (
        lambda n: html(b"<p>x</p>", n) + b"<p>Jane\n-- <br>x</p>",
        8000,
        "text_effort",
    ),
    "children of a container": (
        lambda n: html(b"<p>x</p>", n, b"<div data-o-mail-quote-container=1>"),
        8000,
        "text_effort",
    ),
    "quoted lines": (lambda n: FROM_TO + b"\r\n" + b"\n>a\nb" * n, 50_000, "text_effort"),
    "quoted lines in HTML": (lambda n: html(b"\n>a\nb", n, b"<pre>"), 50_000, "text_effort"),
    "tags without end": (lambda n: html(b"< ", n), 50_000, "text_effort"),
    "tags of Outlook without end": (lambda n: html(b"<o:", n), 50_000, "text_effort"),
    "encodings": (lambda n: html(b" encoding=a", n, b"<a"), 20_000, "text_effort"),
    "a long name in a style": (lambda n: style(b"a", n), 100_000, "text_effort"),
    "functions in a style": (lambda n: style(b"url(", n), 50_000, "text_effort"),
    "comments in a style": (lambda n: style(b"/* ", n), 50_000, "text_effort"),
    "imports in a style": (
        lambda n: html(b'@import "', n, b"<p>x</p><style>") + b"</style>",
        50_000,
        "text_effort",
    ),
    "conditions": (lambda n: html(b"[if ", n, b"<p>x</p><!--") + b"-->", 50_000, "text_effort"),
    "pictures in a link": (
        lambda n: html(b"data:image/", n, b'<img src="') + b'">',
        50_000,
        "text_effort",
    ),
    "lines before a part": (preambles, 2_900_000, "lines"),
    "messages in messages, large": (messages, 5_300_000, "nested_bytes"),
}

CASES = {
    **COSTLY,
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
            b"Content-Type: message/rfc822\n\n" + b"Content-Type: application/pdf\n\n" + b"x" * n
        ),
        80_000_000,
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

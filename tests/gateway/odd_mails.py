"""Hand-made odd messages, and what a reader would expect to see of each.

``SHAPES`` is ``{what is odd: Odd}``. Those without an expectation must only be survived: they are
held for review, or nothing in them is readable. Without Odoo, so that ``dev/bench`` can use them;
none has a Message-Id unless that is what is odd.
"""

import base64
from typing import NamedTuple

HEAD = (
    b"From: Ann <ann@example.com>\r\nTo: people@postmaster.test\r\nSubject: Odd\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
)
MANY = 100_000
LONG = b"b" * 2000


class Odd(NamedTuple):
    """A message and what should be read from it.

    :param bytes raw: the message
    :param text: part of the text of the message, or None if not checked
    :param subject: the subject
    :param sender: part of the author
    :param files: names of the attachments, as a tuple
    """

    raw: bytes
    text: str | None = None
    subject: str | None = None
    sender: str | None = None
    files: tuple | None = None

    @property
    def is_readable(self):
        """Whether a reader would expect to see something of it."""
        return any(expected is not None for expected in self[1:])


def text(content, content_type="text/plain; charset=utf-8", headers=b""):
    """Return a message with one text."""
    octets = content if isinstance(content, bytes) else content.encode()
    return HEAD + f"Content-Type: {content_type}\r\n".encode() + headers + b"\r\n" + octets


def parts(*contents, boundary=b"b", kind=b"mixed", end=b"--b--\r\n"):
    """Return a multipart of parts, each with its own header."""
    start = HEAD + b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return start + b"".join(b"--b\r\n" + content + b"\r\n" for content in contents) + end


def head(field, without=b""):
    """Return a message with one more header field on top, and without another one."""
    lines = [line for line in HEAD.splitlines(True) if not (without and line.startswith(without))]
    return field + b"\r\n" + b"".join(lines) + b"\r\nGood morning"


def attached(disposition, content=b"content", content_type=b"application/octet-stream"):
    return parts(
        PLAIN,
        b"Content-Type: "
        + content_type
        + b"\r\nContent-Disposition: "
        + disposition
        + b"\r\n\r\n"
        + content,
    )


PLAIN = b"Content-Type: text/plain\r\n\r\nGood morning"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Good <b>morning</b></p>"
ENCODED = base64.encodebytes("Guten Tag, Jörg".encode())
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
MAIL = b"From: bob@example.org\r\nSubject: Inside\r\n\r\nInside"
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Talk\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)
REPORT = b'multipart/report; report-type=delivery-status; boundary="b"'
STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
    b"Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
GOOD = "Good morning"
GERMAN = "Guten Tag, Jörg"

CHARSETS = {
    "unknown charset": Odd(text(GERMAN, "text/plain; charset=x-odd"), GERMAN),
    "empty charset": Odd(text(GERMAN, 'text/plain; charset=""'), GERMAN),
    "no charset, latin-1": Odd(text(GERMAN.encode("latin-1"), "text/plain"), GERMAN),
    "no charset, UTF-8": Odd(text(GERMAN, "text/plain"), GERMAN),
    "no Content-Type, UTF-8": Odd(HEAD + b"\r\n" + GERMAN.encode(), GERMAN),
    "UTF-8 that is latin-1": Odd(text(GERMAN.encode("latin-1")), GERMAN),
    "ASCII that is UTF-8": Odd(text(GERMAN, "text/plain; charset=us-ascii"), GERMAN),
    "charset that unpacks": Odd(text(GERMAN, "text/plain; charset=zlib"), GERMAN),
    "charset that is slow": Odd(text(GERMAN, "text/plain; charset=punycode"), GERMAN),
    "charset of domains": Odd(text(GERMAN, "text/plain; charset=idna"), GERMAN),
    "charset that turns letters": Odd(text(GOOD, "text/plain; charset=rot13"), GOOD),
    "charset with NUL": Odd(text(GERMAN, "text/plain; charset=\0utf-8"), GERMAN),
    "charset in two quotes": Odd(text(GERMAN, "text/plain; charset=''utf-8''"), GERMAN),
    "charset in 8 bit": Odd(text(GERMAN, "text/plain; charset=ütf-8"), GERMAN),
    "charset twice": Odd(text(GERMAN, "text/plain; charset=utf-8; charset=ascii"), GERMAN),
    "charset as RFC 2231": Odd(text(GERMAN, "text/plain; charset*=us-ascii''utf-8"), GERMAN),
    "long charset": Odd(text(GERMAN, "text/plain; charset=" + "x" * 5000), GERMAN),
    "UTF-16 in base64": Odd(
        text(base64.encodebytes(GERMAN.encode("utf-16")), "text/plain; charset=utf-16", BASE64),
        GERMAN,
    ),
    "raw UTF-16": Odd(text(GERMAN.encode("utf-16-le"), "text/plain; charset=utf-16le"), GERMAN),
    "UTF-16 of an odd length": Odd(
        text(
            base64.encodebytes(GERMAN.encode("utf-16") + b"x"), "text/plain; charset=utf-16", BASE64
        )
    ),
    "UTF-32": Odd(
        text(base64.encodebytes(GERMAN.encode("utf-32")), "text/plain; charset=utf-32", BASE64),
        GERMAN,
    ),
    "UTF-7": Odd(text(b"Guten Tag, J+APY-rg", "text/plain; charset=utf-7"), GERMAN),
    "UTF-7 that ends early": Odd(text(b"Good morning +AP", "text/plain; charset=utf-7"), GOOD),
    "UTF-7 with half a letter": Odd(text(b"Good morning +2D0-", "text/plain; charset=utf-7"), GOOD),
    "iso-2022-jp": Odd(
        text("お早う".encode("iso2022_jp"), "text/plain; charset=iso-2022-jp"), "お早う"
    ),
    "iso-2022-jp without end": Odd(
        text(b"Good morning\x1b$B", "text/plain; charset=iso-2022-jp"), GOOD
    ),
    "shift_jis": Odd(text("お早う".encode("shift_jis"), "text/plain; charset=Shift_JIS"), "お早う"),
    "gb2312 with letters of gbk": Odd(
        text("镕 Good morning".encode("gbk"), "text/plain; charset=gb2312"), "镕 Good morning"
    ),
    "ks_c_5601-1987": Odd(
        text("안녕".encode("euc_kr"), "text/plain; charset=ks_c_5601-1987"), "안녕"
    ),
    "koi8-r": Odd(text("Добрый".encode("koi8-r"), "text/plain; charset=koi8-r"), "Добрый"),
    "windows-874": Odd(text("สวัสดี".encode("cp874"), "text/plain; charset=windows-874"), "สวัสดี"),
    "windows-1252 quotes as latin-1": Odd(
        text(b"\x93Good morning\x94", "text/plain; charset=iso-8859-1"), "“Good morning”"
    ),
    "unknown-8bit": Odd(text(GERMAN.encode("latin-1"), "text/plain; charset=unknown-8bit"), GERMAN),
    "x-user-defined": Odd(text(GERMAN, "text/plain; charset=x-user-defined"), GERMAN),
    "utf8mb4": Odd(text(GERMAN, "text/plain; charset=utf8mb4"), GERMAN),
    "utf-8 with blanks": Odd(text(GERMAN, 'text/plain; charset=" utf-8 "'), GERMAN),
    "HTML that names another charset": Odd(
        text('<meta charset="iso-8859-1"><p>' + GERMAN, "text/html; charset=utf-8"), GERMAN
    ),
    "HTML in no charset": Odd(
        text(b"<p>Guten Tag, J\xf6rg</p>", "text/html; charset=x-odd"), GERMAN
    ),
    "byte order mark": Odd(text(b"\xef\xbb\xbf" + GERMAN.encode()), GERMAN),
    "surrogates in UTF-8": Odd(text(b"Good morning \xed\xa0\x80\xed\xb0\x80"), GOOD),
    "overlong UTF-8": Odd(text(b"Good morning \xc0\x80"), GOOD),
}

ENCODINGS = {
    "base64": Odd(text(ENCODED, headers=BASE64), GERMAN),
    "base64 without padding": Odd(text(ENCODED.rstrip(b"=\n"), headers=BASE64), "Guten Tag"),
    "base64 with rubbish": Odd(
        text(
            b"*".join(ENCODED[place : place + 1] for place in range(len(ENCODED))), headers=BASE64
        ),
        GERMAN,
    ),
    "base64 with a letter too many": Odd(text(b"R29vZCBtb3JuaW5nA", headers=BASE64), GOOD),
    "base64 in two pieces": Odd(text(b"R29vZA==\r\nIG1vcm5pbmc=\r\n", headers=BASE64), "Good"),
    "base64 that is text": Odd(text("Good morning.", headers=BASE64)),
    "base64 of nothing": Odd(text(b"", headers=BASE64), ""),
    "base64 with a footer": Odd(
        text(ENCODED + b"\r\n-- \r\nSent by a list that knows no base64.\r\n", headers=BASE64),
        "Guten Tag",
    ),
    "quoted-printable": Odd(
        text(b"Guten Tag, J=C3=B6rg", headers=b"Content-Transfer-Encoding: quoted-printable\r\n"),
        GERMAN,
    ),
    "quoted-printable, broken": Odd(
        text(
            b"Good morning =ZZ =\r\n=", headers=b"Content-Transfer-Encoding: Quoted-Printable\r\n"
        ),
        GOOD,
    ),
    "quoted-printable with NUL": Odd(
        text(b"Good=00 morning", headers=b"Content-Transfer-Encoding: quoted-printable\r\n"), "Good"
    ),
    "unknown encoding": Odd(text(GOOD, headers=b"Content-Transfer-Encoding: x-odd\r\n"), GOOD),
    "empty encoding": Odd(text(GOOD, headers=b"Content-Transfer-Encoding:\r\n"), GOOD),
    "encoding with a comment": Odd(
        text(ENCODED, headers=b"Content-Transfer-Encoding: base64 (as ever)\r\n"), GERMAN
    ),
    "encoding with a semicolon": Odd(
        text(ENCODED, headers=b"Content-Transfer-Encoding: base64;\r\n"), GERMAN
    ),
    "encoding in quotes": Odd(
        text(ENCODED, headers=b'Content-Transfer-Encoding: "base64"\r\n'), GERMAN
    ),
    "encoding in 8 bit": Odd(text(GOOD, headers=b"Content-Transfer-Encoding: 8b\xeft\r\n"), GOOD),
    "encoding twice": Odd(
        text(ENCODED, headers=BASE64 + b"Content-Transfer-Encoding: 7bit\r\n"), GERMAN
    ),
    "encoding of a multipart": Odd(parts(PLAIN).replace(b"Subject", BASE64 + b"Subject"), GOOD),
    "uuencode in the text": Odd(
        text(b"Good morning\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n"), GOOD
    ),
    "uuencode as the encoding": Odd(
        text(
            b'begin 644 a.txt\r\n,1V]O9"!M;W)N:6YG\r\n`\r\nend\r\n',
            headers=b"Content-Transfer-Encoding: x-uuencode\r\n",
        ),
        GOOD,
    ),
    "uuencode without begin": Odd(
        text(b"Good morning", headers=b"Content-Transfer-Encoding: x-uuencode\r\n"), GOOD
    ),
    "yEnc": Odd(text(b"=ybegin line=128 size=3 name=a\r\n\x8d\x8e\x8f\r\n=yend size=3\r\n")),
    "flowed text": Odd(
        text(
            "Good \r\nmorning\r\n > not a quote\r\n -- \r\n", "text/plain; format=flowed; delsp=x"
        ),
        "Good",
    ),
}

HEADERS = {
    "no header": Odd(b"\r\nGood morning", GOOD),
    "no header, no blank line": Odd(b"Good morning"),
    "nothing": Odd(b""),
    "one NUL": Odd(b"\0"),
    "NULs": Odd(b"\0" * 5000),
    "blank lines alone": Odd(b"\r\n\r\n\r\n"),
    "header alone": Odd(HEAD, ""),
    "line of mbox on top": Odd(b"From ann Fri Nov 20 10:00:00 2026\r\n" + text(GOOD), GOOD),
    "quoted line of mbox on top": Odd(b">From ann Fri Nov 20 10:00:00 2026\r\n" + text(GOOD)),
    "byte order mark on top": Odd(b"\xef\xbb\xbf" + text(GOOD)),
    "blank line on top": Odd(b"\r\n" + text(GOOD)),
    "UTF-16 altogether": Odd(text(GOOD).decode().encode("utf-16")),
    "line feeds alone": Odd(text(GOOD).replace(b"\r\n", b"\n"), GOOD),
    "carriage returns alone": Odd(text(GOOD).replace(b"\r\n", b"\r"), GOOD),
    "CR CR LF": Odd(text(GOOD).replace(b"\r\n", b"\r\r\n")),
    "mixed line ends": Odd(text(GOOD).replace(b"\r\n", b"\n", 3).replace(b"\r\n", b"\r", 1)),
    "field without colon": Odd(HEAD + b"Odd\r\nX: y\r\n\r\nGood morning", GOOD),
    "field with a blank in its name": Odd(HEAD + b"X Odd: y\r\n\r\nGood morning", GOOD),
    "field without name": Odd(head(b": nothing"), GOOD),
    "field with 8 bit in its name": Odd(HEAD + b"X-\xd6dd: y\r\n\r\nGood morning", GOOD),
    "folded line first": Odd(b" folded\r\n" + text(GOOD), GOOD),
    "blank folded line": Odd(head(b"X-Odd: y\r\n \r\n\t"), GOOD),
    "subject twice": Odd(head(b"Subject: First"), GOOD, subject="First Odd"),
    "no subject": Odd(head(b"X: y", without=b"Subject"), GOOD),
    "empty subject": Odd(head(b"Subject:", without=b"Subject"), GOOD),
    "long subject": Odd(head(b"Subject: " + b"long " * 10_000, without=b"Subject"), GOOD),
    "subject with NUL": Odd(head(b"Subject: A\0B", without=b"Subject"), GOOD, subject="AB"),
    "subject with encoded NUL": Odd(
        head(b"Subject: =?utf-8?q?A=00B?=", without=b"Subject"), GOOD, subject="AB"
    ),
    "subject with control characters": Odd(
        head(b"Subject: A\x01\x02\x1b\x7f\x85B", without=b"Subject"), GOOD
    ),
    "subject with lines": Odd(
        head(b"Subject: =?utf-8?q?A=0D=0ABcc=3A_x=40example=2Ecom?=", without=b"Subject"), GOOD
    ),
    "subject in raw latin-1": Odd(
        head("Subject: Grüße".encode("latin-1"), without=b"Subject"), GOOD, subject="Grüße"
    ),
    "subject in raw UTF-8": Odd(
        head("Subject: Grüße".encode(), without=b"Subject"), GOOD, subject="Grüße"
    ),
    "subject in an unknown charset": Odd(
        head(b"Subject: =?x-odd?q?Gr=FC=DFe?=", without=b"Subject"), GOOD
    ),
    "subject in a charset that lies": Odd(
        head(b"Subject: =?utf-8?q?Gr=FC=DFe?=", without=b"Subject"), GOOD
    ),
    "subject without end": Odd(head(b"Subject: =?utf-8?q?Hello", without=b"Subject"), GOOD),
    "subject with bad base64": Odd(
        head(b"Subject: =?utf-8?b?R3LDvMOfZ?=", without=b"Subject"), GOOD
    ),
    "subject cut within a letter": Odd(
        head(b"Subject: =?utf-8?b?R3LD?=\r\n =?utf-8?b?vMOfZQ==?=", without=b"Subject"), GOOD
    ),
    "subject with blanks in the word": Odd(
        head(b"Subject: =?utf-8?q?Hello you?=", without=b"Subject"), GOOD
    ),
    "subject with half a letter": Odd(
        head(b"Subject: =?utf-7?q?A+2D0-B?=", without=b"Subject"), GOOD
    ),
    "encoded words without end": Odd(
        head(b"Subject: " + b"=?utf-8?q?=C3=A4?= " * 2000, without=b"Subject"), GOOD
    ),
    "encoded words in encoded words": Odd(
        head(b"Subject: " + b"=?utf-8?q?" * 500 + b"?=" * 500, without=b"Subject"), GOOD
    ),
    "direction turned": Odd(head("Subject: A\u202eB".encode(), without=b"Subject"), GOOD),
}

DATES = {
    f"date {date or 'empty'}": Odd(head(b"Date: " + date.encode(), without=b"Date"), GOOD)
    for date in (
        "",
        "0",
        "99999999999999999999",
        "Fri, 99 Foo 99999 99:99:99 +9999",
        "yesterday",
        "Thu, 01 Jan 0001 00:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 20 Nov 2026 10:00:00 +99999999",
        "Fri, 20 Nov 26 10:00 EST",
        "2026-11-20T10:00:00Z",
        "Fri, 20 Nov 2026 25:61:61 GMT",
        "=?utf-8?q?Fri=2C_20_Nov_2026?=",
        "Fri, 20 Nov -2026",
        "Mon, 1 Jan 1900 00:00:00 +0000",
        "1e400",
        "Fri, 20 Nov 2026 10:00:00 +0000\0",
    )
}

ADDRESSES = {
    "no From": Odd(head(b"X: y", without=b"From"), GOOD),
    "no From, but a Sender": Odd(
        head(b"Sender: ann@example.com", without=b"From"), GOOD, sender="ann@example.com"
    ),
    "no From, and a Sender with lines": Odd(
        head(b"Sender: ann@example.com\r\r", without=b"From"), GOOD
    ),
    "empty From": Odd(head(b"From:", without=b"From"), GOOD),
    "From <>": Odd(head(b"From: <>", without=b"From"), GOOD),
    "From without address": Odd(head(b"From: Ann", without=b"From"), GOOD),
    "From twice": Odd(head(b"From: Bob <bob@example.org>"), GOOD),
    "two in From": Odd(
        head(b"From: ann@example.com, bob@example.org", without=b"From"),
        GOOD,
        sender="ann@example.com",
    ),
    "group in From": Odd(
        head(b"From: All: ann@example.com, bob@example.org;", without=b"From"), GOOD
    ),
    "empty group in From": Odd(head(b"From: undisclosed-recipients:;", without=b"From"), GOOD),
    "name in raw latin-1": Odd(
        head("From: Jörg <joerg@example.com>".encode("latin-1"), without=b"From"),
        GOOD,
        sender="Jörg",
    ),
    "name with NUL": Odd(
        head(b"From: Ann\0 <ann@example.com>", without=b"From"), GOOD, sender="ann@example.com"
    ),
    "address with NUL": Odd(head(b"From: <a\0nn@example.com>", without=b"From"), GOOD),
    "address in 8 bit": Odd(head("From: <jörg@exämple.com>".encode(), without=b"From"), GOOD),
    "address with two at signs": Odd(head(b"From: <a@b@example.com>", without=b"From"), GOOD),
    "address with a dot at its end": Odd(head(b"From: <ann.@example.com.>", without=b"From"), GOOD),
    "address with brackets within": Odd(
        head(b"From: <<ann@example.com>>", without=b"From"), GOOD, sender="ann@example.com"
    ),
    "bracket without end": Odd(head(b"From: Ann <ann@example.com", without=b"From"), GOOD),
    "quote without end": Odd(head(b'From: "Ann <ann@example.com>', without=b"From"), GOOD),
    "address in a domain literal": Odd(head(b"From: <ann@[127.0.0.1]>", without=b"From"), GOOD),
    "address of nothing": Odd(head(b"From: @", without=b"From"), GOOD),
    "route in the address": Odd(
        head(b"From: <@example.net,@example.org:ann@example.com>", without=b"From"), GOOD
    ),
    "long address": Odd(head(b"From: <" + b"a" * 5000 + b"@example.com>", without=b"From"), GOOD),
    "address in the name": Odd(
        head(b'From: "ceo@example.com" <ann@example.org>', without=b"From"),
        GOOD,
        sender="ann@example.org",
    ),
    "name in encoded words with quotes": Odd(
        head(
            b"From: =?utf-8?q?=22Ann=22_=3Cbob=40example=2Eorg=3E?= <ann@example.com>",
            without=b"From",
        ),
        GOOD,
    ),
    "parentheses in parentheses": Odd(head(b"Cc: " + b"(" * 500 + b")" * 500), None),
    "comment without end": Odd(head(b"Cc: (bob@example.org"), GOOD),
    "commas alone": Odd(head(b"Cc: " + b"," * 1000), GOOD),
    "many addresses": Odd(head(b"Cc: " + b"a@b, " * MANY)),
    "many fields of addresses": Odd(b"Cc: a@b\r\n" * 1500 + HEAD + b"\r\nGood morning", GOOD),
    "no recipients": Odd(head(b"X: y", without=b"To")),
    "recipients undisclosed": Odd(head(b"To: undisclosed-recipients:;", without=b"To")),
    "Return-Path in pieces": Odd(head(b"Return-Path: <\r\n ann@\r\n example.com>"), GOOD),
    "Reply-To of rubbish": Odd(head(b'Reply-To: \xff\0<>,;:\\"'), GOOD),
}

IDS = {
    "empty Message-Id": Odd(head(b"Message-Id:"), GOOD),
    "Message-Id without brackets": Odd(head(b"Message-Id: odd-1@example.com"), GOOD),
    "Message-Id with blanks": Odd(head(b"Message-Id: <odd 2 @ example.com>"), GOOD),
    "Message-Id with NUL": Odd(head(b"Message-Id: <odd-3\0@example.com>"), GOOD),
    "Message-Id in 8 bit": Odd(head(b"Message-Id: <\xf6dd-4@example.com>"), GOOD),
    "Message-Id in brackets": Odd(head(b"Message-Id: <[odd-5]@example.com>"), GOOD),
    "Message-Id twice": Odd(head(b"Message-Id: <odd-6@x>\r\nMessage-Id: <odd-7@x>"), GOOD),
    "huge Message-Id": Odd(head(b"Message-Id: <" + b"x" * 9000 + b"@example.com>"), GOOD),
    "Message-Id larger than any": Odd(head(b"Message-Id: <" + b"x" * 90_000 + b"@x>")),
    "Message-Id of a bracket": Odd(head(b"Message-Id: <"), GOOD),
    "Message-Id that is encoded": Odd(head(b"Message-Id: =?utf-8?q?=3Codd-8=40x=3E?="), GOOD),
    "References with NUL": Odd(head(b"References: <a\0b@x> \0"), GOOD),
    "References in brackets": Odd(head(b"References: " + b"<" * 1000 + b">" * 1000), GOOD),
    "References in 8 bit": Odd(head(b"References: <\xff\xfe@x>\r\nIn-Reply-To: \xff"), GOOD),
    "In-Reply-To with a sentence": Odd(
        head(b'In-Reply-To: Your message of "Fri, 20 Nov" <a@x> (or so)'), GOOD
    ),
}

BOUNDARIES = {
    "no boundary": Odd(
        HEAD + b"Content-Type: multipart/mixed\r\n\r\n--b\r\n" + PLAIN + b"\r\n--b--\r\n", GOOD
    ),
    "empty boundary": Odd(parts(PLAIN, boundary=b""), GOOD),
    "another boundary": Odd(parts(PLAIN, boundary=b"c"), GOOD),
    "boundary without end": Odd(parts(PLAIN, end=b""), GOOD),
    "boundary twice in the field": Odd(
        parts(PLAIN).replace(b'boundary="b"', b'boundary="b"; boundary="c"'), GOOD
    ),
    "boundary with a blank": Odd(parts(PLAIN, boundary=b"b "), GOOD),
    "boundary in 8 bit": Odd(
        parts(PLAIN).replace(b'"b"', b'"\xf6"').replace(b"--b", b"--\xf6"), GOOD
    ),
    "boundary with a NUL": Odd(
        parts(PLAIN).replace(b'"b"', b'"b\0"').replace(b"--b", b"--b\0"), GOOD
    ),
    "boundary that is long": Odd(
        parts(PLAIN).replace(b'"b"', b'"' + LONG + b'"').replace(b"--b", b"--" + LONG), GOOD
    ),
    "boundary that ends another": Odd(
        parts(
            b"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n" + PLAIN + b"\r\n--bb--"
        ),
        GOOD,
    ),
    "boundary repeated within": Odd(
        parts(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + PLAIN + b"\r\n--b--"),
        GOOD,
    ),
    "multipart of nothing": Odd(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", ""),
    "multipart of text": Odd(
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nGood morning", GOOD
    ),
    "multipart of boundaries": Odd(parts(b"", b"", b"")),
    "text before and after the parts": Odd(
        parts(PLAIN, end=b"--b--\r\nafter").replace(b"\r\n--b", b"\r\nbefore\r\n--b", 1), GOOD
    ),
    "parts without header": Odd(parts(b"\r\nGood morning"), GOOD),
    "parts without blank line": Odd(parts(b"Good morning"), GOOD),
    "multipart/alternative with HTML first": Odd(parts(HTML, PLAIN, kind=b"alternative"), "Good"),
    "multipart/alternative of nothing": Odd(parts(b"", kind=b"alternative")),
    "multipart/x-odd": Odd(parts(PLAIN, kind=b"x-odd"), GOOD),
    "multipart/digest": Odd(parts(b"\r\n" + MAIL, kind=b"digest")),
    "multipart/ and nothing": Odd(parts(PLAIN, kind=b""), GOOD),
    "multipart/signed without signature": Odd(parts(PLAIN, kind=b"signed"), GOOD),
    "multipart/encrypted": Odd(
        parts(
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
            b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\nx",
            kind=b"encrypted",
        )
    ),
    "parts in parts": Odd(parts(parts(PLAIN).partition(b"MIME-Version: 1.0\r\n")[2]), GOOD),
}

TYPES = {
    f"type {content_type or 'empty'}": Odd(text(GOOD, content_type), expected)
    for content_type, expected in (
        ("", GOOD),
        ("text", GOOD),
        ("text/", GOOD),
        ("/plain", GOOD),
        ("/", GOOD),
        (";", GOOD),
        ("plain", GOOD),
        ("text/plain/plain", GOOD),
        ("text/plain charset=utf-8", GOOD),
        ("text/plain;;;charset=utf-8", GOOD),
        ("TEXT/PLAIN; CHARSET=UTF-8", GOOD),
        ("text /plain", None),
        ("text/x-odd", None),
        ("font/ttf", None),
        ("*/*", None),
        ("application/octet-stream", None),
        ("text/plain; =x", GOOD),
        ("text/plain; a", GOOD),
        ("text/plain; a*0*=x''%; a*1=y", GOOD),
        ("text/plain; a*99999999999=x", GOOD),
        ("text/plain; name*=utf-8''%00%ff", None),
        ("text/html; a*", GOOD),
        ("text/plain; name*x*=y", GOOD),
        ('text/plain; name="', None),
        ('text/plain; charset="utf-8', GOOD),
        ("text/plain (comment)", GOOD),
        ("=?utf-8?q?text/plain?=", GOOD),
        ("\0text/plain", None),
        ("message/partial; id=x; number=1; total=2", None),
        ("message/x-odd", None),
        ("message/external-body; access-type=URL", None),
        ("message/delivery-status", None),
        ("message/disposition-notification", None),
        ("message/feedback-report", None),
        ("message/global", None),
        ("text/rfc822-headers", None),
        ("text/enriched", None),
        ("text/richtext", None),
        ("text/calendar; method=REQUEST", None),
        ("image/png", None),
        ("application/ms-tnef; name=winmail.dat", None),
        ("multipart/mixed; boundary=\0", None),
        ("text/html; boundary=b", GOOD),
        ("pdf; name=a.pdf", None),
        ("text/xml", None),
    )
}

MESSAGES = {
    "mail in a mail": Odd(parts(PLAIN, b"Content-Type: message/rfc822\r\n\r\n" + MAIL), GOOD),
    "mail in a mail in base64": Odd(
        parts(
            PLAIN, b"Content-Type: message/rfc822\r\n" + BASE64 + b"\r\n" + base64.encodebytes(MAIL)
        ),
        GOOD,
    ),
    "empty mail in a mail": Odd(parts(PLAIN, b"Content-Type: message/rfc822\r\n\r\n"), GOOD),
    "messages in messages": Odd(
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 20 + b"Good morning"
    ),
    "mail in a mail in an unknown charset": Odd(
        parts(
            PLAIN,
            b"Content-Type: message/rfc822\r\n\r\n"
            b"Content-Type: text/plain; charset=x-odd\r\n\r\n\xff\xfe",
        ),
        GOOD,
    ),
    "mail in a mail with odd fields": Odd(
        parts(
            PLAIN,
            b"Content-Type: message/rfc822\r\n\r\nFrom: \xff\0<\r\nMessage-Id: <[\r\nTo: ((\r\n"
            b"Content-Type: multipart/mixed\r\n\r\n--",
        ),
        GOOD,
    ),
    "mail in a mail of a type that is none": Odd(
        parts(PLAIN, b"Content-Type: message/rfc822\r\n\r\nContent-Type: a/b\r\n\r\nx"), GOOD
    ),
    "report without parts": Odd(HEAD + b"Content-Type: " + REPORT + b"\r\n\r\n"),
    "report that is text": Odd(HEAD + b"Content-Type: " + REPORT + b"\r\n\r\nGood morning"),
    "report without the mail": Odd(
        parts(PLAIN, STATUS).replace(b'multipart/mixed; boundary="b"', REPORT)
    ),
    "report without a recipient": Odd(
        parts(
            PLAIN, b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n"
        ).replace(b'multipart/mixed; boundary="b"', REPORT)
    ),
    "report with an empty status": Odd(
        parts(PLAIN, b"Content-Type: message/delivery-status\r\n\r\n").replace(
            b'multipart/mixed; boundary="b"', REPORT
        )
    ),
    "report with a status that is a multipart": Odd(
        parts(
            PLAIN,
            b"Content-Type: message/delivery-status; boundary=c\r\n\r\n--c\r\n\r\n--c--",
        ).replace(b'multipart/mixed; boundary="b"', REPORT)
    ),
    "report about everybody": Odd(
        parts(PLAIN, STATUS * 50).replace(b'multipart/mixed; boundary="b"', REPORT)
    ),
    "report with an odd mail": Odd(
        parts(
            PLAIN,
            STATUS,
            b"Content-Type: text/rfc822-headers; charset=x-odd\r\n\r\n\xff\0: \r\n",
        ).replace(b'multipart/mixed; boundary="b"', REPORT)
    ),
    "report of a type that lies": Odd(
        parts(PLAIN, STATUS).replace(
            b"multipart/mixed", b"multipart/report; report-type=disposition-notification"
        )
    ),
    "bounce without anything": Odd(
        head(
            b"Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\nX-Failed-Recipients: \0",
            without=b"From",
        )
    ),
}

FILES = {
    f"file {disposition.decode('utf-8', 'replace')[:60]}": Odd(attached(disposition), GOOD)
    for disposition in (
        b'attachment; filename="../../../etc/passwd"',
        b'attachment; filename="C:\\\\a\\\\b.exe"',
        b'attachment; filename="/etc/passwd"',
        b"attachment; filename=",
        b"attachment",
        b"",
        b'attachment; filename="a\0b.txt"',
        b'attachment; filename="a\r\n b.txt"',
        b'attachment; filename="\xf6.txt"',
        b'attachment; filename="\xc3\xb6.txt"',
        b"attachment; filename*=utf-8''%C3%B6.txt",
        b"attachment; filename*=x-odd''%ff%00.txt",
        b"attachment; filename*0*=utf-8''a; filename*1=b; filename*3=d",
        b"attachment; filename*=''",
        b"attachment; filename*='",
        b"attachment; filename*=%",
        b'attachment; filename="=?utf-8?b?w7YudHh0?="',
        b'attachment; filename="=?x?b?!?="',
        b'attachment; filename="' + b"a" * 3000 + b'.txt"',
        b'attachment; filename="."',
        b'attachment; filename=".."',
        b'attachment; filename="a.txt"; filename="b.txt"',
        b"attachment; filename=a b c.txt",
        b"inline; filename=a.txt",
        b"odd; filename=a.txt",
        b'attachment; filename="\xe2\x80\xae.txt"',
        b"attachment; size=99999999999999999999",
        b'attachment; creation-date="\0"',
        b'"attachment"; filename=a.txt',
        b";filename=a.txt",
        b'attachment; filename="<script>alert(1)</script>.html"',
    )
}

CONTENTS = {
    "two dispositions": Odd(
        attached(b"attachment; filename=a.txt\r\nContent-Disposition: inline; filename=b.txt"), GOOD
    ),
    "image without a Content-Id": Odd(
        parts(b'Content-Type: text/html\r\n\r\n<p>Good morning</p><img src="cid:x@y">', PLAIN), GOOD
    ),
    "image with an odd Content-Id": Odd(
        attached(b"inline; filename=a.png\r\nContent-Id: <\xff\0<>>", content_type=b"image/png"),
        GOOD,
    ),
    "TNEF": Odd(
        attached(
            b"attachment; filename=winmail.dat", b"\x78\x9f\x3e\x22\0\0", b"application/ms-tnef"
        ),
        GOOD,
        files=("winmail.dat",),
    ),
    "calendar": Odd(
        parts(
            PLAIN,
            b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + CALENDAR,
            kind=b"alternative",
        ),
        GOOD,
    ),
    "calendar in no charset": Odd(
        parts(PLAIN, b"Content-Type: text/calendar; charset=x-odd\r\n\r\n\xf6" + CALENDAR), GOOD
    ),
    "S/MIME, signed": Odd(
        parts(
            PLAIN,
            b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n" + BASE64 + b"\r\nAAAA",
            kind=b"signed",
        ),
        GOOD,
        files=("smime.p7s",),
    ),
    "S/MIME, enclosed": Odd(
        text(b"AAAA", 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', BASE64),
        files=("smime.p7m",),
    ),
    "PGP in the text": Odd(
        text(
            "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nGood morning\r\n"
            "-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n-----END PGP SIGNATURE-----\r\n"
        ),
        GOOD,
    ),
    "empty body": Odd(text(b""), ""),
    "NUL in the text": Odd(text(b"Good\0 morning"), "Good"),
    "NUL between letters": Odd(text(b"\0".join(b"%c" % octet for octet in b"Good morning"))),
    "control characters in the text": Odd(text(bytes(range(1, 32)) + b"Good morning"), GOOD),
    "one long line": Odd(text(b"Good morning " + b"x" * 1_000_000), GOOD),
    "HTML without end": Odd(text("<html><body><p>Good morning<table><tr><td", "text/html"), GOOD),
    "HTML that is text": Odd(text("Good morning", "text/html"), GOOD),
    "HTML that is nothing": Odd(text("", "text/html"), ""),
    "HTML that is a comment": Odd(text("<!-- Good morning", "text/html")),
    "HTML with NUL": Odd(text("<p>Good\0 morning</p>", "text/html"), "Good"),
    "HTML with half letters": Odd(
        text("<p>Good morning &#xd800;&#0;&#x110000;</p>", "text/html"), GOOD
    ),
    "HTML with an encoding of XML": Odd(
        text(
            '<?xml version="1.0" encoding="x-odd"?><html><body>Good morning</body></html>',
            "text/html",
        ),
        GOOD,
    ),
    "HTML with entities of XML": Odd(
        text(
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><p>Good morning &b;</p>',
            "text/html",
        )
    ),
    "HTML with namespaces": Odd(
        text('<html xmlns:o="x"><o:p>Good morning</o:p><![if !x]>y<![endif]></html>', "text/html"),
        GOOD,
    ),
    "HTML in HTML": Odd(text("<p>Good morning</p>" + "<html><body>" * 20, "text/html"), GOOD),
    "HTML with many attributes": Odd(
        text(
            "<p " + " ".join(f"a{number}=b" for number in range(5000)) + ">Good morning</p>",
            "text/html",
        ),
        GOOD,
    ),
    "HTML with scripts": Odd(
        text(
            '<p onclick="x">Good morning</p><script>alert(1)</script><svg onload="x">'
            '<a href="javascript:x">y</a>',
            "text/html",
        ),
        GOOD,
    ),
    "CSS": Odd(
        text(
            "<style>"
            + "a{b:c}" * 20_000
            + '</style><p style="'
            + "a:url(x);" * 5000
            + '">Good morning</p>',
            "text/html",
        ),
        GOOD,
    ),
    "address with much data": Odd(
        text(
            '<p>Good morning</p><img src="data:image/png;base64,' + "A" * 500_000 + '">',
            "text/html",
        ),
        GOOD,
    ),
    "address that is long": Odd(
        text(
            '<p>Good morning</p><a href="https://example.com/' + "a" * 200_000 + '">x</a>',
            "text/html",
        ),
        GOOD,
    ),
    "many addresses in the text": Odd(text("https://example.com/a " * 5000 + GOOD), GOOD),
    "many quotes": Odd(text(">" * 50_000 + " Good morning"), GOOD),
    "quotes in quotes": Odd(
        text("<blockquote>" * 200 + "Good morning" + "</blockquote>" * 200, "text/html"), GOOD
    ),
}

SHAPES = {
    **CHARSETS,
    **ENCODINGS,
    **HEADERS,
    **DATES,
    **ADDRESSES,
    **IDS,
    **BOUNDARIES,
    **TYPES,
    **MESSAGES,
    **FILES,
    **CONTENTS,
}

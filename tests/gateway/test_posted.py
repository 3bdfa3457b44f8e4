"""The message in an HTTP request."""

import json
from urllib.parse import quote_from_bytes

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.posted import (
    MOST_FIELDS,
    NoMail,
    Posted,
    read_posted,
    with_return_path,
)

from .properties import given, st

# Bytes in no charset, a line like a delimiter, a bare line end, and no line end at the end.
RAW = b"Subject: caf\xe9\r\nX: \xff\xfe\r\n\r\nA\n\0\r\n--limitless\r\n--limit-\r\n+%41&=\r\nend"
FORM = "multipart/form-data; boundary=limit"
URLENCODED = "application/x-www-form-urlencoded"


def multipart(*fields, boundary=b"limit", end=b"--\r\n"):
    """Return a form as bytes; the fields are ``(name, value)``."""
    parts = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            boundary,
            name,
            b'; filename="mail.eml"' if name == b"message" else b"",
            value,
        )
        for name, value in fields
    )
    return parts + b"--" + boundary + end


def urlencoded(*fields):
    return b"&".join(
        b"%s=%s" % (quote_from_bytes(name).encode(), quote_from_bytes(value).encode())
        for name, value in fields
    )


# What each provider posts, as (content type, body, recipients, sender).
PROVIDERS = {
    "mailgun": (
        FORM,
        multipart(
            (b"recipient", b"sales@example.com,info@example.com"),
            (b"sender", b"jane@customer.test"),
            (b"token", b"not ours"),
            (b"body-mime", RAW),
        ),
        ("sales@example.com", "info@example.com"),
        "jane@customer.test",
    ),
    "mailgun without attachments": (
        URLENCODED,
        urlencoded(
            (b"recipient", b"sales@example.com"),
            (b"sender", b"jane@customer.test"),
            (b"body-mime", RAW),
        ),
        ("sales@example.com",),
        "jane@customer.test",
    ),
    "sendgrid": (
        FORM,
        multipart(
            (b"to", b"Sales <sales@example.com>"),
            (b"email", RAW),
            (b"charsets", b"{}"),
            (b"envelope", b'{"to":["sales@example.com"],"from":"jane@customer.test"}'),
        ),
        ("sales@example.com",),
        "jane@customer.test",
    ),
    "cloudmailin": (
        FORM,
        multipart(
            (b"message", RAW),
            (b"envelope[to]", b"sales@example.com"),
            (b"envelope[recipients][0]", b"sales@example.com"),
            (b"envelope[recipients][1]", b"info@example.com"),
            (b"envelope[from]", b"jane@customer.test"),
            (b"envelope[helo_domain]", b"x"),
        ),
        ("sales@example.com", "info@example.com"),
        "jane@customer.test",
    ),
    "curl": (FORM, multipart((b"message", RAW)), (), None),
}


class TestPosted(BaseCase):
    def assert_no_mail(self, code, content_type, body, **told):
        with self.assertRaises(NoMail) as caught:
            read_posted(content_type, body, **told)
        self.assertEqual(caught.exception.code, code)

    def test_body_is_the_mail(self):
        for content_type in (
            "",
            "message/rfc822",
            "Message/RFC822; charset=x",
            "application/octet-stream",
            "text/plain; charset=utf-8",
        ):
            with self.subTest(content_type):
                self.assertEqual(read_posted(content_type, RAW), Posted(RAW))

    def test_providers(self):
        for name, (content_type, body, recipients, sender) in PROVIDERS.items():
            with self.subTest(name):
                self.assertEqual(
                    read_posted(content_type, body),
                    Posted(RAW, recipients, sender),
                )

    def test_json(self):
        body = json.dumps(
            {
                "RawEmail": "Subject: café\r\n\r\nbody",
                "OriginalRecipient": "sales@example.com",
                "ToFull": [],
                "Attachments": None,
            }
        ).encode()
        self.assertEqual(
            read_posted("application/json; charset=utf-8", body),
            Posted(
                "Subject: café\r\n\r\nbody".encode(),
                ("sales@example.com",),
            ),
        )
        lone_surrogate = b'{"RawEmail": "a\\udc00b"}'
        self.assertEqual(read_posted("application/json", lone_surrogate).raw, b"a?b")

    def test_types_that_are_none(self):
        for content_type in ("image/png", "multipart/mixed; boundary=limit", "text/html", "x"):
            with self.subTest(content_type):
                self.assert_no_mail("unsupported", content_type, RAW)

    def test_forms_without_a_raw_mail(self):
        # What Mailgun posts if the URL does not end with "mime".
        self.assert_no_mail("no_field", FORM, multipart((b"body-plain", b"x"), (b"sender", b"y")))
        self.assert_no_mail("no_field", URLENCODED, b"Subject: x\r\n\r\ncurl --data-binary")
        self.assert_no_mail("no_field", "application/json", b'{"RawEmail": 5}')
        self.assert_no_mail("no_field", FORM, b"--limit--\r\n")

    def test_forms_that_can_not_be_read(self):
        whole = multipart((b"message", RAW))
        cases = {
            "no boundary": ("multipart/form-data", whole),
            "empty": (FORM, b""),
            "no delimiter": (FORM, RAW),
            "another delimiter": ("multipart/form-data; boundary=other", whole),
            "no json": ("application/json", b"{"),
            "json of another kind": ("application/json", b"[]"),
            "json in a charset": ("application/json", b"\xff\xfe\xff"),
            "json of many levels": ("application/json", b"[" * 100_000),
            "too many fields": (URLENCODED, b"a=b&" * (MOST_FIELDS + 1)),
            "too many parts": (FORM, multipart(*[(b"x", b"")] * MOST_FIELDS)),
        }
        for name, (content_type, body) in cases.items():
            with self.subTest(name):
                self.assert_no_mail("malformed", content_type, body)

    def test_form_that_is_cut_off_is_no_mail(self):
        """Half of a message must not be taken for the whole."""
        whole = multipart((b"sender", b"jane@customer.test"), (b"message", RAW))
        for end in range(1, len(whole) - len(b"--\r\n")):
            with self.assertRaises(NoMail):
                read_posted(FORM, whole[:end])

    def test_no_mail_at_all(self):
        for content_type, body in (
            ("", b""),
            ("message/rfc822", b" \r\n\r\n"),
            (FORM, multipart((b"message", b""))),
            ("message/rfc822", b"From jane Fri Nov 20 10:00:00 2026\n"),
            (URLENCODED, b"body-mime="),
            ("application/json", b'{"RawEmail": ""}'),
        ):
            with self.subTest(content_type, body=body):
                self.assert_no_mail("empty", content_type, body)

    def test_line_of_a_mailbox_is_no_part_of_the_mail(self):
        raw = b"From jane@customer.test Fri Nov 20 10:00:00 2026\n" + RAW
        self.assertEqual(read_posted("", raw).raw, RAW)

    # --- Envelope -----------------------------------------------------------------------

    def test_what_the_request_names_counts_before_the_form(self):
        content_type, body, _recipients, _sender = PROVIDERS["mailgun"]
        posted = read_posted(content_type, body, recipients=["<a@example.com>, b@example.com"])
        self.assertEqual(posted.recipients, ("a@example.com", "b@example.com"))
        self.assertEqual(posted.sender, "jane@customer.test")
        self.assertEqual(read_posted(content_type, body, sender="<>").sender, "")

    def test_null_sender_is_not_an_unknown_one(self):
        for text, expected in (("", ""), ("<>", ""), (None, None), (" <a@b.test> ", "a@b.test")):
            with self.subTest(text=text):
                self.assertEqual(read_posted("", RAW, sender=text).sender, expected)

    def test_sender_with_blanks_in_quotes(self):
        for sender in ('"jane roe"@customer.test', '"a\\"b c"@customer.test'):
            with self.subTest(sender=sender):
                posted = read_posted("", RAW, sender=f"<{sender}>")
                self.assertEqual(posted.sender, sender)
                stored = with_return_path(RAW, posted.sender)
                self.assertTrue(stored.startswith(b"Return-Path: <%s>\r\n" % sender.encode()))
        for odd in ('"a b@c.test', '"a" b@c.test', '"a b"', '"a>b"@c.test', '"a b"@c test'):
            with self.subTest(odd=odd):
                self.assert_no_mail("bad_envelope", "", RAW, sender=odd)

    def test_bad_envelopes(self):
        """A line end would become a field of the message's header."""
        for told in (
            {"sender": "a@b.test>\r\nTo: <x@y.test"},
            {"sender": "a b@c.test"},
            {"sender": "a\0@b.test"},
            {"sender": "x" * 2000},
            {"recipients": ["a@b.test\r\nX: y"]},
            {"recipients": ["\0@b.test"]},
            {"recipients": ["x" * 2000 + "@b.test"]},
            {"recipients": [f"a{n}@b.test" for n in range(1001)]},
        ):
            with self.subTest(told=str(told)[:60]):
                self.assert_no_mail("bad_envelope", "", RAW, **told)
        for envelope in (b'{"to": 5}', b'{"to": [5]}', b'{"from": "a"}'):
            with self.subTest(envelope=envelope):
                body = multipart((b"email", RAW), (b"envelope", envelope))
                self.assert_no_mail("bad_envelope", FORM, body)

    def test_return_path(self):
        self.assertEqual(
            with_return_path(RAW, "jane@customer.test"),
            b"Return-Path: <jane@customer.test>\r\n" + RAW,
        )
        self.assertEqual(with_return_path(b"A: b\n\nc", ""), b"Return-Path: <>\nA: b\n\nc")
        self.assertEqual(with_return_path(RAW, None), RAW)
        own = b"return-path : <jane@customer.test> \r\n" + RAW
        self.assertEqual(with_return_path(own, "jane@customer.test"), own)
        # What the sender wrote there does not count as the envelope.
        forged = b"Return-Path: <boss@example.com>\r\n" + RAW
        self.assertEqual(
            with_return_path(forged, ""),
            b"Return-Path: <>\r\n" + forged,
        )

    def test_first_line_that_would_go_on_with_the_return_path(self):
        for blank in (b" ", b"\t"):
            raw = blank + b"<victim@customer.test>\nSubject: x\n\nHi"
            self.assertEqual(
                with_return_path(raw, ""),
                b"Return-Path: <>\nX-Unnamed-Field:" + raw,
            )

    # --- Properties ---------------------------------------------------------------------

    @given(
        raw=st.binary(min_size=1).filter(bytes.strip),
        name=st.sampled_from(
            [b"body-mime", b"email", b"message"],
        ),
    )
    def test_forms_keep_every_byte(self, raw, name):
        # A delimiter is chosen so that it does not occur; mbox lines are removed on purpose.
        boundary = b"limit" * 5
        raw = raw.replace(boundary, b"").replace(b"From ", b"") or b"x"
        if not raw.strip():
            return
        form = f"multipart/form-data; boundary={boundary.decode()}"
        body = multipart((b"before", b"x"), (name, raw), boundary=boundary)
        self.assertEqual(read_posted(form, body).raw, raw)
        self.assertEqual(read_posted(URLENCODED, urlencoded((name, raw))).raw, raw)

    @given(
        body=st.binary(),
        content_type=st.sampled_from(
            ["", FORM, URLENCODED, "application/json", 'multipart/form-data; boundary="a b"'],
        )
        | st.text(),
    )
    def test_nothing_else_is_raised(self, body, content_type):
        for text in (body, multipart((b"message", body), (b"envelope", body), (b"email", body))):
            try:
                posted = read_posted(content_type, text)
            except NoMail:
                continue
            self.assertTrue(posted.raw.strip())

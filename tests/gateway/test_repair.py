from email import message_from_bytes
from email.policy import SMTP

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mime import ODD_HEADER
from odoo.addons.mail_postmaster.gateway.repair import repair

from . import strict_writer
from .hostile_mails import CASES, FROM_TO, MULTIPART
from .report_case import SAMPLES


def repaired(raw):
    """Return ``(message, codes of the repairs)``."""
    message = message_from_bytes(raw, policy=SMTP)
    return message, [done.code for done in repair(message)]


class TestRepair(BaseCase):
    def assertText(self, raw, text, *codes):
        message, done = repaired(raw)
        self.assertEqual(done, list(codes))
        part = next(part for part in message.walk() if part.get_content_maintype() == "text")
        self.assertEqual(part.get_content().strip(), text)

    def test_what_is_right_stays(self):
        for path in sorted(SAMPLES.parent.rglob("*.eml")):
            with self.subTest(path.name):
                raw = path.read_bytes()
                message, done = repaired(raw)
                if not done:
                    same = message_from_bytes(raw, policy=SMTP)
                    self.assertEqual(message.as_string(), same.as_string())
        for raw in (
            FROM_TO + b"\r\nplain",
            FROM_TO + b'Content-Type: text/plain; charset="utf-8"\r\n\r\n' + "Café".encode(),
            FROM_TO + b"Content-Type: text/plain; charset=koi8-r\r\n\r\n\xc1\xc2",
            FROM_TO + b"Subject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nx",
        ):
            with self.subTest(raw[-20:]):
                self.assertEqual(repaired(raw)[1], [])

    def test_charset_that_is_none(self):
        typed = FROM_TO + b"Content-Type: text/plain; charset="
        for charset in (b"x-odd", b"zlib", b"punycode", b'""', b"\xff", b"x" * 500):
            for text in ("Café".encode(), "Café".encode("latin-1"), b"Caf=C3=A9"):
                is_encoded = b"=" in text
                encoding = b"quoted-printable" if is_encoded else b"8bit"
                with self.subTest(charset=charset[:10], text=text):
                    message, done = repaired(
                        typed
                        + charset
                        + b"\r\nContent-Transfer-Encoding: "
                        + encoding
                        + b"\r\n\r\n"
                        + text
                    )
                    self.assertIn("charset", done)
                    self.assertEqual(message.get_content().strip(), "Café")

    def test_charset_that_lies(self):
        for charset, text in (
            (b"utf-8", "Café".encode("latin-1")),
            (b"us-ascii", "Café".encode()),
            (b"ascii", "Café".encode("cp1252")),
        ):
            with self.subTest(charset):
                self.assertText(
                    FROM_TO + b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n" + text,
                    "Café",
                    "charset",
                )
        self.assertText(FROM_TO + b"\r\n" + "Café".encode(), "Café", "charset")

    def test_attachment_keeps_its_bytes(self):
        content = "Prénom;Café".encode("latin-1") + b"\x81\xff"
        for charset in (b"utf-8", b"x-odd"):
            message, done = repaired(
                MULTIPART
                + b"--b\r\nContent-Type: text/csv; name=a.csv; charset="
                + charset
                + b"\r\n\r\n"
                + content
                + b"\r\n--b--\r\n"
            )
            part = message.get_payload()[0]
            self.assertEqual(done, ["charset"])
            self.assertEqual(part.get_content().encode(part.get_content_charset()), content)
            self.assertEqual(part.get_filename(), "a.csv")

    def test_attachment_as_in_core(self):
        raw = MULTIPART + (
            b"--b\r\nContent-Type: text/csv; name=a.csv; charset=utf-8\r\n\r\nCaf\xe9\r\n--b--"
        )
        message = message_from_bytes(raw, policy=SMTP)
        self.assertEqual(repair(message, exact=False), [])
        message = message_from_bytes(raw.replace(b"utf-8", b"x-odd"), policy=SMTP)
        self.assertEqual([done.code for done in repair(message, exact=False)], ["charset"])

    def test_attached_mail_keeps_its_bytes(self):
        attached = (
            b"From: Andr\xe9 <andre@example.org>\r\nSubject: a\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n\r\nCaf\xe9"
        )
        message, done = repaired(
            MULTIPART + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + attached + b"\r\n--b--"
        )
        self.assertEqual(done, [])
        self.assertEqual(message.get_payload()[0].get_content().as_bytes(), attached)

    def test_letters_without_charset_in_fields(self):
        for text in ("Jörg Müller".encode(), "Jörg Müller".encode("latin-1")):
            message, done = repaired(
                b"From: "
                + text
                + b" <joerg@example.com>\r\nSubject: "
                + text
                + b"\r\nTo: sales@example.com\r\n\r\nx"
            )
            self.assertEqual(done, ["octets", "octets"])
            self.assertEqual(message["From"], "Jörg Müller <joerg@example.com>")
            self.assertEqual(message["Subject"], "Jörg Müller")
            self.assertEqual(message.keys(), ["From", "Subject", "To"])
        message, done = repaired(
            MULTIPART + b'--b\r\nContent-Disposition: attachment; filename="Caf\xe9.pdf"\r\n\r\nx'
        )
        self.assertEqual(message.get_payload()[0].get_filename(), "Café.pdf")

    def test_nul(self):
        for subject in (b"Hello\0World", b"=?utf-8?q?Hello=00World?="):
            message, done = repaired(b"Subject: " + subject + b"\r\n" + FROM_TO + b"\r\nx")
            self.assertEqual((done, message["Subject"]), (["nul"], "HelloWorld"))
        for header in (
            b'Content-Type: application/pdf; name="a\0b.pdf"',
            b'Content-Disposition: attachment; filename="a\0b.pdf"',
            b"Content-Disposition: attachment; filename*=utf-8''a%00b.pdf",
        ):
            message, done = repaired(MULTIPART + b"--b\r\n" + header + b"\r\n\r\nx")
            self.assertEqual((done, message.get_payload()[0].get_filename()), (["nul"], "ab.pdf"))

    def test_fields_that_stop_the_reader(self):
        raw = b"Message-ID: <[.@\r\nFrom: ann@example.com\r\nTo: a:;, sales@example.com\r\n\r\nx"
        message, done = repaired(raw)
        try:
            message_from_bytes(raw, policy=SMTP).items()
        except ODD_HEADER:
            self.assertIn("field", done)
        else:
            # Newer Pythons read both.
            self.assertEqual(done, [])
        self.assertEqual(message["From"], "ann@example.com")
        for name in message.keys():
            self.assertIsInstance(str(message[name]), str)

    def test_multipart_that_nothing_divides(self):
        body = b"--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
        for content_type in (b"multipart/mixed", b"multipart/mixed; boundary=y"):
            with self.subTest(content_type):
                start = FROM_TO + b"Content-Type: " + content_type + b"\r\n\r\n"
                self.assertText(start + body, "hello", "boundary")
                self.assertText(start + b"hello\r\n-- \r\nAnn", "hello\r\n-- \r\nAnn", "boundary")

    def test_types_that_the_reader_does_not_know(self):
        message, done = repaired(
            MULTIPART + b"--b\r\nContent-Type: font/ttf; name=a.ttf\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n"
        )
        part = message.get_payload()[0]
        self.assertEqual(
            (done, part.get_filename(), part.get_content()), (["type"], "a.ttf", b"\0\1\2")
        )
        for content_type in (b"[/plain", b"txt/plain", b"x/y; charset=latin-1"):
            self.assertText(
                FROM_TO + b"Content-Type: " + content_type + b"\r\n\r\nhello", "hello", "type"
            )

    def test_8_bit_in_a_multipart_that_nothing_divides(self):
        self.assertText(
            FROM_TO + b"Content-Type: multipart/mixed\r\n\r\nCaf\xe9", "Café", "boundary", "charset"
        )

    def test_report_without_parts_is_cores(self):
        message, done = repaired(FROM_TO + b"Content-Type: multipart/report\r\n\r\n")
        self.assertEqual((done, message.get_content_type()), ([], "multipart/report"))

    def test_no_from(self):
        message, done = repaired(b"Return-Path: <ann@example.com>\r\n\r\nx")
        self.assertEqual((done, message["From"]), (["sender"], "ann@example.com"))
        message, done = repaired(b"Return-Path: <>\r\n\r\nx")
        self.assertEqual((done, message["From"]), ([], None))

    def test_repaired_once(self):
        raw = b"From: Andr\xe9 <a@example.com>\r\nSubject: \0\r\n\r\nCaf\xe9"
        message, done = repaired(raw)
        self.assertEqual(len(done), 3)
        self.assertEqual(repair(message), [])

    def test_no_hostile_mail_within_the_limits_stops_it(self):
        for name in ("boundaries", "no boundaries"):
            with self.subTest(name):
                make, number, _limit = CASES[name]
                repaired(make(number // 100))

    def test_encodings_that_are_meant(self):
        typed = FROM_TO + b"Content-Type: text/plain; charset=utf-8\r\n"
        field = b"Content-Transfer-Encoding: "
        for encoding in (b"base64 (as ever)", b"base64;", b'"base64"', b" BASE64 x"):
            with self.subTest(encoding):
                self.assertText(typed + field + encoding + b"\r\n\r\nQ2Fmw6k=", "Café", "encoding")
        # 17 letters: the last one is not a byte.
        self.assertText(
            typed + field + b"base64\r\n\r\nR29vZCBtb3JuaW5nA", "Good morning", "encoding"
        )
        for encoding in (b"base64", b"BASE64", b"x-odd", b"", b"7bit"):
            with self.subTest(encoding):
                raw = typed + field + encoding + b"\r\n\r\nQ2Fmw6k=\r\n"
                self.assertEqual(repaired(raw)[1], [])

    def test_attachment_with_a_letter_too_many(self):
        message, done = repaired(
            MULTIPART + b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nUERGA\r\n--b--\r\n"
        )
        self.assertEqual(done, ["encoding"])
        self.assertEqual(message.get_payload()[0].get_content(), b"PDF")

    def test_larger_charset_that_is_meant(self):
        for charset, text, octets in (
            (b"gb2312", "镕", "镕".encode("gbk")),
            (b"iso-8859-1", "“x”", b"\x93x\x94"),
            (b"shift_jis", "①", "①".encode("cp932")),
            (b"euc-kr", "똠", "똠".encode("cp949")),
        ):
            with self.subTest(charset):
                typed = FROM_TO + b"Content-Type: text/plain; charset=" + charset
                self.assertText(typed + b"\r\n\r\n" + octets, text, "charset")

    def test_address_with_a_bracket_too_many(self):
        message, done = repaired(b"From: Ann <<ann@example.com>>\r\n\r\nx")
        self.assertEqual((message["From"], done), ("ann@example.com", ["sender"]))
        message, done = repaired(b"From: Ann\r\nSender: bob@example.com\r\n\r\nx")
        self.assertEqual((message["From"], done), ("Ann", []))

    def test_sender_with_a_line_end(self):
        message, done = repaired(b"Sender: ann@\rexample.com\r\n\r\nx")
        self.assertNotIn("\r", str(message["From"] or ""))

    def test_line_ends_within_fields(self):
        message, done = repaired(FROM_TO + b"Subject: =?utf-8?q?A=0D=0ABcc=3A_x=40y?=\r\n\r\nx")
        self.assertEqual((message["Subject"], done), ("A Bcc: x@y", ["line"]))
        for octet in (b"\x0b", b"\x0c", b"\x1e"):
            for kind in (b"", b"message/rfc822\r\n\r\nContent-Type: "):
                with self.subTest(octet=octet, kind=kind):
                    message, done = repaired(
                        MULTIPART
                        + b"--b\r\nContent-Type: "
                        + kind
                        + b"text/plain; a=b"
                        + octet
                        + b"c\r\n\r\nhello\r\n--b--\r\n"
                    )
                    part = list(message.walk())[-1]
                    part.set_charset("utf-8")
                    self.assertEqual(part.get_content().strip(), "hello")

    def test_dates_without_number(self):
        date = b"Fri, 20 Nov 99999999999999999999 10:00:00 +0000"
        message, done = repaired(FROM_TO + b"Date: " + date + b"\r\n\r\nx")
        self.assertEqual((message["Date"], done), (None, ["field"]))

    def test_attached_mails_are_written_as_they_were_sent(self):
        fields = (
            b"Subject: " + b"long " * 50 + b"\r\nTo: J\xf6rg <joerg@example.com>\r\n"
            b"References: <a@example.com>\r\n <b@example.com>\r\n"
        )
        for content in (
            fields + b"\r\nhello\r\n",
            fields + b"Content-Type: text/plain; charset=latin-1\r\n\r\nCaf\xe9\r\n",
        ):
            message, done = repaired(
                MULTIPART + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + content + b"--b--\r\n"
            )
            attached = message.get_payload()[0].get_content()
            self.assertEqual(attached.as_bytes().rstrip(), content.rstrip())

    def test_attached_mail_with_characters_that_end_a_line_elsewhere(self):
        """Newer Pythons raise when they write a field that would be read as two."""
        for patched in strict_writer.patches():
            self.startPatcher(patched)
        for character in (
            b"\v",
            b"\f",
            b"\x1c",
            b"\x1d",
            b"\x1e",
            b"\xc2\x85",
            b"\x85",
            b"\0",
            "\u2028".encode(),
            b"\v\r\n\t",
            b"\f\f",
            b" \f",
        ):
            for name in (b"Subject", b"Received", b"To", b"X-Odd", b"Content-Disposition"):
                attached = (
                    name + b": a@example.com" + character + b"Bcc: b@example.com\r\n"
                    b"X-Next: next\r\n\r\nhello\r\n"
                )
                for level in (1, 2):
                    with self.subTest(character=character, name=name, level=level):
                        message, _done = repaired(
                            MULTIPART
                            + b"--b\r\n"
                            + b"Content-Type: message/rfc822\r\n\r\n" * level
                            + attached
                            + b"--b--\r\n"
                        )
                        written = message.get_payload()[0].get_content().as_bytes()
                        self.assertIn(attached.rstrip(), written)

    def test_attached_multipart_that_nothing_divides(self):
        message, done = repaired(
            MULTIPART + b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
            b"Content-Type: multipart/mixed; boundary=c\r\n\r\nCaf\xe9\r\n--b--\r\n"
        )
        self.assertEqual(done, ["type"])
        self.assertIn(b"Caf\xe9", message.get_payload()[0].get_content().as_bytes())

    def test_charset_that_begins_like_one(self):
        """Python drops control characters from a name, and has an alias for the rest."""
        for content in ("", "Good morning"):
            raw = b"Content-Type: text/html; charset=utf" + b"\x13" * 60 + b"h.png\n\n"
            message = message_from_bytes(raw + content.encode(), policy=SMTP)
            self.assertEqual([one.code for one in repair(message)], ["charset"])
            self.assertEqual(message.get_content().strip(), content)

    def test_type_that_is_none_stays_a_text_with_its_charset(self):
        message = message_from_bytes(
            b"Content-Type: message/d\x1f7]a Buy =?x?\xff\x1fContent-Type: multipart/x; boundary=b"
            b"\n\nCaf\xc3\xa9\n",
            policy=SMTP,
        )
        repair(message)
        self.assertEqual(message.get_content_type(), "text/plain")
        self.assertEqual(message.get_content(), "Caf\xe9\n")

    def test_address_in_a_bracket_that_does_not_end(self):
        """Python's domain parser uses a variable before it has a value."""
        message = message_from_bytes(
            b"From: jane@example.org\nTo: sales@[\nCc: office@example.com, a@[\n\nHi\n",
            policy=SMTP,
        )
        repairs = repair(message)
        self.assertEqual(
            [(one.code, one.params["name"]) for one in repairs],
            [
                ("field", "To"),
                ("field", "Cc"),
            ],
        )
        self.assertEqual(message["Cc"], "office@example.com")

    def test_mails_attached_to_attached_mails_are_written_as_they_were_sent(self):
        for field in (b"Return-Path: <a@@@D::::>::ATE@@", b"From: Maiv#ieD" + b"\xbe" * 100):
            inner = field + b"\r\nSubject: x\r\n\r\nGood morning\r\n"
            raw = b"Content-Type: message/rfc822\r\n\r\n" * 3 + inner
            message = message_from_bytes(raw, policy=SMTP)
            repair(message)
            *_outer, last = [part for part in message.walk() if part.is_multipart()]
            self.assertEqual(last.get_content().as_bytes(), inner)

    def test_type_that_the_parser_has_not_gone_by(self):
        for written, named, read in (
            (b"text/plain", "message/rfc822", "text/plain"),
            (b"message/rfc822", "text/plain", "multipart/mixed"),
        ):
            with self.subTest(named):
                raw = FROM_TO + b"Content-Type: " + written + b"\r\n\r\nhello"
                message = message_from_bytes(raw, policy=SMTP)
                message.replace_header("Content-Type", named)
                self.assertEqual([done.code for done in repair(message)], ["type"])
                self.assertEqual(message.get_content_type(), read)
                if read == "text/plain":
                    self.assertEqual(message.get_content().strip(), "hello")

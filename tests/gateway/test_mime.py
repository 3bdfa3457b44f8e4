import email
from email.headerregistry import HeaderRegistry
from email.policy import SMTP

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway.mime import decoded, read_fields_once, walk

from .report_case import SAMPLES


def types(raw):
    return [part.content_type for part, is_over in walk(raw) if not is_over]


def types_of_parser(raw):
    """Return the types of Python's parser, which parses the blocks of a report as messages."""
    waiting, found = [email.message_from_bytes(raw, policy=SMTP)], []
    while waiting:
        part = waiting.pop()
        found.append(part.get_content_type())
        if part.is_multipart() and found[-1] != "message/delivery-status":
            waiting.extend(reversed(part.get_payload()))
    return found


class TestWalk(BaseCase):
    def assertSame(self, raw):
        self.assertEqual(types(raw), types_of_parser(raw))

    def test_samples(self):
        for path in sorted(SAMPLES.parent.rglob("*.eml")):
            with self.subTest(path.name):
                self.assertSame(path.read_bytes())

    def test_odd_boundaries(self):
        mixed = b"Content-Type: multipart/mixed; boundary="
        for body in (
            b"--b\n\nx\n--b--\n",
            b"--b\n\nx\n--b\n--b\n\ny",
            b"--b--\n--b\n\nx\n",
            b"--b\r\rx\r--b\r",
            b" --b\n\nx",
            b"--b x\n\nx",
            b"--b \t\n\nx\n--b-- \n--b\n",
            b"x--b\n",
            b"--b",
            b"--b\n" + mixed + b"b\n\n--b\n\nx\n--b--\n",
            b"--b\n--b: x\n\n",
            b"--b\n" + mixed + b"c\n\n--b\n\nx\n--c\n\ny\n",
            b"--b\nno field\n--b\n",
            b"--b\nContent-Type: message/rfc822\n\n" + mixed + b"c\n\n--c\n\nx\n--b\n\ny\n",
        ):
            for boundary in (b"b", b'"b "', b'""', b"b: x", b"'b'", b"b; boundary=c", b"\xff"):
                with self.subTest(body=body, boundary=boundary):
                    self.assertSame(mixed + boundary + b"\n\n" + body)
        self.assertSame(b"Content-Type: multipart/mixed\n\n--b\n\nx")
        self.assertSame(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nTo: a\n\nx\n--b--")

    def test_contents(self):
        raw = b"Content-Type: multipart/mixed; boundary=b\n\nno\n--b\n\none\n--b\n\ntwo\n--b--\nno"
        self.assertEqual(
            [
                raw[part.start : part.end]
                for part, is_over in walk(raw)
                if is_over and not part.is_multipart
            ],
            [b"one\n", b"two\n"],
        )

    def test_decoded(self):
        for content, encoding, expected in (
            (b"aGVsbG8=", "base64", b"hello"),
            (b"aGVs!\nbG8", "base64", b"hello"),
            (b"a=3Cb", "quoted-printable", b"a<b"),
            (b"a=3Cb", "8bit", b"a=3Cb"),
            (b"a", "", b"a"),
            (b"A", "base64", b""),
        ):
            with self.subTest(content=content, encoding=encoding):
                self.assertEqual(decoded(content, encoding), expected)


class TestReadFieldsOnce(BaseCase):
    @staticmethod
    def answers(message):
        """Return the fields of a message and of its parts, as texts."""
        return [
            (str(part[name]), part.get_all(name), part.get_content_type(), part.get_filename())
            for part in message.walk()
            for name in part
        ]

    def test_samples_say_the_same(self):
        for path in sorted(SAMPLES.parent.rglob("*.eml")):
            with self.subTest(path.name):
                raw = path.read_bytes()
                message = email.message_from_bytes(raw, policy=SMTP)
                expected = self.answers(email.message_from_bytes(raw, policy=SMTP))
                read_fields_once(message)
                self.assertEqual(self.answers(message), expected)
                self.assertEqual(self.answers(message), expected)
                self.assertEqual(
                    message.as_bytes(),
                    email.message_from_bytes(raw, policy=SMTP).as_bytes(),
                )

    def test_read_once(self):
        read = []

        class Registry(HeaderRegistry):
            def __call__(self, name, value):
                read.append(name)
                return super().__call__(name, value)

        message = email.message_from_bytes(
            b"Subject: one\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
            policy=SMTP.clone(header_factory=Registry()),
        )
        read_fields_once(message)
        read.clear()
        for _time in range(3):
            self.assertEqual(message["Subject"], "one")
            self.assertEqual(message.get_content_type(), "multipart/mixed")
        self.assertEqual(read, ["Subject", "Content-Type"])
        del message["Subject"]
        message["Subject"] = "two"
        self.assertEqual(message["subject"], "two")

    def test_field_that_can_not_be_read_raises_each_time(self):
        def fails(name, value):
            raise ValueError(name)

        message = email.message_from_bytes(b"A: b\n\n", policy=SMTP.clone(header_factory=fails))
        read_fields_once(message)
        for _time in range(2):
            with self.assertRaises(ValueError):
                message["A"]

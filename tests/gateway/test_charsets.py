import encodings
import pkgutil
from email import message as email_message
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.mail_postmaster.gateway import charsets
from odoo.addons.mail_postmaster.gateway.charsets import decode
from odoo.addons.mail_postmaster.gateway.preview import (
    LONGEST_CONTENT,
    LONGEST_FIELD,
    LONGEST_MAIL,
    preview,
)

WORDS = {"empty": "NO TEXT", "cut": "NOT ALL"}
# Not charsets, or slow: all other codecs of Python are accepted.
LEFT_OUT = {
    "base64",
    "bz2",
    "charmap",
    "hex",
    "idna",
    "punycode",
    "quopri",
    "raw-unicode-escape",
    "rot-13",
    "undefined",
    "unicode-escape",
    "uu",
    "zlib",
}


class TestCharsets(BaseCase):
    def test_every_codec_of_python(self):
        refused = set()
        for module in pkgutil.iter_modules(encodings.__path__):
            try:
                name = charsets.codecs.lookup(module.name).name
            except LookupError:
                continue
            try:
                charsets._known(name)
            except LookupError:
                refused.add(name)
        self.assertEqual(refused - {"mbcs", "oem"}, LEFT_OUT)

    def test_decode(self):
        for content, charset, text in (
            (b"caf\xe9", "latin-1", "café"),
            (b"caf\xc3\xa9", "UTF8", "café"),
            (b"\x80", "windows-1252", "€"),
            (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
            (b"a\xe9", "utf-8", "aé"),
            (b"a\xe9", "x-nobody", "aé"),
            (b"a\xe9", "", "aé"),
            (b"a\xe9", "a\0b", "aé"),
            (b"a\xe9", "é", "aé"),
            (b"a\xe9", "x" * 10_000, "aé"),
            (b"-9ua", "punycode", "-9ua"),
            (b"\\x41", "unicode_escape", "\\x41"),
            (b"QQ==", "base64_codec", "QQ=="),
            (b"x\x9c", "zlib", "x\x9c"),
        ):
            with self.subTest(content=content, charset=charset[:20]):
                self.assertEqual(decode(content, charset, 100), text)

    def test_cut_inside_a_character(self):
        self.assertEqual(decode("ééé".encode(), "utf-8", 3), "é")
        self.assertEqual(decode("€€".encode("utf-16-le"), "utf-16-le", 3), "€")
        # The message itself ends inside a character: then it is not in that charset.
        self.assertEqual(decode(b"\xc3\xa9\xc3", "utf-8", 3), "Ã©Ã")

    def test_bytes_that_are_read_are_bounded(self):
        read = []

        def count(name):
            decoder = original(name)

            class Counting(decoder):
                def decode(self, data, final=False):
                    read.append((name, len(data)))
                    return super().decode(data, final)

            return Counting

        original = charsets.codecs.getincrementaldecoder
        parts = b"".join(
            b"--x\nContent-Type: text/plain; charset=%s\n\n%s\n"
            % (charset, b"a" * (2 * LONGEST_CONTENT))
            for charset in (b"punycode", b"idna", b"utf-8")
        )
        raws = (
            b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * 600_000,
            b"Content-Type: text/plain; charset*=punycode''" + b"a" * 600_000 + b"\n\ntext",
            b"Content-Disposition: attachment; filename*=punycode''" + b"a" * 600_000 + b"\n\nx",
            b"Content-Type: multipart/mixed; boundary=x\n\n" + parts + b"--x--\n",
        )
        with patch.object(charsets.codecs, "getincrementaldecoder", count):
            for raw in raws:
                self.assertIn("</body>", preview(raw, WORDS))
        self.assertFalse({name for name, _size in read} & LEFT_OUT)
        self.assertLessEqual(max(size for _name, size in read), LONGEST_CONTENT)
        self.assertLessEqual(sum(size for _name, size in read), LONGEST_MAIL)

    def test_header_fields_that_are_read_are_bounded(self):
        """The standard library takes quadratic time for a field."""
        sizes = []
        original = email_message._parseparam

        def measure(text):
            sizes.append(len(str(text)))
            return original(text)

        raw = b"Content-Type: multipart/mixed" + b";" * 600_000 + b"; boundary=x\n\n--x\n\ny\n"
        with patch.object(email_message, "_parseparam", measure):
            self.assertIn("</body>", preview(raw, WORDS))
        self.assertTrue(sizes)
        self.assertLessEqual(max(sizes), LONGEST_FIELD + 1)
